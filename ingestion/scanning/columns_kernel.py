"""Compiled: the columns that a scan fills, and the table that tells where they are.

The table has six int64 a field: kind, zone, most bytes of a text, the address of its column, by how much that is to rise a
row from one share of rows to the next (0: the memory is used again), and where each text is told to begin. A column holds 16 bytes a row for texts (an Arrow string
view), one for booleans, else 8 (int64 or double).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.scanning import layout as L
from ingestion.scanning.values_kernel import boolean, date, instant, integer, put_view, real
from ingestion.scanning.words_kernel import put_byte, put_integer, put_real, put_short, put_word, word_at

_NOTHING = np.uint64(0)
_NO_SHORT = int(L.NO_SHORT)


@njit(nogil=True, forceinline=True)
def entry(table, field, place):  # type: ignore[no-untyped-def]
    """One of a field's numbers."""
    return np.int64(word_at(table + 8 * (L.ENTRIES * field + place)))


@njit(nogil=True)
def put_text(table, field, row, base, at, size):  # type: ignore[no-untyped-def]
    """A text of `size` bytes at `at` -> whether that is not too long."""
    put_view(entry(table, field, L.COLUMN) + 16 * row, base, at, size)
    put_short(entry(table, field, L.STARTS) + 4 * row, at - base)
    return size <= entry(table, field, L.LIMIT)


@njit(nogil=True)
def put_value(table, field, kind, row, at):  # type: ignore[no-untyped-def]
    """A value of any other kind -> where it ends, or `at` where it is not spelt as usual."""
    column = entry(table, field, L.COLUMN)
    if kind == L.REAL:
        measure, after = real(at)
        if after != at:
            put_real(column + 8 * row, measure)
        return after
    if kind == L.BOOLEAN:
        value, after = boolean(at)
        if after != at:
            put_byte(column + row, value)
        return after
    if kind == L.INSTANT:
        value, after = instant(at, entry(table, field, L.ZONE))
    elif kind == L.INTEGER:
        value, after = integer(at)
    else:
        value, after = date(at)
    if after != at:
        put_integer(column + 8 * row, value)
    return after


@njit(nogil=True)
def blank(table, fields, row):  # type: ignore[no-untyped-def]
    """Make a row one in which nothing is given."""
    for field in range(fields):
        _blank(table, field, row, 1)


@njit(nogil=True)
def blank_rows(table, fields, rows):  # type: ignore[no-untyped-def]
    """Make the first `rows` rows such in which nothing is given."""
    for field in range(fields):
        _blank(table, field, 0, rows)


@njit(nogil=True)
def _blank(table, field, row, rows):  # type: ignore[no-untyped-def]
    kind, column = entry(table, field, L.KIND), entry(table, field, L.COLUMN)
    if kind == L.TEXT:
        for half in range(2 * row, 2 * (row + rows)):
            put_word(column + 8 * half, _NOTHING)
    elif kind == L.REAL:
        for place in range(row, row + rows):
            put_real(column + 8 * place, L.NO_REAL)
    elif kind == L.BOOLEAN:
        for place in range(row, row + rows):
            put_byte(column + place, _NO_SHORT)
    elif kind != L.SKIP:
        for place in range(row, row + rows):
            put_integer(column + 8 * place, L.NO_INTEGER)


@njit(nogil=True)
def step(table, fields, rows):  # type: ignore[no-untyped-def]
    """Let the columns begin behind so many rows."""
    for field in range(fields):
        behind = entry(table, field, L.COLUMN) + rows * entry(table, field, L.STEP)
        put_integer(table + 8 * (L.ENTRIES * field + L.COLUMN), behind)
