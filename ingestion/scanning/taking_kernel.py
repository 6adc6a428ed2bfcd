"""Compiled: lines to columns, a share of rows at a time: while a share's bytes are at hand, its texts become codes or are
gathered, and nothing of it need be fetched from memory again.

The table of texts has layout's TEXT_ENTRIES int64 a column of texts: its field; whether it is coded; the addresses of its
codes and of its views, where this scan's first row belongs; its heap with the bytes used of it and its number; its list of
words as views_kernel.encode takes it, with the words known and the bytes used; how many of this scan's rows are coded; the
addresses of its spans, for a column that is left in the file, and of its texts' hashes, where they are wanted (0: no); and the
address from which texts are told, as the only one of the buffers that hashing knows.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.scanning import layout as L
from ingestion.scanning.columns_kernel import blank_texts, entry, step
from ingestion.scanning.csv_kernel import scan_records
from ingestion.scanning.json_kernel import scan_objects
from ingestion.scanning.views_kernel import encode, gather, hash_texts, note_spans
from ingestion.scanning.words_kernel import put_integer, word_at


@njit(nogil=True, forceinline=True)
def _text(texts, place):  # type: ignore[no-untyped-def]
    return np.int64(word_at(texts + 8 * place))


@njit(nogil=True)
def _take_texts(base, table, texts, columns, places, done, rows, mask, most, longest):  # type: ignore[no-untyped-def]
    """The texts of a share of rows, `done` rows after the scan's first, to where they stay."""
    for _ in range(columns):
        views = entry(table, _text(texts, L.FIELD), L.COLUMN)
        if _text(texts, L.CODING) != 0:
            known, used, coded = encode(
                views, rows, base, _text(texts, L.CODES) + 4 * done, _text(texts, L.SLOTS), mask, _text(texts, L.WORDS),
                _text(texts, L.WORD_HEAP), most, longest, _text(texts, L.KNOWN), _text(texts, L.USED),
            )  # fmt: skip
            put_integer(texts + 8 * L.KNOWN, known)
            put_integer(texts + 8 * L.USED, used)
            put_integer(texts + 8 * L.CODING, np.int64(coded))
            if coded:
                put_integer(texts + 8 * L.CODED, done + rows)
        if _text(texts, L.HASHES) != 0:
            hash_texts(views, rows, texts + 8 * L.BASE, _text(texts, L.HASHES) + 4 * done)
        if _text(texts, L.CODING) == 0 and _text(texts, L.SPANS) != 0:
            starts = entry(table, _text(texts, L.FIELD), L.STARTS)
            note_spans(views, rows, starts, places + 4 * done, _text(texts, L.SPANS) + 4 * done)
        elif _text(texts, L.CODING) == 0:
            used = _text(texts, L.HEAP_USED)
            into, heap = _text(texts, L.VIEWS) + 16 * done, _text(texts, L.HEAP)
            used = gather(views, rows, base, into, heap, _text(texts, L.HEAP_NUMBER), used)
            put_integer(texts + 8 * L.HEAP_USED, used)
        texts += 8 * L.TEXT_ENTRIES


@njit(nogil=True)
def take_records(  # type: ignore[no-untyped-def]
    base, at, stop, delimiter, fields, table, texts, columns, lines, places, line, most, mask, words, longest
):
    """Scans whole lines of CSV from `at` to `stop`, at most `most` rows of them -> (rows, how it ended).

    As csv_kernel.scan_records; `columns`: how many columns of texts there are. Of the coded ones each has room for `words`
    words of at most `longest` bytes, and a hash table of mask + 1 slots.
    """
    done = 0
    while at < stop:
        share = min(L.SHARE, most - done)
        blank_texts(table, fields, share)
        rows, at, line, how = scan_records(
            base, at, stop, delimiter, fields, table, lines + 4 * done, places + 4 * done, line, share
        )
        if how != L.DONE:
            return done, how
        _take_texts(base, table, texts, columns, places, done, rows, mask, words, longest)
        step(table, fields, rows)
        done += rows
    return done, L.DONE


@njit(nogil=True)
def take_objects(base, at, stop, names, fields, table, texts, columns, lines, places, line, most, mask, words, longest):  # type: ignore[no-untyped-def]
    """`take_records` of lines of NDJSON; names: as json_kernel.scan_objects."""
    done = 0
    while at < stop:
        share = min(L.SHARE, most - done)
        blank_texts(table, fields, share)
        rows, at, line, how = scan_objects(
            base, at, stop, names, fields, table, lines + 4 * done, places + 4 * done, line, share
        )
        if how != L.DONE:
            return done, how
        _take_texts(base, table, texts, columns, places, done, rows, mask, words, longest)
        step(table, fields, rows)
        done += rows
    return done, L.DONE
