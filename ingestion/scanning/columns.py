"""The columns of a whole scanned file, in memory: numbers as arrays, texts as codes or views."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.scanning import layout as L
from ingestion.scanning.blocks import LinePlaces
from ingestion.scanning.left_texts import LeftTexts, TextFile
from ingestion.scanning.texts import CodedTexts, PlainTexts

Part = slice | NDArray[np.int32] | NDArray[np.int64]  # of the rows
_SHARE = 1 << 18  # rows fetched together
_TYPES = {
    L.REAL: pa.float64(),
    L.BOOLEAN: pa.bool_(),
    L.INSTANT: pa.timestamp("us"),
    L.DATE: pa.date32(),
}  # of others int64


@dataclass
class ScannedColumns:
    """`lines`: of each row; `again`: rows whose line must be read again, in which nothing is given.

    numbers: by field name, int64 or float64 with layout's missing values (booleans as int8), one and the same memory for all rows
    where nothing is given; times in microseconds UTC, dates in days since 1970. `complete`: those of which no row has a missing value. `places`: of the lines, as long as the
    rows lie as in the file and nobody has taken them. `file`: of the columns that are left in it; before rows are moved, they
    are to be brought.
    """

    lines: NDArray[np.int32]
    again: NDArray[np.bool_]
    numbers: dict[str, NDArray]
    texts: dict[str, CodedTexts | PlainTexts | LeftTexts]
    complete: frozenset[str]
    places: LinePlaces | None
    file: TextFile | None

    def left(self) -> dict[str, LeftTexts]:
        """The columns that are left in the file."""
        return {name: texts for name, texts in self.texts.items() if isinstance(texts, LeftTexts)}

    def fetched(self, part: Part) -> dict[str, PlainTexts]:
        """Some rows, in ascending order, of the columns that are left in the file. Raises FileChanged, OSError."""
        left = self.left()
        if not left:
            return {}
        assert self.file is not None
        rows = np.arange(part.start, part.stop) if isinstance(part, slice) else part
        return self.file.fetched(left, rows.astype(np.int32))

    def check(self) -> None:
        """Raises FileChanged where what was fetched may not be what was scanned."""
        if self.file is not None:
            self.file.check()

    def bring(self) -> bool:
        """Fetch all that is left in the file, so that rows can be moved; whether there was anything. As `fetched`."""
        left = self.left()
        if not left:
            return False
        assert self.file is not None
        views = {name: np.empty((self.rows, 2), np.uint64) for name in left}
        heaps: dict[str, list[pa.Buffer]] = {name: [] for name in left}
        for number, first in enumerate(range(0, self.rows, _SHARE)):
            rows = np.arange(first, min(first + _SHARE, self.rows), dtype=np.int32)
            for name, texts in self.file.fetched(left, rows, number).items():
                views[name][rows[0] : rows[-1] + 1] = texts.views
                heaps[name] += texts.heaps
        self.file.check()
        self.texts |= {name: PlainTexts(views[name], heaps[name]) for name in left}
        self.file = None
        return True

    @property
    def rows(self) -> int:
        return len(self.lines)


def missing_value(kind: int) -> float:
    """Layout's missing value of a kind of number."""
    if kind == L.REAL:
        return L.NO_REAL
    return int(L.NO_SHORT) if kind == L.BOOLEAN else L.NO_INTEGER


def given_values(kind: int, values: NDArray) -> NDArray[np.bool_]:
    """Which values are none of layout's missing ones."""
    if kind == L.REAL:
        return ~np.isnan(values)
    return values != (L.NO_SHORT if kind == L.BOOLEAN else L.NO_INTEGER)


def arrow(kind: int, values: NDArray, *, complete: bool = False) -> pa.Array:
    """A column of numbers as Arrow has it, without a copy where that can be; `complete`: no value is missing."""
    if values.strides == (0,):  # of which nothing is given at all
        return _nulls(kind, len(values))
    match kind:
        case L.BOOLEAN:
            stored = np.packbits(values == 1, bitorder="little")
        case L.DATE:
            stored = values.astype(np.int32)
        case _:
            stored = values
    given = None if complete else given_values(kind, values)
    present = None if given is None or given.all() else pa.py_buffer(np.packbits(given, bitorder="little"))
    return pa.Array.from_buffers(
        _TYPES.get(kind, pa.int64()), len(values), [present, pa.py_buffer(np.ascontiguousarray(stored))]
    )


@lru_cache(4)
def _nulls(kind: int, count: int) -> pa.Array:
    return pa.nulls(count, _TYPES.get(kind, pa.int64()))
