"""Compiled: where a text ends, eight bytes at a look."""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.scanning.words_kernel import byte_at, equal_bytes, first_mark, odd_bytes, spread, word_at

_QUOTES = np.uint64(0x2222222222222222)
_FEEDS = np.uint64(0x0A0A0A0A0A0A0A0A)


@njit(nogil=True)
def field_end(at, delimiter):  # type: ignore[no-untyped-def]
    """The delimiter, quote or control character that ends a CSV field; and whether it has bytes outside ASCII."""
    wide = False
    delimiters = spread(delimiter)
    while True:
        word = word_at(at)
        marks = equal_bytes(word, delimiters) | equal_bytes(word, _QUOTES) | odd_bytes(word)
        if marks == np.uint64(0):
            at += 8
            continue
        at += first_mark(marks)
        if byte_at(at) < 0x80:
            return at, wide
        wide = True
        at += 1


@njit(nogil=True)
def line_end(at):  # type: ignore[no-untyped-def]
    """The next line feed."""
    while True:
        marks = equal_bytes(word_at(at), _FEEDS)
        if marks != np.uint64(0):
            return at + first_mark(marks)
        at += 8


@njit(nogil=True)
def count_line_ends(text):  # type: ignore[no-untyped-def]
    """How many line feeds there are in an array of bytes."""
    count = 0
    for byte in text:
        count += byte == 10
    return count
