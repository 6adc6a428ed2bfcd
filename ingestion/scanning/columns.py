"""The columns of a whole scanned file, in memory: numbers as arrays, texts as codes or views."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.scanning import layout as L
from ingestion.scanning.growing import Growing
from ingestion.scanning.plan import Field
from ingestion.scanning.scanner import THREADS, Piece
from ingestion.scanning.texts import CodedTexts, PlainTexts, TextColumn

MOST_BYTES = 3 << 29  # of columns, without the longer texts, which are no more than the file is
_WIDTHS = {L.SKIP: 0, L.TEXT: 16, L.BOOLEAN: 1, **dict.fromkeys((L.REAL, L.INTEGER, L.INSTANT, L.DATE), 8)}
Part = slice | NDArray[np.int32]  # of the rows


class TooManyRows(Exception):
    """The rows of this file are not for memory."""


@dataclass
class ScannedColumns:
    """`lines`: of each row; `again`: rows whose line must be read again, in which nothing is given.

    numbers: by field name, int64 or float64 with layout's missing values (booleans as int8); times in microseconds UTC,
    dates in days since 1970. `complete`: those of which no row has a missing value.
    """

    lines: NDArray[np.int64]
    again: NDArray[np.bool_]
    numbers: dict[str, NDArray]
    texts: dict[str, CodedTexts | PlainTexts]
    complete: frozenset[str]

    @property
    def rows(self) -> int:
        return len(self.lines)


def collect(fields: Sequence[Field], pieces: Iterable[Piece], size: int) -> ScannedColumns:
    """Take every piece of a file of `size` bytes; of a field that is only looked at (`is_kept`) nothing.

    Raises TooManyRows.
    """
    waiting = iter(pieces)
    first = next(waiting, None)
    width = 8 + sum(_WIDTHS[field.kind] for field in fields if field.is_kept)
    # As many rows as the first piece promises; where it was wrong, memory is taken anew.
    expected = 0 if first is None else int(1.02 * size / len(first.text) * len(first.lines)) + len(first.lines)
    most = MOST_BYTES // width
    expected = min(expected, most)
    texts = {
        i: TextColumn(expected, coded=field.column is not None)
        for i, field in enumerate(fields)
        if field.kind == L.TEXT and field.is_kept
    }
    numbers = {
        i: Growing(expected) for i, field in enumerate(fields) if field.kind not in (L.TEXT, L.SKIP) and field.is_kept
    }
    lines = Growing(expected)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="texts") as pool:
        for piece in chain([] if first is None else [first], waiting):
            if len(lines) + len(piece.lines) > most:
                raise TooManyRows
            # A column of texts is filled in the order of the file, but columns beside each other.
            taking = [pool.submit(column.take, piece.columns[i], piece.text) for i, column in texts.items()]
            lines.append(piece.lines)
            for i, values in numbers.items():
                values.append(_stored(fields[i].kind, piece.columns[i]))
            for taken in taking:
                taken.result()
            del piece, taking  # whose memory the next one may take
    told = lines.whole()
    again = told < 0
    told[again] = -1 - told[again]
    found = {fields[i].name: values.whole() for i, values in numbers.items()}
    return ScannedColumns(
        told,
        again,
        found,
        {fields[i].name: column.finish() for i, column in texts.items()},
        frozenset(
            field.name for field in fields if field.name in found and given_values(field.kind, found[field.name]).all()
        ),
    )


def _stored(kind: int, values: NDArray) -> NDArray:
    """In less memory where that can be."""
    return np.maximum(values, L.NO_SHORT).astype(np.int8) if kind == L.BOOLEAN else values


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
