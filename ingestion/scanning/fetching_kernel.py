"""Compiled: texts that a scan left in the file, read again where somebody asks for them.

The table has layout's LEFT_ENTRIES int64 a column: of the rows before LEFT_BEFORE the addresses of their codes (int32 a row), of
the words and of their heap, as views_kernel.encode makes them; of the others that of their spans (views_kernel.note_spans); and
where the views go, and the longer texts: the heap, its number, and the bytes used there.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.scanning import layout as L
from ingestion.scanning.text_kernel import pread
from ingestion.scanning.values_kernel import put_view
from ingestion.scanning.views_kernel import SPAN_BITS, copy
from ingestion.scanning.words_kernel import put_integer, put_word, short_at, word_at

_NEAR = 4096  # bytes between two texts that are rather read than passed over
_START = (1 << SPAN_BITS) - 1


@njit(nogil=True, forceinline=True)
def _entry(table, place):  # type: ignore[no-untyped-def]
    return np.int64(word_at(table + 8 * place))


@njit(nogil=True, forceinline=True)
def _word_of(table, row):  # type: ignore[no-untyped-def]
    return _entry(table, L.LEFT_WORDS) + 32 * short_at(_entry(table, L.LEFT_CODES) + 4 * row)


@njit(nogil=True, forceinline=True)
def _span_of(table, row):  # type: ignore[no-untyped-def]
    return short_at(_entry(table, L.LEFT_SPANS) + 4 * row)


@njit(nogil=True)
def measure(rows, count, table, columns):  # type: ignore[no-untyped-def]
    """Add to each column's bytes used those that the longer texts of some rows (int32[count]) need."""
    for _ in range(columns):
        before, used = _entry(table, L.LEFT_BEFORE), _entry(table, L.LEFT_USED)
        for place in range(count):
            row = short_at(rows + 4 * place)
            size = np.int64(word_at(_word_of(table, row) + 8)) if row < before else _span_of(table, row) >> SPAN_BITS
            if size > L.INLINE:
                used += size
        put_integer(table + 8 * L.LEFT_USED, used)
        table += 8 * L.LEFT_ENTRIES


@njit(nogil=True)
def fetch(descriptor, rows, count, begins, lines, table, columns, buffer, room):  # type: ignore[no-untyped-def]
    """The texts of some rows (int32[count], ascending, of one block) to their views and heaps -> of how many rows.

    begins: the byte of the file from which `lines` (uint32, of all rows) tells where each row's line begins. buffer: `room` bytes,
    at least twice as many as a line may have, and SPARE behind them. Fewer than `count`: the file has become shorter.
    """
    done = 0
    while done < count:
        first = begins + short_at(lines + 4 * short_at(rows + 4 * done))
        stop, last = first, done
        while last < count:
            row = short_at(rows + 4 * last)
            line = begins + short_at(lines + 4 * row)
            end = line + _extent(table, columns, row)
            if last > done and (line - stop > _NEAR or end - first > room):
                break
            stop = max(stop, end)
            last += 1
        if stop > first and pread(descriptor, buffer, stop - first, first) != stop - first:
            return done
        for column in range(columns):
            place = table + 8 * L.LEFT_ENTRIES * column
            _put(place, rows, done, last, buffer + begins - first, lines)
        done = last
    return done


@njit(nogil=True)
def _extent(table, columns, row):  # type: ignore[no-untyped-def]
    """How many bytes of a row's line there are before the last of its texts ends."""
    extent = 0
    for _ in range(columns):
        if row >= _entry(table, L.LEFT_BEFORE):
            span = _span_of(table, row)
            extent = max(extent, (span & _START) + (span >> SPAN_BITS))
        table += 8 * L.LEFT_ENTRIES
    return extent


@njit(nogil=True)
def _put(table, rows, first, last, text, lines):  # type: ignore[no-untyped-def]
    """The texts of the rows at some places, of which `text` is the address from which their lines are told."""
    before, used = _entry(table, L.LEFT_BEFORE), _entry(table, L.LEFT_USED)
    heap, number = _entry(table, L.LEFT_HEAP), np.uint64(_entry(table, L.LEFT_NUMBER))
    view = _entry(table, L.LEFT_VIEWS)
    for place in range(first, last):
        row = short_at(rows + 4 * place)
        if row < before:
            word = _word_of(table, row)
            at, size = _entry(table, L.LEFT_WORD_HEAP) + np.int64(word_at(word)), np.int64(word_at(word + 8))
        else:
            span = _span_of(table, row)
            at, size = text + short_at(lines + 4 * row) + (span & _START), span >> SPAN_BITS
        put_view(view, at, at, size)
        if size > L.INLINE:
            copy(at, heap + used, size)
            put_word(view + 8, number | np.uint64(used) << np.uint64(32))
            used += size
        view += 16
    put_integer(table + 8 * L.LEFT_VIEWS, view)
    put_integer(table + 8 * L.LEFT_USED, used)
