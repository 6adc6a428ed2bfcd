"""Compiled: the compression function of SHA-256 (FIPS 180-4 §6.2.2) on LANES blocks at a time.

Arrays are uint32 with a word of every lane side by side (word 0 of all lanes, word 1 of all lanes, ...), so that the
compiler makes each step one of vectors.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LANES = 16
#: FIPS 180-4 §4.2.2 and §5.3.3.
CONSTANTS = np.array([
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
], np.uint32)  # fmt: skip
FIRST_STATE = np.array([
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
], np.uint32)  # fmt: skip


@njit(nogil=True, forceinline=True)
def _turned(word, bits):  # type: ignore[no-untyped-def]
    return word >> np.uint32(bits) | word << np.uint32(32 - bits)


@njit(nogil=True)
def compress(state, words, ahead, behind, digest):  # type: ignore[no-untyped-def]
    """Take a block of every lane: digest (8 words) = `state` (8 words) after the block in words[:16].

    words: room for 64, of which the first 16 are the block. ahead, behind: room for 68. FIPS's a, b, c, d of step t are
    ahead[t + 3], ..., ahead[t], its e, f, g, h the same of behind: a step makes one word of each, and moves none.
    """
    for t in range(16, 64):
        for lane in range(LANES):
            early, late = words[(t - 15) * LANES + lane], words[(t - 2) * LANES + lane]
            words[t * LANES + lane] = (
                words[(t - 16) * LANES + lane]
                + (_turned(early, 7) ^ _turned(early, 18) ^ early >> np.uint32(3))
                + words[(t - 7) * LANES + lane]
                + (_turned(late, 17) ^ _turned(late, 19) ^ late >> np.uint32(10))
            )
    for word in range(4):
        for lane in range(LANES):
            ahead[(3 - word) * LANES + lane] = state[word * LANES + lane]
            behind[(3 - word) * LANES + lane] = state[(4 + word) * LANES + lane]
    for t in range(64):
        constant = CONSTANTS[t]
        for lane in range(LANES):
            e, f, g = (behind[(t + 3) * LANES + lane], behind[(t + 2) * LANES + lane], behind[(t + 1) * LANES + lane])
            a, b, c = (ahead[(t + 3) * LANES + lane], ahead[(t + 2) * LANES + lane], ahead[(t + 1) * LANES + lane])
            step = (
                behind[t * LANES + lane]
                + (_turned(e, 6) ^ _turned(e, 11) ^ _turned(e, 25))
                + ((e & f) ^ (~e & g))
                + constant
                + words[t * LANES + lane]
            )
            behind[(t + 4) * LANES + lane] = ahead[t * LANES + lane] + step
            ahead[(t + 4) * LANES + lane] = (
                step + (_turned(a, 2) ^ _turned(a, 13) ^ _turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
            )
    for word in range(4):
        for lane in range(LANES):
            digest[word * LANES + lane] = state[word * LANES + lane] + ahead[(67 - word) * LANES + lane]
            digest[(4 + word) * LANES + lane] = state[(4 + word) * LANES + lane] + behind[(67 - word) * LANES + lane]
