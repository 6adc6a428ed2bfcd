"""Compiled: columns of string views, with the texts they stand for as codes, or gathered where they may stay."""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.scanning.words_kernel import low_bytes, put_integer, put_short, put_word, same, word_at

_SIZE = np.uint64(0xFFFFFFFF)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_INLINE = 12
NOT_CODED = -1


@njit(nogil=True, forceinline=True)
def _place(view, base):  # type: ignore[no-untyped-def]
    """Where a view's text lies, and its size; a short one lies in the view."""
    size = np.int64(word_at(view) & _SIZE)
    if size <= _INLINE:
        return view + 4, size
    return base + np.int64(word_at(view + 8) >> np.uint64(32)), size


@njit(nogil=True, forceinline=True)
def _mixed(at, size):  # type: ignore[no-untyped-def]
    """A hash of the first and the last eight of `size` bytes: words that differ in between alone are few."""
    first = word_at(at)
    if size < 8:
        first &= low_bytes(size)
        last = first
    else:
        last = word_at(at + size - 8)
    hashed = (np.uint64(size) ^ first) * _MIX
    hashed = (hashed ^ hashed >> np.uint64(32) ^ last) * _MIX
    hashed = (
        hashed ^ hashed >> np.uint64(32)
    ) * _MIX  # what the last bytes say stands in the high bits alone until here
    return hashed ^ hashed >> np.uint64(32)


@njit(nogil=True)
def encode(views, rows, base, codes, slots, mask, words, heap, most, longest, known, used):  # type: ignore[no-untyped-def]
    """The code of each view's text, from 0 in order of appearance -> (words known, bytes used of the heap).

    All addresses, but the counts. codes: int32[rows]; NOT_CODED where the text is longer than `longest` or there are `most`
    words. slots: int64[mask + 1], at first 0, the words' hash table. words: 16 bytes each, place in the heap and size.
    """
    for row in range(rows):
        view = views + 16 * row
        at, size = _place(view, base)
        code = NOT_CODED
        if size <= longest:
            slot = np.int64(_mixed(at, size)) & mask
            while True:
                index = np.int64(word_at(slots + 8 * slot))
                if index == 0:
                    if known == most:
                        break
                    code = known
                    put_integer(words + 16 * code, used)
                    put_integer(words + 16 * code + 8, size)
                    copy(at, heap + used, size)
                    used += size
                    known += 1
                    put_integer(slots + 8 * slot, known)
                    break
                word = words + 16 * (index - 1)
                if np.int64(word_at(word + 8)) == size and same(at, heap + np.int64(word_at(word)), size):
                    code = index - 1  # type: ignore[assignment]
                    break
                slot = (slot + 1) & mask
        put_short(codes + 4 * row, code)
    return known, used


@njit(nogil=True, forceinline=True)
def copy(at, target, size):  # type: ignore[no-untyped-def]
    """Copy `size` bytes, and up to seven that follow them."""
    while size > 0:
        put_word(target, word_at(at))
        at += 8
        target += 8
        size -= 8


@njit(nogil=True)
def gather(views, rows, base, targets, heap, number):  # type: ignore[no-untyped-def]
    """Copy the views to `targets` and the longer texts they stand for to `heap`, buffer `number` -> bytes used there."""
    used = 0
    for row in range(rows):
        view = views + 16 * row
        start = word_at(view)
        after = word_at(view + 8)
        size = np.int64(start & _SIZE)
        if size > _INLINE:
            copy(base + np.int64(after >> np.uint64(32)), heap + used, size)
            after = np.uint64(number) | np.uint64(used) << np.uint64(32)
            used += size  # type: ignore[assignment]
        put_word(targets + 16 * row, start)
        put_word(targets + 16 * row + 8, after)
    return used
