"""The columns of a whole scanned file, in memory: numbers as arrays, texts as codes or views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.scanning import layout as L
from ingestion.scanning.blocks import Block
from ingestion.scanning.texts import CodedTexts, PlainTexts

Part = slice | NDArray[np.int32]  # of the rows


@dataclass(frozen=True)
class LinePlaces:
    """Where each row's line begins, in the order of the file: `in_block` from where its block's lines do."""

    in_block: NDArray[np.uint32]
    blocks: Sequence[Block]

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The byte of the file at which each of these rows' line begins."""
        firsts = np.array([block.first for block in self.blocks], np.int64)
        begins = np.array([block.begins for block in self.blocks], np.int64)
        return begins[np.searchsorted(firsts, rows, "right") - 1] + self.in_block[rows]


@dataclass
class ScannedColumns:
    """`lines`: of each row; `again`: rows whose line must be read again, in which nothing is given.

    numbers: by field name, int64 or float64 with layout's missing values (booleans as int8); times in microseconds UTC,
    dates in days since 1970. `complete`: those of which no row has a missing value. `places`: of the lines, as long as the
    rows lie as in the file and nobody has taken them.
    """

    lines: NDArray[np.int64]
    again: NDArray[np.bool_]
    numbers: dict[str, NDArray]
    texts: dict[str, CodedTexts | PlainTexts]
    complete: frozenset[str]
    places: LinePlaces | None

    def take_places(self) -> LinePlaces:
        """The places, which nobody else needs."""
        places, self.places = self.places, None
        assert places is not None
        return places

    @property
    def rows(self) -> int:
        return len(self.lines)


def given_values(kind: int, values: NDArray) -> NDArray[np.bool_]:
    """Which values are none of layout's missing ones."""
    if kind == L.REAL:
        return ~np.isnan(values)
    return values != (L.NO_SHORT if kind == L.BOOLEAN else L.NO_INTEGER)


def arrow(kind: int, values: NDArray, *, complete: bool = False) -> pa.Array:
    """A column of numbers as Arrow has it, without a copy where that can be; `complete`: no value is missing."""
    match kind:
        case L.REAL:
            type_, stored = pa.float64(), values
        case L.BOOLEAN:
            type_, stored = pa.bool_(), np.packbits(values == 1, bitorder="little")
        case L.DATE:
            type_, stored = pa.date32(), values.astype(np.int32)
        case _:
            type_, stored = pa.timestamp("us") if kind == L.INSTANT else pa.int64(), values
    given = None if complete else given_values(kind, values)
    present = None if given is None or given.all() else pa.py_buffer(np.packbits(given, bitorder="little"))
    return pa.Array.from_buffers(type_, len(values), [present, pa.py_buffer(np.ascontiguousarray(stored))])
