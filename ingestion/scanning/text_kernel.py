"""Compiled: where lines end."""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.scanning.words_kernel import equal_bytes, first_mark, word_at

_FEEDS = np.uint64(0x0A0A0A0A0A0A0A0A)


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
