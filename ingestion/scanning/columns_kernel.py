"""Compiled: the columns that a scan fills, and the table that tells where they are.

The table has layout's ENTRIES int64 a field: kind, zone, most bytes of a text, the address of its column for the rows that are
scanned next, by how much that is to rise a row from one share of rows to the next (0: the memory is used again), where each text
is told to begin, the address of its column for the first of the rows of this scan and their number, and whether any of them has
given a value: before that the column is left as it is, for what nobody gives needs no memory. A column holds 16 bytes a row for texts (an Arrow string
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
    if kind == L.REAL:
        measure, after = real(at)
        if after != at:
            put_real(_room(table, field, kind) + 8 * row, measure)
        return after
    if kind == L.BOOLEAN:
        value, after = boolean(at)
        if after != at:
            put_byte(_room(table, field, kind) + row, value)
        return after
    if kind == L.INSTANT:
        value, after = instant(at, entry(table, field, L.ZONE))
    elif kind == L.INTEGER:
        value, after = integer(at)
    else:
        value, after = date(at)
    if after != at:
        put_integer(_room(table, field, kind) + 8 * row, value)
    return after


@njit(nogil=True, forceinline=True)
def _room(table, field, kind):  # type: ignore[no-untyped-def]
    """The column for a value that is given; with the first one nothing is given in all other rows."""
    if entry(table, field, L.GIVEN) == 0:
        _fill(kind, entry(table, field, L.FIRST), entry(table, field, L.ROWS))
        put_integer(table + 8 * (L.ENTRIES * field + L.GIVEN), 1)
    return entry(table, field, L.COLUMN)


@njit(nogil=True)
def blank(table, fields, row):  # type: ignore[no-untyped-def]
    """Make a row one in which nothing is given."""
    for field in range(fields):
        kind, column = entry(table, field, L.KIND), entry(table, field, L.COLUMN)
        if kind == L.TEXT:
            _fill(kind, column + 16 * row, 1)
        elif kind != L.SKIP and entry(table, field, L.GIVEN) != 0:
            _fill(kind, column + (row if kind == L.BOOLEAN else 8 * row), 1)


@njit(nogil=True)
def blank_texts(table, fields, rows):  # type: ignore[no-untyped-def]
    """Make the first `rows` rows such in which no text is given."""
    for field in range(fields):
        if entry(table, field, L.KIND) == L.TEXT:
            _fill(L.TEXT, entry(table, field, L.COLUMN), rows)


@njit(nogil=True)
def _fill(kind, column, rows):  # type: ignore[no-untyped-def]
    """Rows of a column, from an address on, in which nothing is given."""
    if kind == L.TEXT:
        for half in range(2 * rows):
            put_word(column + 8 * half, _NOTHING)
    elif kind == L.REAL:
        for row in range(rows):
            put_real(column + 8 * row, L.NO_REAL)
    elif kind == L.BOOLEAN:
        for row in range(rows):
            put_byte(column + row, _NO_SHORT)
    else:
        for row in range(rows):
            put_integer(column + 8 * row, L.NO_INTEGER)


@njit(nogil=True)
def step(table, fields, rows):  # type: ignore[no-untyped-def]
    """Let the columns begin behind so many rows."""
    for field in range(fields):
        behind = entry(table, field, L.COLUMN) + rows * entry(table, field, L.STEP)
        put_integer(table + 8 * (L.ENTRIES * field + L.COLUMN), behind)
