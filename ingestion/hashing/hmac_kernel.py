"""Compiled: HMAC-SHA256 (RFC 2104) of short texts, LANES of them at a time."""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.hashing.sha256_kernel import FIRST_STATE, LANES, compress

LONGEST = 55  # bytes: with SHA-256's mark and length they are one block
_BLOCK_BYTES, _DIGEST_BYTES = 64, 32
_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)


@njit(nogil=True)
def hmac_hex(texts, offsets, inner, outer, target):  # type: ignore[no-untyped-def]
    """Write 64 hexadecimal digits to `target` (uint8) for each text, one after another.

    texts: uint8; text i, of at most LONGEST bytes, is texts[offsets[i]:offsets[i + 1]]. inner, outer: the key's two
    padded blocks, 16 big-endian words each (uint32).
    """
    words = np.empty(64 * LANES, np.uint32)
    ahead, behind = np.empty(68 * LANES, np.uint32), np.empty(68 * LANES, np.uint32)
    start, digest = np.empty(8 * LANES, np.uint32), np.empty(8 * LANES, np.uint32)
    begun, finished = np.empty(8 * LANES, np.uint32), np.empty(8 * LANES, np.uint32)
    _fill(start, FIRST_STATE)
    _fill(words, inner)
    compress(start, words, ahead, behind, begun)
    _fill(words, outer)
    compress(start, words, ahead, behind, finished)
    count = len(offsets) - 1
    for first in range(0, count, LANES):
        for lane in range(LANES):
            text = min(first + lane, count - 1)  # of the last few lanes nothing is written
            _put_text(texts, offsets[text], offsets[text + 1] - offsets[text], words, lane)
        compress(begun, words, ahead, behind, digest)
        for place in range(8 * LANES):
            words[place] = digest[place]
        for lane in range(LANES):
            _end_block(words, lane, 8, np.uint32(0x80000000), _DIGEST_BYTES)
        compress(finished, words, ahead, behind, digest)
        for lane in range(min(LANES, count - first)):
            _put_digits(digest, lane, target, 2 * _DIGEST_BYTES * (first + lane))


@njit(nogil=True)
def _fill(target, words):  # type: ignore[no-untyped-def]
    """The same words in every lane."""
    for word in range(len(words)):
        for lane in range(LANES):
            target[word * LANES + lane] = words[word]


@njit(nogil=True)
def _put_text(texts, at, size, words, lane):  # type: ignore[no-untyped-def]
    """A text and the mark behind it as the block of a lane."""
    whole = size // 4
    for word in range(whole):
        words[word * LANES + lane] = (
            np.uint32(texts[at]) << np.uint32(24)
            | np.uint32(texts[at + 1]) << np.uint32(16)
            | np.uint32(texts[at + 2]) << np.uint32(8)
            | np.uint32(texts[at + 3])
        )
        at += 4
    last, shift = np.uint32(0), 24
    for _ in range(size - 4 * whole):
        last |= np.uint32(texts[at]) << np.uint32(shift)
        at += 1
        shift -= 8
    _end_block(words, lane, whole, last | np.uint32(0x80) << np.uint32(shift), size)


@njit(nogil=True)
def _end_block(words, lane, place, marked, size):  # type: ignore[no-untyped-def]
    """The last word of a message of `size` bytes with the mark, nothing, and how many bits there are, the key's included."""
    words[place * LANES + lane] = marked
    for word in range(place + 1, 15):
        words[word * LANES + lane] = 0
    words[15 * LANES + lane] = 8 * (_BLOCK_BYTES + size)


@njit(nogil=True)
def _put_digits(digest, lane, target, at):  # type: ignore[no-untyped-def]
    for word in range(8):
        value = digest[word * LANES + lane]
        for digit in range(8):
            target[at + digit] = _DIGITS[value >> np.uint32(28 - 4 * digit) & np.uint32(15)]
        at += 8
