"""Compiled: lines of a CSV file (RFC 4180) whose records end where their lines end, as columns.

A line that is spelt in any other way (blanks around a text, control characters, numbers with exponents, bytes that are no
UTF-8, too few fields) becomes a row in which nothing is given, and is told as such: a reader that knows every spelling then
reads it again. What could make a record go on over its line's end (a quote that is not closed, or that stands within a
field), and a carriage return on its own, end the scan: then only a reader of the whole file can tell the records apart.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.scanning import layout as L
from ingestion.scanning.columns_kernel import blank, entry, put_text, put_value
from ingestion.scanning.text_kernel import line_end
from ingestion.scanning.words_kernel import (
    BLOCK,
    any_wide_at,
    byte_at,
    is_utf8,
    lowest,
    marks_at,
    put_short,
)

_OK, _ODD, _AMBIGUOUS = range(3)
_NOTHING, _ONE = np.uint64(0), np.uint64(1)


@njit(nogil=True, forceinline=True)
def _leads_blanks(byte):  # type: ignore[no-untyped-def]
    """Whether a character with this first byte may be a blank beyond ASCII, or unseen."""
    return byte == 0xC2 or (0xE1 <= byte <= 0xE3) or byte == 0xEF


@njit(nogil=True)
def _may_be_blank(at, end):  # type: ignore[no-untyped-def]
    """Whether a text, not empty, begins or ends with what may be a blank."""
    first, last = byte_at(at), byte_at(end - 1)
    if first == 32 or last == 32 or _leads_blanks(first):
        return True
    if last < 0x80:
        return False
    return (end - at >= 2 and _leads_blanks(byte_at(end - 2))) or (end - at >= 3 and _leads_blanks(byte_at(end - 3)))


@njit(nogil=True)
def _field(at, end, kind, table, field, row, base):  # type: ignore[no-untyped-def]
    """One field from `at` to `end`, not empty -> whether it is spelt as usual."""
    if kind == L.TEXT:
        return put_text(table, field, row, base, at, end - at) and not _may_be_blank(at, end)
    return put_value(table, field, kind, row, at) == end


@njit(nogil=True, forceinline=True)
def _next(block, marks, wide, delimiter):  # type: ignore[no-untyped-def]
    """The block of bytes with the next mark, what is marked in it, and whether it or one before it has wide characters."""
    while marks == _NOTHING:
        block += BLOCK
        marks = marks_at(block, delimiter)
        wide |= any_wide_at(block)
    return block, marks, wide


@njit(nogil=True)
def _record(at, delimiter, fields, table, row, base, block, marks):  # type: ignore[no-untyped-def]
    """The record at `at` -> (its line feed, how it is, the block that is in, what is marked behind it there).

    marks: of the delimiters, quotes and control characters of the block of bytes at `block`, those from `at` on.
    """
    start = at
    field = 0
    how = _OK
    wide = any_wide_at(block)
    while True:
        begin = at
        if byte_at(at) == 34:
            begin += 1
            block, marks, wide = _next(block, marks, wide, delimiter)  # in which the quote itself is marked
            byte = delimiter
            while byte == delimiter and byte >= 32:
                marks &= marks - _ONE
                block, marks, wide = _next(block, marks, wide, delimiter)
                end = block + lowest(marks)
                byte = byte_at(end)
            if byte != 34:
                return end, _AMBIGUOUS, block, marks
            marks &= marks - _ONE
            at = end + 1
            byte = byte_at(at)
            if byte >= 32 and byte != delimiter:
                return at, _AMBIGUOUS, block, marks
            block, marks, wide = _next(block, marks, wide, delimiter)
        else:
            block, marks, wide = _next(block, marks, wide, delimiter)
            at = end = block + lowest(marks)
            byte = byte_at(at)
        while byte < 32 and byte != delimiter and byte != 10 and byte != 13:
            how = _ODD  # a control character within the field
            marks &= marks - _ONE
            block, marks, wide = _next(block, marks, wide, delimiter)
            at = block + lowest(marks)
            byte = byte_at(at)
        if (byte != delimiter and byte != 10 and byte != 13) or (byte == 13 and byte_at(at + 1) != 10):
            return at, _AMBIGUOUS, block, marks
        if field < fields and end > begin and how == _OK:
            kind = entry(table, field, L.KIND)
            if kind != L.SKIP and not _field(begin, end, kind, table, field, row, base):
                how = _ODD
        field += 1
        marks &= marks - _ONE
        if byte == delimiter:
            at += 1
            continue
        if byte == 13:
            at += 1
            block, marks, wide = _next(block, marks, wide, delimiter)
            marks &= marks - _ONE
        if field != fields or (wide and not is_utf8(start, at)):
            how = _ODD
        return at, how, block, marks


@njit(nogil=True)
def scan_records(base, at, stop, delimiter, fields, table, lines, places, line, most):  # type: ignore[no-untyped-def]
    """Scans whole lines from `at` to `stop` into the columns of `table`, at most `most` rows -> (rows, the next line's
    address and number, how it ended).

    All are addresses, but `delimiter`, a byte, `fields`, the number of columns of the file, `most` and `line`, the number of
    the line at `at`. base: of the bytes that texts are told from. lines: int32[most], each row's line, less than 0
    (-1 - line) for a row in which nothing is given because its line is spelt in another way. places: uint32[most], where
    each row's line begins, from `base`. A blank line gives no row. The columns of texts hold none before.
    """
    row = 0
    block, marks = at, marks_at(at, delimiter)
    while at < stop:
        begin = at
        while byte_at(begin) == 32 or (byte_at(begin) == 9 and delimiter != 9):
            begin += 1
        if byte_at(begin) == 10 or (byte_at(begin) == 13 and byte_at(begin + 1) == 10):
            at = line_end(begin) + 1
            block, marks = at, marks_at(at, delimiter)
            line += 1
            continue
        if row == most:
            break
        after, how, block, marks = _record(at, delimiter, fields, table, row, base, block, marks)
        if how == _AMBIGUOUS:
            return row, at, line, L.AMBIGUOUS
        if how == _ODD or after - at > L.LONGEST_LINE:
            blank(table, fields, row)
            put_short(lines + 4 * row, -1 - line)
        else:
            put_short(lines + 4 * row, line)
        put_short(places + 4 * row, at - base)
        row += 1
        line += 1
        at = after + 1
    return row, at, line, L.DONE
