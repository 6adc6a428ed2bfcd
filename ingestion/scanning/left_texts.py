"""Columns of texts that are left in the file until somebody asks for them: to keep them in memory is dearer than a second look.

What a scan notes of such a text is where it begins within its line, and its size.
"""

from __future__ import annotations

import io
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.scanning import layout as L
from ingestion.scanning.blocks import Block, LinePlaces
from ingestion.scanning.memory import Reused, address
from ingestion.scanning.texts import PlainTexts
from ingestion.scanning.word_table import WordTable

_ROOM = 1 << 18  # bytes of the file that are looked at together: what a core has at hand


class FileChanged(Exception):
    """Somebody wrote to the file after it was scanned."""


@dataclass(frozen=True)
class LeftTexts:
    """One column. The first rows of a block, as many as its thread had words for, have codes (int32), the others spans.

    spans: 0 for no text and where there are codes. hashes: 32 bits of that of each row's text, where they are wanted. index: the column's in
    Block.coded. tables: by thread.
    """

    codes: NDArray[np.int32]
    spans: NDArray[np.uint32]
    hashes: NDArray[np.uint32] | None
    index: int
    tables: Sequence[WordTable]
    blocks: Sequence[Block]

    def empty(self) -> NDArray[np.bool_]:
        """Which rows have no text."""
        found = self.spans == 0
        for block in self.blocks:
            coded = slice(block.first, block.first + block.coded[self.index])
            found[coded] = self.codes[coded] == 0
        return found

    def point(self, entries: NDArray[np.int64], block: Block) -> None:
        """Let a column's entries in the table of fetching_kernel tell of the rows of a block."""
        entries[L.LEFT_BEFORE] = block.first + block.coded[self.index]
        entries[L.LEFT_CODES], entries[L.LEFT_SPANS] = address(self.codes), address(self.spans)
        if self.tables:
            _, entries[L.LEFT_WORDS], entries[L.LEFT_WORD_HEAP] = self.tables[block.thread].addresses()


def left(
    codes: NDArray[np.int32], spans: NDArray[np.uint32], hashes: NDArray[np.uint32] | None, blocks: Sequence[Block],
    index: int, tables: Sequence[WordTable],
) -> LeftTexts:  # fmt: skip
    """The column number `index` of texts, as threads took its blocks."""
    for block in blocks:
        spans[block.first : block.first + block.coded[index]] = 0
    return LeftTexts(codes, spans, hashes, index, tables, blocks)


class TextFile:
    """The file behind such columns, as it was when it was scanned. Takes an open descriptor over."""

    def __init__(self, descriptor: int, places: LinePlaces) -> None:
        self._file = io.FileIO(descriptor)
        self._status = self._now()
        self._places = places
        self._firsts = [block.first for block in places.blocks]
        self._memory = Reused()

    def fetched(
        self, columns: Mapping[str, LeftTexts], rows: NDArray[np.int32], number: int = 0
    ) -> dict[str, PlainTexts]:
        """The texts of some rows, in ascending order, as views of one heap a column, by this number.

        Raises FileChanged, OSError.
        """
        from ingestion.scanning.kernel import fetch, measure

        table = np.zeros((len(columns), L.LEFT_ENTRIES), np.int64)
        edges = [0, *np.searchsorted(rows, self._firsts[1:]).tolist(), len(rows)]
        pieces = [(*piece, block) for piece, block in zip(pairwise(edges), self._places.blocks, strict=True)]
        pieces = [(first, last, block) for first, last, block in pieces if last > first]
        at, lines, tables = address(rows), address(self._places.in_block), address(table)
        for first, last, block in pieces:
            self._point(columns.values(), table, block)
            measure(at + 4 * first, last - first, tables, len(columns))
        found = {}
        for entries, name in zip(table, columns, strict=True):
            heap = self._memory.take(int(entries[L.LEFT_USED]) + L.SPARE)
            views = self._memory.take(16 * len(rows))[: 16 * len(rows)].view(np.uint64).reshape(-1, 2)
            found[name] = PlainTexts(views, [pa.py_buffer(heap)])
            entries[L.LEFT_VIEWS], entries[L.LEFT_HEAP] = address(views), address(heap)
            entries[L.LEFT_NUMBER], entries[L.LEFT_USED] = number, 0
        buffer = self._memory.take(_ROOM + L.SPARE)
        for first, last, block in pieces:
            self._point(columns.values(), table, block)
            done = fetch(
                self._file.fileno(), at + 4 * first, last - first, block.begins, lines, tables, len(columns),
                address(buffer), _ROOM,
            )  # fmt: skip
            if done < last - first:
                raise FileChanged
        return found

    def check(self) -> None:
        """Raises FileChanged where what was fetched may not be what was scanned."""
        if self._now() != self._status:
            raise FileChanged

    def _point(self, columns: Collection[LeftTexts], table: NDArray[np.int64], block: Block) -> None:
        for entries, column in zip(table, columns, strict=True):
            column.point(entries, block)

    def _now(self) -> tuple[int, int]:
        status = os.fstat(self._file.fileno())
        return status.st_size, status.st_mtime_ns
