"""Compiled: columns of string views, with the texts they stand for as codes, or gathered where they may stay."""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.scanning.layout import INLINE
from ingestion.scanning.words_kernel import (
    PART,
    copy_part,
    low_bytes,
    put_integer,
    put_short,
    put_word,
    same,
    short_at,
    word_at,
)

SIZE = np.uint64(0xFFFFFFFF)
SPAN_BITS = 16  # bits of a span: where its text begins within its line, and above it how many bytes it has
_MIX = np.uint64(0x9E3779B97F4A7C15)
_NONE = np.uint64(0xFFFFFFFFFFFFFFFF)  # the size of no text
_NOTHING = np.uint64(0)


@njit(nogil=True, forceinline=True)
def mixed(one, other):  # type: ignore[no-untyped-def]
    """A hash of two words."""
    hashed = one * _MIX
    hashed = (hashed ^ hashed >> np.uint64(32) ^ other) * _MIX
    hashed = (
        hashed ^ hashed >> np.uint64(32)
    ) * _MIX  # what the other word says stands in the high bits alone until here
    return hashed ^ hashed >> np.uint64(32)


@njit(nogil=True)
def encode(views, rows, base, codes, slots, mask, words, heap, most, longest, known, used):  # type: ignore[no-untyped-def]
    """The code of each view's text, from 0 in order of appearance -> (words known, bytes used of the heap, whether all are).

    All addresses, but the counts. codes: int32[rows]. Ends at a text that is longer than `longest`, or a new one when there
    are `most` words. slots: int32[mask + 1], at first 0, the words' hash table. words: 32 bytes each, place in the heap, size, and the
    two words that are hashed: the view of a short text, else its first and its last eight bytes.
    """
    last_start, last_after, code = _NONE, _NONE, 0
    for row in range(rows):
        start, after = word_at(views + 16 * row), word_at(views + 16 * row + 8)
        if start == last_start and after == last_after:  # the same short text, or the same place
            put_short(codes + 4 * row, code)
            continue
        last_start, last_after = start, after
        size = np.int64(start & SIZE)
        at = views + 16 * row + 4
        if size > INLINE:
            at = base + np.int64(after >> np.uint64(32))
            start, after = word_at(at), word_at(at + size - 8)
        if size > longest:
            return known, used, False
        slot = np.int64(mixed(start, after)) & mask
        while True:
            index = short_at(slots + 4 * slot)
            if index == 0:
                if known == most:
                    return known, used, False
                code = known
                put_integer(words + 32 * code, used)
                put_integer(words + 32 * code + 8, size)
                put_word(words + 32 * code + 16, start)
                put_word(words + 32 * code + 24, after)
                copy(at, heap + used, size)
                used += size
                known += 1
                put_short(slots + 4 * slot, known)
                break
            word = words + 32 * (index - 1)
            if (
                word_at(word + 16) == start
                and word_at(word + 24) == after
                and np.int64(word_at(word + 8)) == size
                and (size <= INLINE or same(at, heap + np.int64(word_at(word)), size))
            ):
                code = index - 1
                break
            slot = (slot + 1) & mask
        put_short(codes + 4 * row, code)
    return known, used, True


@njit(nogil=True, forceinline=True)
def copy(at, target, size):  # type: ignore[no-untyped-def]
    """Copy `size` bytes, and up to PART - 1 that follow them."""
    while size > 0:
        copy_part(at, target)
        at += PART
        target += PART
        size -= PART


@njit(nogil=True)
def gather(views, rows, base, targets, heap, number, used):  # type: ignore[no-untyped-def]
    """Copy the views to `targets` and the longer texts they stand for to `heap`, buffer `number` -> bytes used there."""
    for row in range(rows):
        view = views + 16 * row
        start = word_at(view)
        after = word_at(view + 8)
        size = np.int64(start & SIZE)
        if size > INLINE:
            copy(base + np.int64(after >> np.uint64(32)), heap + used, size)
            after = np.uint64(number) | np.uint64(used) << np.uint64(32)
            used += size
        put_word(targets + 16 * row, start)
        put_word(targets + 16 * row + 8, after)
    return used


@njit(nogil=True)
def note_spans(views, rows, starts, lines, spans):  # type: ignore[no-untyped-def]
    """Where each view's text is within its row's line, as one number of 32 bits; 0 for no text.

    All addresses, but the rows. starts, lines: uint32, where text and line begin, from the same place.
    """
    for row in range(rows):
        size = short_at(views + 16 * row)
        span = short_at(starts + 4 * row) - short_at(lines + 4 * row) | size << SPAN_BITS
        put_short(spans + 4 * row, span if size > 0 else 0)


@njit(nogil=True)
def hash_texts(views, rows, heaps, hashes):  # type: ignore[no-untyped-def]
    """32 bits of a hash of each view's text. heaps: as mixed_text takes them. hashes: the address of uint32[rows]."""
    for row in range(rows):
        put_short(hashes + 4 * row, np.int64(mixed_text(_NOTHING, views + 16 * row, heaps)))


@njit(nogil=True, forceinline=True)
def mixed_text(hashed, view, heaps):  # type: ignore[no-untyped-def]
    """A hash with the text of a view mixed into it; heaps: the address of those of each buffer of longer texts."""
    start, after = word_at(view), word_at(view + 8)
    size = np.int64(start & SIZE)
    if size <= INLINE:
        return mixed(hashed ^ start, after)
    hashed = mixed(hashed ^ start, start)
    at = np.int64(word_at(heaps + 8 * np.int64(after & SIZE))) + np.int64(after >> np.uint64(32))
    while size >= 8:
        hashed = mixed(hashed, word_at(at))
        at += 8
        size -= 8
    return mixed(hashed, word_at(at) & low_bytes(size))
