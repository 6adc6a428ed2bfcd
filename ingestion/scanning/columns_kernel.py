"""Compiled: the columns that a scan fills, and the table that tells where they are.

The table has four int64 a field: kind, zone, most bytes of a text, the address of its column. A column holds 16 bytes a row for texts
(an Arrow string view), else 8 (int64 or double). It begins as a column of missing values.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.scanning import layout as L
from ingestion.scanning.values_kernel import boolean, date, instant, integer, put_view, real
from ingestion.scanning.words_kernel import put_integer, put_real, put_word, word_at


@njit(nogil=True, forceinline=True)
def entry(table, field, place):  # type: ignore[no-untyped-def]
    """One of a field's numbers."""
    return np.int64(word_at(table + 8 * (L.ENTRIES * field + place)))


@njit(nogil=True)
def put_text(table, field, row, base, at, size):  # type: ignore[no-untyped-def]
    """A text of `size` bytes at `at` -> whether that is not too long."""
    put_view(entry(table, field, L.COLUMN) + 16 * row, base, at, size)
    return size <= entry(table, field, L.LIMIT)


@njit(nogil=True)
def put_value(table, field, kind, row, at):  # type: ignore[no-untyped-def]
    """A value of any other kind -> where it ends, or `at` where it is not spelt as usual."""
    target = entry(table, field, L.COLUMN) + 8 * row
    if kind == L.REAL:
        measure, after = real(at)
        if after != at:
            put_real(target, measure)
        return after
    if kind == L.INSTANT:
        value, after = instant(at, entry(table, field, L.ZONE))
    elif kind == L.INTEGER:
        value, after = integer(at)
    elif kind == L.BOOLEAN:
        value, after = boolean(at)
    else:
        value, after = date(at)
    if after != at:
        put_integer(target, value)
    return after


@njit(nogil=True)
def blank(table, fields, row):  # type: ignore[no-untyped-def]
    """Make a row one in which nothing is given."""
    for field in range(fields):
        kind, column = entry(table, field, L.KIND), entry(table, field, L.COLUMN)
        if kind == L.TEXT:
            put_word(column + 16 * row, np.uint64(0))
            put_word(column + 16 * row + 8, np.uint64(0))
        elif kind == L.REAL:
            put_real(column + 8 * row, L.NO_REAL)
        elif kind != L.SKIP:
            put_integer(column + 8 * row, L.NO_INTEGER)
