"""Compiled: lines of an NDJSON file, one flat object each (RFC 8259), as columns.

Texts without escapes, numbers, times in quotes, true, false, null, and lists of whole numbers as text are taken. A line that
is spelt in any other way (an escape, a nested object, a number in quotes, a name that comes twice, bytes that are no UTF-8)
becomes a row in which nothing is given, and is told as such: a reader that knows every spelling then reads it again.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.scanning import layout as L
from ingestion.scanning.columns_kernel import blank, entry, put_text, put_value
from ingestion.scanning.text_kernel import line_end
from ingestion.scanning.values_kernel import boolean, integer, real
from ingestion.scanning.words_kernel import (
    BLOCK,
    any_wide_at,
    byte_at,
    is_utf8,
    low_bytes,
    lowest,
    marks_at,
    put_short,
    same,
    word_at,
)

_NOTHING, _ONE = np.uint64(0), np.uint64(1)
_NULL = np.uint64(0x6C6C756E)
_BACKSLASH, _QUOTE = 92, 34
_UNKNOWN = -1


@njit(nogil=True, forceinline=True)
def _after_blanks(at):  # type: ignore[no-untyped-def]
    while byte_at(at) == 32 or byte_at(at) == 9:
        at += 1
    return at


@njit(nogil=True)
def _string_end(at):  # type: ignore[no-untyped-def]
    """The quote that ends a string, or what makes it one that is not taken; and whether it may have wide characters."""
    wide = any_wide_at(at)
    marks = marks_at(at, _BACKSLASH)
    while marks == _NOTHING:
        at += BLOCK
        marks = marks_at(at, _BACKSLASH)
        wide |= any_wide_at(at)
    return at + lowest(marks), wide


@njit(nogil=True)
def _field_named(at, names, fields, expected):  # type: ignore[no-untyped-def]
    """The field whose name and the quote behind it stand at `at` -> (field or _UNKNOWN, behind the quote)."""
    for step in range(fields):
        field = expected + step
        if field >= fields:
            field -= fields
        size = np.int64(word_at(names + 16 * field + 8))
        if byte_at(at + size) == _QUOTE and same(at, np.int64(word_at(names + 16 * field)), size):
            return field, at + size + 1
    return _UNKNOWN, at


@njit(nogil=True)
def _list_end(at):  # type: ignore[no-untyped-def]
    """Behind a list of whole numbers without blanks; `at` itself where there is none."""
    place = at + 1
    if byte_at(place) == 93:
        return place + 1
    while True:
        _, end = integer(place)
        if end == place:
            return at
        if byte_at(end) == 93:
            return end + 1
        if byte_at(end) != 44:
            return at
        place = end + 1


@njit(nogil=True)
def _value(at, kind, table, field, row, base):  # type: ignore[no-untyped-def]
    """The value at `at`, which is no string -> where it ends; `at` itself where it is not taken."""
    byte = byte_at(at)
    if byte == 110:
        return at + 4 if word_at(at) & low_bytes(4) == _NULL else at
    if byte == 91:
        end = _list_end(at)
        wanted = L.TEXT
    elif byte == 116 or byte == 102:
        _, end = boolean(at)
        wanted = L.BOOLEAN
    else:
        _, end = real(at)
        wanted = L.REAL
    if end == at or kind == L.SKIP:
        return end
    if kind == L.TEXT:
        return end if put_text(table, field, row, base, at, end - at) else at
    if kind != wanted and not (kind == L.INTEGER and wanted == L.REAL):
        return at
    return end if put_value(table, field, kind, row, at) == end else at


@njit(nogil=True)
def _object(at, fields, table, names, row, base):  # type: ignore[no-untyped-def]
    """The object of the line at `at` -> (the line feed, whether all of it was taken)."""
    start = at
    seen = _NOTHING
    expected = 0
    wide = False
    if byte_at(at) != 123:
        return at, False
    while True:
        at = _after_blanks(at + 1)
        if byte_at(at) != _QUOTE:
            return at, False
        field, at = _field_named(at + 1, names, fields, expected)
        kind = L.SKIP
        if field == _UNKNOWN:
            at, some = _string_end(at)
            if byte_at(at) != _QUOTE:
                return at, False
            wide |= some
            at += 1
        else:
            bit = _ONE << np.uint64(field)
            if seen & bit != _NOTHING:
                return at, False
            seen |= bit
            kind = entry(table, field, L.KIND)
            expected = field + 1 if field + 1 < fields else 0
        at = _after_blanks(at)
        if byte_at(at) != 58:
            return at, False
        at = _after_blanks(at + 1)
        if byte_at(at) == _QUOTE:
            begin = at + 1
            end, some = _string_end(begin)
            wide |= some
            if byte_at(end) != _QUOTE:
                return at, False
            if end > begin and kind != L.SKIP:
                if kind == L.TEXT:
                    if not put_text(table, field, row, base, begin, end - begin):
                        return at, False
                elif kind == L.REAL or kind == L.INTEGER or put_value(table, field, kind, row, begin) != end:
                    return at, False
            at = end + 1
        else:
            end = _value(at, kind, table, field, row, base)
            if end == at:
                return at, False
            at = end
        at = _after_blanks(at)
        if byte_at(at) != 44:
            break
    if byte_at(at) != 125:
        return at, False
    at += 1
    if byte_at(at) == 13:
        at += 1
    return at, byte_at(at) == 10 and (not wide or is_utf8(start, at))


@njit(nogil=True)
def scan_objects(base, at, stop, names, fields, table, lines, places, line, most):  # type: ignore[no-untyped-def]
    """Scans whole lines from `at` to `stop` into the columns of `table`, at most `most` rows -> (rows, the next line's
    address and number, how it ended).

    As csv_kernel.scan_records. names: of each of the at most 64 fields the address of its name and its size (int64).
    """
    row = 0
    while at < stop:
        begin = at
        while byte_at(begin) == 32 or 9 <= byte_at(begin) <= 13:
            if byte_at(begin) == 10:
                break
            begin += 1
        if byte_at(begin) == 10:
            at = begin + 1
            line += 1
            continue
        if row == most:
            break
        after, taken = _object(at, fields, table, names, row, base)
        if not taken:
            after = line_end(at)
        if not taken or after - at > L.LONGEST_LINE:
            blank(table, fields, row)
            put_short(lines + 4 * row, -1 - line)
        else:
            put_short(lines + 4 * row, line)
        put_short(places + 4 * row, at - base)
        row += 1
        line += 1
        at = after + 1
    return row, at, line, L.DONE
