"""One thread's part in a scan: block after block of the file into the rows of the columns that are the block's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ingestion.scanning import layout as L
from ingestion.scanning import word_table
from ingestion.scanning.blocks import Block, lines_between
from ingestion.scanning.columns import given_values
from ingestion.scanning.growing import GrowingColumns, Kind
from ingestion.scanning.memory import Buffer, address
from ingestion.scanning.plan import Field
from ingestion.scanning.word_table import Heaps, WordTable

LINES, PLACES = "lines", "places"
_SHORTEST_LINE = 8  # bytes of a line, on average
_MANY_SHORT = 64 << 10  # bytes; of less, any lines will do
_KINDS: dict[int, Kind] = {
    **dict.fromkeys((L.INTEGER, L.INSTANT, L.DATE), (np.int64, 1)),
    L.REAL: (np.float64, 1),
    L.BOOLEAN: (np.int8, 1),
}
_VIEWS: Kind = (np.uint64, 2)
_SPANS: Kind = (np.uint32, 1)
_HASHES: Kind = (np.uint32, 1)
_CODES = "codes "
_WIDEST = 16  # bytes of a row in a column

# From an address to another, with what taking_kernel.take_records is told after the number of fields: rows, how it ended.
Read = Callable[[int, int, tuple[int, ...]], tuple[int, int]]


class LinesTooShort(Exception):
    """Columns for so many lines would need many times the memory that the text does."""


class AmbiguousLines(Exception):
    """Where the records of this file end is not told by its lines."""


def kinds_of(fields: Sequence[Field]) -> dict[str, Kind]:
    """The columns to be filled, by name; of texts two, as codes and as views or as what tells where they are in the file."""
    kinds: dict[str, Kind] = {LINES: (np.int32, 1), PLACES: (np.uint32, 1)}
    for place, field in enumerate(fields):
        if field.kind == L.TEXT and field.is_kept:
            kinds[codes_of(place)] = (np.int32, 1)
            kinds[texts_of(place)] = _SPANS if field.is_left else _VIEWS
            if field.is_hashed:
                kinds[hashes_of(place)] = _HASHES
        elif field.kind != L.SKIP and field.is_kept:
            kinds[numbers_of(place)] = _KINDS[field.kind]
    return kinds


def bytes_a_row(kinds: Mapping[str, Kind]) -> int:
    """What a row takes at most: of a column of texts either the codes or the others are used, and what is not is no memory."""
    coded = sum(np.dtype(kind).itemsize for name, (kind, _) in kinds.items() if name.startswith(_CODES))
    return sum(np.dtype(kind).itemsize * width for kind, width in kinds.values()) - coded


def numbers_of(place: int) -> str:
    """The column of the field at this place of the file."""
    return f"numbers {place}"


def codes_of(place: int) -> str:
    return f"{_CODES}{place}"


def texts_of(place: int) -> str:
    return f"texts {place}"


def hashes_of(place: int) -> str:
    return f"hashes {place}"


class BlockTaker:
    """Takes blocks of a file, with words and buffers of its own. `heaps`: of each kept field of texts, by its place; None for
    those that are left in the file."""

    def __init__(
        self, number: int, fields: Sequence[Field], columns: GrowingColumns, heaps: dict[int, Heaps | None], read: Read
    ) -> None:
        self._number = number
        self._columns = columns
        self._heaps = heaps
        self._read = read
        self._fields = fields
        self._buffer = Buffer()
        self.words = {place: WordTable() for place in heaps if fields[place].column is not None}
        self.complete = [True] * len(fields)  # whether no number was missing so far
        self._numbers = [p for p, f in enumerate(fields) if f.is_kept and f.kind not in (L.TEXT, L.SKIP)]
        self._current: dict[int, NDArray[np.uint8]] = {}
        self._scratch = np.zeros((len(fields), L.SHARE * _WIDEST), np.uint8)
        self._starts = np.zeros((len(fields), L.SHARE), np.uint32)
        self._table = np.array([(f.kind, f.zone, f.limit, 0, 0, 0, 0, 0, 1) for f in fields], np.int64).reshape(
            -1, L.ENTRIES
        )
        self._table[:, L.COLUMN] = [address(column) for column in self._scratch]
        self._table[:, L.STARTS] = [address(column) for column in self._starts]
        self._texts = np.zeros((len(heaps), L.TEXT_ENTRIES), np.int64)
        for row, place in zip(self._texts, heaps, strict=True):
            row[L.FIELD] = place
            if place in self.words:
                words = self.words[place]
                row[L.CODING] = 1
                row[L.SLOTS], row[L.WORDS], row[L.WORD_HEAP] = words.addresses()
                row[L.KNOWN], row[L.USED] = words.known, words.used
        for place in self._numbers:
            self._table[place, L.STEP] = np.dtype(_KINDS[fields[place].kind][0]).itemsize

    def run(
        self, descriptor: int, size: int, first_line: int, blocks: Iterator[tuple[int, tuple[int, int]]]
    ) -> list[Block]:
        """Take numbered blocks, each of lines that begin between two bytes of a file of `size` bytes, until there are none.

        Raises AmbiguousLines, LinesTooShort, LineHasNoEnd, TooManyRows, and Stopped where another thread did.
        """
        try:
            return [self._take(descriptor, size, first_line, turn, *edges) for turn, edges in blocks]
        except BaseException:
            self._columns.stop()
            raise

    def _take(self, descriptor: int, size: int, first_line: int, turn: int, begin: int, end: int) -> Block:
        text, begins, lines = lines_between(descriptor, begin, end, size, self._buffer)
        length = text.size - L.SPARE
        if lines * _SHORTEST_LINE > max(length, _MANY_SHORT):
            raise LinesTooShort
        expected = int(1.02 * size / max(length, 1) * lines) + lines
        with self._columns.room(turn, lines, expected) as first:
            columns, start = self._columns.columns, address(text)
            self._point(first, lines, length, start)
            rows, how = self._read(start, start + length, (
                address(self._table), address(self._texts), len(self._texts), address(columns[LINES][first:]),
                address(columns[PLACES][first:]), first_line + first, lines,
                word_table.SLOTS - 1, word_table.MOST_WORDS, word_table.LONGEST_WORD,
            ))  # fmt: skip
            if how != L.DONE:
                raise AmbiguousLines
            missing: list[int] = []
            for place in self._numbers:
                if not self._table[place, L.GIVEN]:
                    missing.append(place)
                    self.complete[place] &= not rows
                elif self.complete[place]:
                    values = columns[numbers_of(place)][first : first + rows]
                    self.complete[place] = bool(given_values(self._fields[place].kind, values).all())
        for place, (known, used) in zip(self._heaps, self._texts[:, [L.KNOWN, L.USED]].tolist(), strict=True):
            if place in self.words:
                self.words[place].known, self.words[place].used = known, used
        return Block(first, rows, begins, self._number, self._texts[:, L.CODED].tolist(), missing)

    def _point(self, first: int, rows: int, length: int, start: int) -> None:
        """Let the tables tell of so many rows from `first` on, and of room for so many bytes of texts, which begin at `start`."""
        columns = self._columns.columns
        for place in self._numbers:
            column = address(columns[numbers_of(place)][first:])
            self._table[place, [L.COLUMN, L.FIRST, L.ROWS, L.GIVEN]] = column, column, rows, 0
        for row, (place, heaps) in zip(self._texts, self._heaps.items(), strict=True):
            row[L.CODED] = 0
            row[L.BASE] = start
            row[L.CODES] = address(columns[codes_of(place)][first:])
            if self._fields[place].is_hashed:
                row[L.HASHES] = address(columns[hashes_of(place)][first:])
            texts = address(columns[texts_of(place)][first:])
            if heaps is None:
                row[L.SPANS] = texts
                continue
            row[L.VIEWS] = texts
            if place not in self._current or row[L.HEAP_USED] + length + L.SPARE > self._current[place].size:
                row[L.HEAP_NUMBER], self._current[place] = heaps.new(length + L.SPARE)
                row[L.HEAP], row[L.HEAP_USED] = address(self._current[place]), 0
