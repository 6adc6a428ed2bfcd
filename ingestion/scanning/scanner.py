"""Files of lines to columns: blocks are scanned side by side and come out in the order of the file."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingestion.scanning import layout as L
from ingestion.scanning.blocks import BLOCK_BYTES, lines_between
from ingestion.scanning.memory import Memory, Parts
from ingestion.scanning.plan import Field

THREADS = min(2, os.cpu_count() or 1)
_AHEAD = THREADS + 1  # blocks scanned ahead of who asks for them
_SHORTEST_LINE = 8  # bytes of a line, on average
_MANY_SHORT = 64 << 10  # bytes; of less, any lines will do
_WIDTHS = {L.SKIP: 0, L.TEXT: 16, **dict.fromkeys((L.REAL, L.INTEGER, L.BOOLEAN, L.INSTANT, L.DATE), 8)}


class LinesTooShort(Exception):
    """Columns for so many lines would need many times the memory that the text does."""


class AmbiguousLines(Exception):
    """Where the records of this file end is not told by its lines."""


@dataclass(frozen=True)
class Piece:
    """The rows of a block. `lines`: of each row (int64), less than 0 (-1 - line) where the line must be read again.

    `columns` are those of the fields, in order: string views (uint64[rows, 2]) of places in `text`, or int64 or float64
    with layout's missing values. All of it lies in memory that is used again as soon as the piece is gone.
    """

    lines: NDArray[np.int64]
    columns: Sequence[NDArray]
    text: NDArray[np.uint8]


class Scanner(ABC):
    """Scans files of these fields."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = fields

    @abstractmethod
    def _read(self, start: int, stop: int, table: NDArray[np.int64], lines: NDArray[np.int64]) -> tuple[int, int, int]:
        """Scan the lines between two addresses into the table's columns: rows, lines read, how it ended (layout)."""

    def pieces(self, file: Path, start: int, line: int, block_bytes: int = BLOCK_BYTES) -> Iterator[Piece]:
        """The rows of the file's lines from the byte `start` on, where line number `line` begins.

        Raises AmbiguousLines, LinesTooShort, and LineHasNoEnd.
        """
        memory = Memory()
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            edges = [start, *range((start // block_bytes + 1) * block_bytes, size, block_bytes), size]
            with ThreadPoolExecutor(THREADS, thread_name_prefix="scan") as pool:
                waiting: deque[Future[tuple[Piece, int]]] = deque()
                todo = deque(pairwise(edges))
                while todo or waiting:
                    while todo and len(waiting) < _AHEAD:
                        waiting.append(pool.submit(self._scan, descriptor, *todo.popleft(), size, memory))
                    piece, count = waiting.popleft().result()
                    piece.lines[:] = np.where(piece.lines < 0, piece.lines - line, piece.lines + line)
                    yield piece
                    line += count
        finally:
            os.close(descriptor)

    def _scan(self, descriptor: int, begin: int, end: int, size: int, memory: Memory) -> tuple[Piece, int]:
        from ingestion.scanning.kernel import count_line_ends  # numba takes a second to import

        text = lines_between(descriptor, begin, end, size, memory)
        most = int(count_line_ends(text))
        if most * _SHORTEST_LINE > max(text.size, _MANY_SHORT):
            raise LinesTooShort
        sizes = [_WIDTHS[field.kind] * most for field in self._fields]
        parts = Parts(memory.take(Parts.size(8 * most, *sizes)))
        lines = parts.next(8 * most).view(np.int64)
        columns = [_missing(field.kind, parts.next(part)) for field, part in zip(self._fields, sizes, strict=True)]
        table = np.array(
            [(f.kind, f.zone, f.limit, address(c)) for f, c in zip(self._fields, columns, strict=True)], np.int64
        )
        base = address(text)
        stop = base + text.size - L.SPARE
        rows, count, how = self._read(base, stop, table, lines)
        if how != L.DONE:
            raise AmbiguousLines
        return Piece(lines[:rows], [column[:rows] for column in columns], text), count


class CsvScanner(Scanner):
    """Fields by their place in a line."""

    def __init__(self, fields: Sequence[Field], delimiter: str) -> None:
        super().__init__(fields)
        self._delimiter = ord(delimiter)

    def _read(self, start: int, stop: int, table: NDArray[np.int64], lines: NDArray[np.int64]) -> tuple[int, int, int]:
        from ingestion.scanning.kernel import scan_records

        place, into = address(table), address(lines)
        found = scan_records(start, start, stop, self._delimiter, len(self._fields), place, into)
        return tuple(found)


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

    def _read(self, start: int, stop: int, table: NDArray[np.int64], lines: NDArray[np.int64]) -> tuple[int, int, int]:
        from ingestion.scanning.kernel import scan_objects

        place, into = address(table), address(lines)
        found = scan_objects(start, start, stop, len(self._fields), place, address(self._names), into)
        return tuple(found)


def address(array: NDArray) -> int:
    """Where an array's values lie, for the compiled functions."""
    return int(array.ctypes.data)


def _missing(kind: int, memory: NDArray[np.uint8]) -> NDArray:
    """A column of missing values, in this memory."""
    if kind == L.TEXT:
        memory[:] = 0
        return memory.view(np.uint64).reshape(-1, 2)
    column = memory.view(np.float64 if kind == L.REAL else np.int64)
    column[:] = L.NO_REAL if kind == L.REAL else L.NO_INTEGER
    return column
