"""Compiled: bytes of a file, and where lines end."""

from __future__ import annotations

import numpy as np
from numba import njit, types

from ingestion.scanning.words_kernel import equal_bytes, first_mark, word_at

pread = types.ExternalFunction("pread", types.int64(types.int32, types.int64, types.int64, types.int64))  # POSIX.1-2017
_PART = 1 << 18
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


@njit(nogil=True)
def read(descriptor, text, at, size, offset):  # type: ignore[no-untyped-def]
    """Read `size` bytes of a file from `offset` on, or as many as there are -> (bytes, line feeds among them).

    To an array and its address. A part at a time, which is counted while it is at hand.
    """
    done = count = 0
    while done < size:
        found = pread(descriptor, at + done, min(_PART, size - done), offset + done)
        if found <= 0:
            break
        count += count_line_ends(text[done : done + found])
        done += found
    return done, count
