"""Compiled: lines of a capture, their frames and headers (JT/T 808-2013 and -2019 §4.4), one look at each digit."""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.jtt808 import layout as L
from ingestion.jtt808.body_kernel import clear, decode_body, word
from ingestion.jtt808.clock_kernel import instant

FRAME_CAPACITY = 2048  # a whole message is at most 21 + 4 + 1023 + 1 bytes
LINE_LIMIT = L.RAW_LIMIT  # a whole message, every byte escaped, is below 5 KiB of text
SPARE_ROWS = 1024  # rows that one unreassembled frame can at most become: (1023 - 3) / 2 items, and a refusal

_HEX = np.full(256, -1, dtype=np.int8)
for _digit, _character in enumerate(b"0123456789abcdef"):
    _HEX[_character] = _digit
for _digit, _character in enumerate(b"ABCDEF"):
    _HEX[_character] = 10 + _digit


@njit(nogil=True)
def unescape(text, at, frame):  # type: ignore[no-untyped-def]
    """Hexadecimal frame at `at` -> (bytes in `frame`, their XOR, where the digits end, refusal number).

    A clean frame costs one look at each digit; only a damaged one is read again, to name what is wrong with it.
    """
    token = at
    length = 0
    checksum = 0
    if _HEX[text[at]] == 7 and _HEX[text[at + 1]] == 14:
        at += 2
        while True:
            high = _HEX[text[at]]
            if high < 0:
                break
            low = _HEX[text[at + 1]]
            if low < 0:
                break
            value = np.int64(high) << 4 | low
            at += 2
            if value == 0x7E:
                if text[at] <= 32:  # a space, a carriage return or the line feed
                    if length < 1:
                        return 0, 0, at, L.TRUNCATED_FRAME
                    return length, checksum, at, L.ACCEPTED
                break
            if value == 0x7D:
                if text[at] == 48 and text[at + 1] == 50:
                    value = 0x7E
                elif text[at] != 48 or text[at + 1] != 49:
                    break
                at += 2
            if length >= FRAME_CAPACITY:
                return 0, 0, at, L.FRAME_TOO_LONG
            frame[length] = value
            length += 1
            checksum ^= value
    at = token
    while _HEX[text[at]] >= 0:
        at += 1
    if text[at] > 32:
        return 0, 0, at, L.BAD_HEX
    count = at - token
    if count < 4 or _HEX[text[token]] != 7 or _HEX[text[token + 1]] != 14:
        return 0, 0, at, L.TRUNCATED_FRAME
    if _HEX[text[at - 2]] != 7 or _HEX[text[at - 1]] != 14:
        return 0, 0, at, L.TRUNCATED_FRAME
    return 0, 0, at, L.BAD_HEX if count % 2 else L.BAD_ESCAPE


@njit(nogil=True)
def _terminal(frame, at, size, terminals, slots, known):  # type: ignore[no-untyped-def]
    """Index of the BCD number in `terminals` (high, low words), added when new -> (index, number known)."""
    high, low = np.uint64(0), np.uint64(0)
    for offset in range(size):
        if offset < size - 8:
            high = high << np.uint64(8) | np.uint64(frame[at + offset])
        else:
            low = low << np.uint64(8) | np.uint64(frame[at + offset])
    if size > 6:
        high |= np.uint64(1 << 32)  # 2019: twenty digits, also when the first eight are zero
    mask = np.int64(slots.size - 1)
    slot = np.int64((low ^ high) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(40)) & mask
    while slots[slot] != 0:
        index = np.int64(slots[slot]) - 1
        if terminals[0, index] == high and terminals[1, index] == low:
            return index, known
        slot = (slot + 1) & mask
    slots[slot] = known + 1
    terminals[0, known] = high
    terminals[1, known] = low
    return known, known + 1


@njit(nogil=True)
def _message(frame, length, checksum, integers, reals, row, terminals, slots, known):  # type: ignore[no-untyped-def]
    """An unescaped message with its checksum -> (row after its rows, terminals known)."""
    if checksum != 0:  # the XOR of everything, checksum included
        integers[L.REFUSAL, row] = L.BAD_CHECKSUM
        return row + 1, known
    if length < 13:
        integers[L.REFUSAL, row] = L.TRUNCATED_FRAME
        return row + 1, known
    message_id, properties = word(frame, 0), word(frame, 2)
    edition_2019 = properties >> 14 & 1
    digits_at, digits_size = (5, 10) if edition_2019 else (4, 6)
    body = digits_at + digits_size + 2 + (4 if properties >> 13 & 1 else 0)
    if body + (properties & 0x3FF) + 1 != length:
        integers[L.REFUSAL, row] = L.BODY_LENGTH
        return row + 1, known
    index, known = _terminal(frame, digits_at, digits_size, terminals, slots, known)
    integers[L.TERMINAL, row] = index
    integers[L.SERIAL, row] = word(frame, digits_at + digits_size)
    if message_id != 0x0200 and message_id != 0x0704:
        integers[L.REFUSAL, row] = L.UNSUPPORTED_MESSAGE
        return row + 1, known
    if properties >> 10 & 7:
        integers[L.REFUSAL, row] = L.ENCRYPTED_BODY
        return row + 1, known
    if properties >> 13 & 1:
        integers[L.REFUSAL, row] = L.SUBPACKAGE
        return row + 1, known
    return decode_body(message_id, frame, body, length - 1 - body, integers, reals, row), known


@njit(nogil=True)
def decode_lines(text, at, stop, line, integers, reals, terminals, slots, known):  # type: ignore[no-untyped-def]
    """Decodes lines of text[at:stop] until the columns are full.

    `text` (uint8) must hold a line feed at stop - 1 and one byte more. `terminals` has `known` entries and room for
    one more a row; `slots` is their hash table, a power of two long, at first zero. Returns (rows, position reached,
    lines read so far, terminals known).
    """
    frame = np.empty(FRAME_CAPACITY + 8, dtype=np.uint8)
    capacity = integers.shape[1] - SPARE_ROWS
    row = 0
    while at < stop and row < capacity:
        begin = at
        line += 1
        while text[at] == 32 or text[at] == 9 or text[at] == 13:
            at += 1
        if text[at] == 10:  # a blank line says nothing
            at += 1
            continue
        received, at = instant(text, at)
        refusal = L.ACCEPTED
        length = checksum = 0
        if received == L.NULL_INSTANT or text[at] > 32:
            refusal = L.RECEIVED_AT_INVALID
        else:
            while text[at] == 32 or text[at] == 9 or text[at] == 13:
                at += 1
            if text[at] == 10:
                refusal = L.FRAME_MISSING
            else:
                length, checksum, at, refusal = unescape(text, at, frame)
                while text[at] == 32 or text[at] == 9 or text[at] == 13:
                    at += 1
                if text[at] != 10 and refusal == L.ACCEPTED:
                    refusal = L.BAD_HEX
        while text[at] != 10:
            at += 1
        if at - begin > LINE_LIMIT:
            refusal = L.LINE_TOO_LONG
        clear(integers, reals, row)
        integers[L.LINE, row] = line
        integers[L.RECEIVED, row] = received
        integers[L.TERMINAL, row] = L.NO_TERMINAL
        integers[L.SERIAL, row] = -1
        integers[L.BEGIN, row] = begin
        integers[L.END, row] = at
        at += 1
        if refusal == L.ACCEPTED:
            row, known = _message(frame, length, checksum, integers, reals, row, terminals, slots, known)
        else:
            integers[L.REFUSAL, row] = refusal
            row += 1
    return row, at, line, known
