"""A file as blocks of whole lines, which can be read side by side: a block has the lines that begin in its part of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingestion.scanning.layout import LINE_LIMIT, SPARE
from ingestion.scanning.memory import Buffer, address

BLOCK_BYTES = 8 << 20
_BEYOND = 64 << 10  # read with a block, for the end of its last line
_LINE_END = 10


class LineHasNoEnd(Exception):
    """A line is so much over the limit that the file is not worth scanning."""


@dataclass(frozen=True)
class Block:
    """The rows of a block: from `first` on so many, whose texts lie from the byte `begins` of the file on.

    coded: of each column of texts, how many of the rows are codes of the words of `thread`. without: the fields of numbers of which
    none of the rows has a value, and whose columns are as they were.
    """

    first: int
    rows: int
    begins: int
    thread: int
    coded: Sequence[int]
    without: Sequence[int]


@dataclass(frozen=True)
class LinePlaces:
    """Where each row's line begins, in the order of the file: `in_block` from where its block's lines do."""

    in_block: NDArray[np.uint32]
    blocks: Sequence[Block]

    def of(self, rows: NDArray) -> NDArray[np.int64]:
        """The byte of the file at which each of these rows' line begins."""
        return self.with_blocks(rows)[1]

    def with_blocks(self, rows: NDArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of each of these rows the number of its block, and the byte of the file at which its line begins."""
        firsts = np.array([block.first for block in self.blocks], np.int64)
        begins = np.array([block.begins for block in self.blocks], np.int64)
        numbers = np.searchsorted(firsts, rows, "right") - 1
        return numbers, begins[numbers] + self.in_block[rows]


def lines_between(
    descriptor: int, start: int, stop: int, size: int, buffer: Buffer
) -> tuple[NDArray[np.uint8], int, int]:
    """The lines of a file of `size` bytes that begin from `start` to before `stop`, with SPARE bytes behind them, in `buffer`;
    the byte of the file where they begin, and their number.

    `start` 0, or the start of a line, where the first block begins; every other `start` is the `stop` of another block.
    The last line has an end, whether or not the file gave it one. Raises LineHasNoEnd.
    """
    from ingestion.scanning.kernel import count_line_ends, read  # numba takes a second to import

    first = max(start - 1, 0)  # the end before tells whether a line begins right here
    beyond = _BEYOND
    while True:
        last = min(stop + beyond, size)
        text = buffer.take(last - first + 1 + SPARE)
        count, line_ends = read(descriptor, text, address(text), last - first, first)
        if last == size and count and text[count - 1] != _LINE_END:
            text[count] = _LINE_END
            count += 1
            line_ends += 1
        begins = 0 if start == 0 else _after_line_end(text, 0, count)
        # A line belongs here when it begins before `stop`: up to the first end at or behind the byte before it.
        ends = begins if begins >= stop - first else _after_line_end(text, stop - 1 - first, count)
        if ends <= count:
            begins = min(begins, ends)
            beside = count_line_ends(text[:begins]) + count_line_ends(text[ends:count])
            text[ends : ends + SPARE] = 0
            return text[begins : ends + SPARE], first + begins, int(line_ends - beside)
        if beyond > LINE_LIMIT:
            raise LineHasNoEnd
        beyond *= 8


def _after_line_end(text: NDArray[np.uint8], at: int, stop: int) -> int:
    """The place behind the first line end from `at` on; over `stop` where there is none."""
    step = 4096
    while at < stop:
        found = np.flatnonzero(text[at : min(at + step, stop)] == _LINE_END)
        if found.size:
            return at + int(found[0]) + 1
        at += step
        step *= 2
    return stop + 1
