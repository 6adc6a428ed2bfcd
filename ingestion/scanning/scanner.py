"""Files of lines to columns: blocks are scanned side by side, each into the rows that are its own."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path
from threading import Event, Lock

import numpy as np
from numpy.typing import NDArray

from ingestion.scanning import layout as L
from ingestion.scanning.blocks import BLOCK_BYTES, Block, LinePlaces
from ingestion.scanning.columns import ScannedColumns, missing_value
from ingestion.scanning.growing import GrowingColumns, Stopped
from ingestion.scanning.left_texts import LeftTexts, TextFile, left
from ingestion.scanning.memory import address
from ingestion.scanning.plan import Field
from ingestion.scanning.taking import (
    LINES,
    PLACES,
    BlockTaker,
    bytes_a_row,
    codes_of,
    hashes_of,
    kinds_of,
    numbers_of,
    texts_of,
)
from ingestion.scanning.texts import CodedTexts, PlainTexts, coded, gathered
from ingestion.scanning.word_table import Heaps

THREADS = min(2, os.cpu_count() or 1)
MOST_BYTES = 3 << 29  # of columns, without the longer texts, which are no more than the file is


class Scanner(ABC):
    """Scans files of these fields."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = fields
        self._stopped = Event()

    def stop(self) -> None:
        """Have a scan raise Stopped at its next block."""
        self._stopped.set()

    @abstractmethod
    def _read(self, start: int, stop: int, tables: tuple[int, ...]) -> tuple[int, int]:
        """Scan the lines between two addresses into the columns of some tables: rows, how it ended (layout)."""

    def scan(self, file: Path, start: int, line: int, block_bytes: int = BLOCK_BYTES) -> ScannedColumns:
        """The rows of the file's lines from the byte `start` on, where line number `line` begins.

        Of a field that is only looked at (`is_kept`) there is nothing. Raises AmbiguousLines, LinesTooShort, LineHasNoEnd,
        TooManyRows, and Stopped after `stop`.
        """
        kinds = kinds_of(self._fields)
        columns = GrowingColumns(kinds, MOST_BYTES // bytes_a_row(kinds))
        heaps = {
            place: None if f.is_left else Heaps()
            for place, f in enumerate(self._fields)
            if f.kind == L.TEXT and f.is_kept
        }
        takers = [BlockTaker(number, self._fields, columns, heaps, self._read) for number in range(THREADS)]
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            edges = [start, *range((start // block_bytes + 1) * block_bytes, size, block_bytes), size]
            blocks = _Shared(enumerate(pairwise(edges)), self._stopped)
            with ThreadPoolExecutor(THREADS, thread_name_prefix="scan") as pool:
                runs = [pool.submit(taker.run, descriptor, size, line, blocks) for taker in takers]
                failed = [problem for run in runs if (problem := run.exception()) is not None]
                for problem in failed:
                    if len(failed) == 1 or not isinstance(problem, Stopped):
                        raise problem
                taken = sorted((b for run in runs for b in run.result() if b.rows), key=lambda block: block.first)
            return self._finished(columns, _without_gaps(columns, taken), heaps, takers, descriptor)
        finally:
            os.close(descriptor)

    def _finished(
        self, columns: GrowingColumns, blocks: Sequence[Block], heaps: Mapping[int, Heaps | None],
        takers: Sequence[BlockTaker], descriptor: int,
    ) -> ScannedColumns:  # fmt: skip
        rows, held = columns.rows, columns.columns
        told = held[LINES][:rows]
        again = told < 0
        told[again] = -1 - told[again]
        numbers, texts, complete = {}, {}, set()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="texts") as pool:

            def text(index: int, place: int) -> CodedTexts | PlainTexts | LeftTexts:
                tables = [taker.words[place] for taker in takers if place in taker.words]
                codes, others, heap = held[codes_of(place)][:rows], held[texts_of(place)][:rows], heaps[place]
                hashes = held[hashes_of(place)][:rows] if self._fields[place].is_hashed else None
                found = coded(codes, blocks, index, tables)
                if found is not None:
                    return found
                if heap is None:
                    return left(codes, others, hashes, blocks, index, tables)
                return gathered(codes, others, blocks, index, tables, heap)

            waiting = {place: pool.submit(text, index, place) for index, place in enumerate(heaps)}
            for place, run in waiting.items():
                texts[self._fields[place].name] = run.result()
        for place, field in enumerate(self._fields):
            if (values := held.get(numbers_of(place))) is not None:
                numbers[field.name] = _with_missing(
                    values[:rows], field.kind, [b for b in blocks if place in b.without]
                )
                if all(taker.complete[place] for taker in takers):
                    complete.add(field.name)
        places = LinePlaces(held[PLACES][:rows], blocks)
        is_left = any(isinstance(column, LeftTexts) for column in texts.values())
        file = TextFile(os.dup(descriptor), places) if is_left else None
        return ScannedColumns(told, again, numbers, texts, frozenset(complete), places, file)


class CsvScanner(Scanner):
    """Fields by their place in a line."""

    def __init__(self, fields: Sequence[Field], delimiter: str) -> None:
        super().__init__(fields)
        self._delimiter = ord(delimiter)

    def _read(self, start: int, stop: int, tables: tuple[int, ...]) -> tuple[int, int]:
        from ingestion.scanning.kernel import take_records

        return tuple(take_records(start, start, stop, self._delimiter, len(self._fields), *tables))


class ObjectScanner(Scanner):
    """Fields by their names, one JSON object a line. Raises ValueError for more or longer names than it can look at."""

    MOST_FIELDS = 64
    LONGEST_NAME = 64  # bytes

    def __init__(self, fields: Sequence[Field]) -> None:
        super().__init__(fields)
        names = [field.name.encode() for field in fields]
        if len(names) > self.MOST_FIELDS or any(len(name) > self.LONGEST_NAME for name in names):
            raise ValueError("too many or too long names")
        self._text = np.frombuffer(b"".join(name + bytes(8) for name in names), np.uint8)  # looked at in words
        places = np.cumsum([0, *(len(name) + 8 for name in names)])
        self._names = np.array(
            [(address(self._text) + p, len(name)) for p, name in zip(places, names, strict=False)], np.int64
        )

    def _read(self, start: int, stop: int, tables: tuple[int, ...]) -> tuple[int, int]:
        from ingestion.scanning.kernel import take_objects

        return tuple(take_objects(start, start, stop, address(self._names), len(self._fields), *tables))


def _with_missing(values: NDArray, kind: int, blocks: Sequence[Block]) -> NDArray:
    """A column of numbers in which nothing is given in some blocks; where that is so of all, it takes no memory."""
    none = missing_value(kind)
    if sum(block.rows for block in blocks) == len(values):
        return np.broadcast_to(np.array(none, values.dtype), len(values))
    for block in blocks:
        values[block.first : block.first + block.rows] = none
    return values


def _without_gaps(columns: GrowingColumns, blocks: Sequence[Block]) -> Sequence[Block]:
    """The blocks' rows behind each other, where blank lines have left room between them."""
    if sum(block.rows for block in blocks) == columns.rows:
        return blocks
    columns.keep([(block.first, block.rows) for block in blocks])
    firsts = [0, *accumulate(block.rows for block in blocks)]
    return [replace(block, first=first) for block, first in zip(blocks, firsts, strict=False)]


class _Shared:
    """What several threads take from, each thing once, until it is stopped."""

    def __init__(self, things: Iterable, stopped: Event) -> None:
        self._things = iter(things)
        self._lock = Lock()
        self._stopped = stopped

    def __iter__(self) -> _Shared:
        return self

    def __next__(self) -> tuple[int, tuple[int, int]]:
        if self._stopped.is_set():
            raise Stopped
        with self._lock:
            return next(self._things)
