"""Columns of texts that are left in the file until somebody asks for them: to keep them in memory is dearer than a second look.

What a scan notes of such a text is where it begins within its line, and its size.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.scanning import layout as L
from ingestion.scanning.blocks import Block, LinePlaces, fill
from ingestion.scanning.memory import Buffer, address
from ingestion.scanning.texts import PlainTexts
from ingestion.scanning.word_table import WordTable

_WINDOW = 20  # bits: so many bytes of the file are looked at together, which a core has at hand
_HALF = 16  # bits of a span (views_kernel.note_spans)


class FileChanged(Exception):
    """Somebody wrote to the file after it was scanned."""


@dataclass(frozen=True)
class _Window:
    """Rows of one block that lie close together in the file: their places in what is asked for, the block, the first's byte."""

    asked: slice
    block: Block
    begins: int


@dataclass(frozen=True)
class LeftTexts:
    """One column. The first rows of a block, as many as its thread had words for, have codes (int32), the others spans.

    spans: 0 for no text and where there are codes. hashes: of each row's text, where they are wanted. index: the column's in
    Block.coded. tables: by thread.
    """

    codes: NDArray[np.int32]
    spans: NDArray[np.uint32]
    hashes: NDArray[np.uint64] | None
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

    def place_for(self, rows: NDArray[np.int32], windows: Sequence[_Window]) -> PlainTexts:
        """Room for the texts of these rows."""
        size = int((self.spans[rows] >> _HALF).sum(dtype=np.int64))
        for window in windows:
            if coded := self._coded(rows, window):
                codes = self.codes[rows[window.asked][:coded]]
                size += int(self.tables[window.block.thread].words[codes, 1].sum())
        return PlainTexts(np.empty((len(rows), 2), np.uint64), [pa.py_buffer(np.empty(size + L.SPARE, np.uint8))])

    def fetch(
        self,
        rows: NDArray[np.int32],
        window: _Window,
        lines: NDArray[np.int64],
        target: PlainTexts,
        number: int,
        used: int,
    ) -> int:
        """The rows of a window, whose lines lie at these addresses, to where they are asked for (views_kernel.fetch)."""
        from ingestion.scanning.kernel import fetch

        _, words, word_heap = self.tables[window.block.thread].addresses() if self.tables else (0, 0, 0)
        return int(fetch(
            address(lines), address(rows[window.asked]), len(lines), self._coded(rows, window), address(self.codes), words,
            word_heap, address(self.spans), address(target.views[window.asked]), target.heaps[0].address, number, used,
        ))  # fmt: skip

    def _coded(self, rows: NDArray[np.int32], window: _Window) -> int:
        """How many of a window's rows have codes: the first ones."""
        coded = window.block.coded[self.index]
        return int(np.searchsorted(rows[window.asked], window.block.first + coded)) if coded else 0


def left(
    codes: NDArray[np.int32], spans: NDArray[np.uint32], hashes: NDArray[np.uint64] | None, blocks: Sequence[Block],
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

    def fetched(
        self, columns: Mapping[str, LeftTexts], rows: NDArray[np.int32], number: int = 0
    ) -> dict[str, PlainTexts]:
        """The texts of some rows, in ascending order, as views of one heap a column, by this number.

        Raises FileChanged, OSError.
        """
        begins, windows = self._windows(rows)
        found = {name: column.place_for(rows, windows) for name, column in columns.items()}
        used = dict.fromkeys(columns, 0)
        buffer = Buffer()
        size = self._status[0]
        for window in windows:
            lines = begins[window.asked]
            length = min(int(lines[-1]) + L.LONGEST_LINE, size) - window.begins
            text = buffer.take(length + L.SPARE)
            if fill(self._file.fileno(), text.data[:length], window.begins) < length:
                raise FileChanged
            lines = lines + (address(text) - window.begins)
            for name, column in columns.items():
                used[name] = column.fetch(rows, window, lines, found[name], number, used[name])
        return found

    def check(self) -> None:
        """Raises FileChanged where what was fetched may not be what was scanned."""
        if self._now() != self._status:
            raise FileChanged

    def _windows(self, rows: NDArray[np.int32]) -> tuple[NDArray[np.int64], list[_Window]]:
        """The byte at which each row's line begins, and the rows that are looked at together."""
        if not len(rows):
            return np.empty(0, np.int64), []
        in_blocks, begins = self._places.with_blocks(rows)
        edges = (np.diff(begins >> _WINDOW) != 0) | (np.diff(in_blocks) != 0)
        starts = [0, *(np.flatnonzero(edges) + 1).tolist(), len(rows)]
        blocks = self._places.blocks
        return begins, [
            _Window(slice(first, last), blocks[in_blocks[first]], int(begins[first]))
            for first, last in pairwise(starts)
        ]

    def _now(self) -> tuple[int, int]:
        status = os.fstat(self._file.fileno())
        return status.st_size, status.st_mtime_ns
