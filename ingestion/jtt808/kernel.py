"""The compiled part of the JT/T 808 decoder: capture text in, columns out, in one pass and without the GIL.

All compiled functions live in this one file on purpose: numba's cache looks at the date of the file it compiles and
not at what that file calls elsewhere, so a second file would be served stale. Frame, header and body as in
JT/T 808-2013 and -2019 §4.4, §8.12 (0x0200) and §8.49 (0x0704).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.jtt808 import layout as L

KERNEL_LAYOUT = 1  # raise it whenever a number in layout.py changes, so that cached machine code is thrown away

FRAME_CAPACITY = 2048  # a whole message is at most 21 + 4 + 1023 + 1 bytes
LINE_LIMIT = L.RAW_LIMIT  # a whole message, every byte escaped, is below 5 KiB of text
SPARE_ROWS = 1024  # rows that one unreassembled frame can at most become: (1023 - 3) / 2 items, and a refusal
DAY_US = 86_400_000_000
GMT8_US = 28_800_000_000  # terminals report in GMT+8 without a zone

_HEX = np.full(256, -1, dtype=np.int8)
for _digit, _character in enumerate(b"0123456789abcdef"):
    _HEX[_character] = _digit
for _digit, _character in enumerate(b"ABCDEF"):
    _HEX[_character] = 10 + _digit

_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)


@njit(cache=True, nogil=True)
def _midnight(year, month, day):  # type: ignore[no-untyped-def]
    """Microseconds from 1970 to the date's midnight, or NULL_INSTANT when there is no such date."""
    if month < 1 or month > 12 or day < 1:
        return L.NULL_INSTANT
    last = _MONTH_DAYS[month]
    if month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0):
        last = 29
    if day > last:
        return L.NULL_INSTANT
    shifted = year - 1 if month <= 2 else year  # years that begin in March put the leap day last
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return (era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468) * DAY_US


@njit(cache=True, nogil=True)
def _digits(text, at, count):  # type: ignore[no-untyped-def]
    """The number in `count` ASCII digits, or -1; the text ends in a line feed, so this never runs past it."""
    value = 0
    for offset in range(count):
        digit = np.int64(text[at + offset]) - 48
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value


@njit(cache=True, nogil=True)
def _instant(text, at):  # type: ignore[no-untyped-def]
    """ISO 8601 with offset at `at` -> (microseconds since 1970 UTC or NULL_INSTANT, where it ends)."""
    bad = (L.NULL_INSTANT, at)
    year = _digits(text, at, 4)
    if year < 1900 or text[at + 4] != 45:
        return bad
    month = _digits(text, at + 5, 2)
    if month < 0 or text[at + 7] != 45:
        return bad
    day = _digits(text, at + 8, 2)
    if day < 0 or (text[at + 10] != 84 and text[at + 10] != 32):  # "T", or the space some tools write
        return bad
    hour = _digits(text, at + 11, 2)
    if hour < 0 or hour > 23 or text[at + 13] != 58:
        return bad
    minute = _digits(text, at + 14, 2)
    if minute < 0 or minute > 59 or text[at + 16] != 58:
        return bad
    second = _digits(text, at + 17, 2)
    if second < 0 or second > 59:
        return bad
    at += 19
    fraction = 0
    if text[at] == 46:
        at += 1
        unit = 100_000
        first = at
        while text[at] >= 48 and text[at] <= 57:
            fraction += (np.int64(text[at]) - 48) * unit
            unit //= 10
            at += 1
        if at == first:
            return bad
    offset_us = 0
    if text[at] == 90:
        at += 1
    elif text[at] == 43 or text[at] == 45:
        sign = 1 if text[at] == 43 else -1
        hours = _digits(text, at + 1, 2)
        if hours < 0 or hours > 18:
            return bad
        at += 3
        if text[at] == 58:
            at += 1
        minutes = _digits(text, at, 2)
        if minutes < 0 or minutes > 59:
            return bad
        at += 2
        offset_us = sign * (hours * 60 + minutes) * 60_000_000
    else:
        return bad
    midnight = _midnight(year, month, day)
    if midnight == L.NULL_INSTANT:
        return bad
    return midnight + (hour * 3600 + minute * 60 + second) * 1_000_000 + fraction - offset_us, at


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _word(data, at):  # type: ignore[no-untyped-def]
    return np.int64(data[at]) << 8 | np.int64(data[at + 1])


@njit(cache=True, nogil=True)
def _double_word(data, at):  # type: ignore[no-untyped-def]
    return _word(data, at) << 16 | _word(data, at + 2)


@njit(cache=True, nogil=True)
def _bcd(data, at):  # type: ignore[no-untyped-def]
    high, low = np.int64(data[at]) >> 4, np.int64(data[at]) & 15
    return high * 10 + low if high < 10 and low < 10 else -1000


@njit(cache=True, nogil=True)
def _reported(data, at):  # type: ignore[no-untyped-def]
    """BCD[6] YYMMDDhhmmss in GMT+8 -> microseconds since 1970 UTC, or NULL_INSTANT."""
    hour, minute, second = _bcd(data, at + 3), _bcd(data, at + 4), _bcd(data, at + 5)
    year = _bcd(data, at)
    if year < 0 or hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        return L.NULL_INSTANT
    midnight = _midnight(2000 + year, _bcd(data, at + 1), _bcd(data, at + 2))
    if midnight == L.NULL_INSTANT:
        return L.NULL_INSTANT
    return midnight + (hour * 3600 + minute * 60 + second) * 1_000_000 - GMT8_US


@njit(cache=True, nogil=True)
def _position(data, at, length, integers, reals, row):  # type: ignore[no-untyped-def]
    """One position report of `length` bytes at `at` into `row` -> refusal number."""
    if length < 28:
        return L.ITEM_LENGTH
    status = _double_word(data, at + 4)
    integers[L.ALARM, row] = _double_word(data, at)
    integers[L.STATUS, row] = status
    latitude, longitude = _double_word(data, at + 8), _double_word(data, at + 12)
    reals[L.LATITUDE, row] = (-latitude if status & 4 else latitude) / 1e6
    reals[L.LONGITUDE, row] = (-longitude if status & 8 else longitude) / 1e6
    reals[L.ALTITUDE, row] = _word(data, at + 16)
    reals[L.SPEED, row] = _word(data, at + 18) / 10.0
    reals[L.HEADING, row] = _word(data, at + 20)
    reported = _reported(data, at + 22)
    integers[L.REPORTED, row] = reported
    end = at + length
    extra = at + 28
    while extra + 2 <= end:  # the first that parses counts; what does not parse ends the list, never the position
        size = np.int64(data[extra + 1])
        value = extra + 2
        if value + size > end:
            break
        if data[extra] == 0x01 and size == 4 and np.isnan(reals[L.MILEAGE, row]):
            reals[L.MILEAGE, row] = _double_word(data, value) / 10.0
        elif data[extra] == 0x02 and size == 2 and np.isnan(reals[L.FUEL, row]):
            reals[L.FUEL, row] = _word(data, value) / 10.0
        extra = value + size
    if latitude > 90_000_000:
        return L.LATITUDE_IMPOSSIBLE
    if longitude > 180_000_000:
        return L.LONGITUDE_IMPOSSIBLE
    if reported == L.NULL_INSTANT:
        return L.TIME_INVALID
    return L.ACCEPTED


@njit(cache=True, nogil=True)
def _next_row(integers, reals, row):  # type: ignore[no-untyped-def]
    """Clears `row` and gives it the line, reception, terminal, serial and text range that `row - 1` has."""
    for column in range(L.INTEGER_COLUMNS):
        integers[column, row] = integers[column, row - 1]
    _clear(integers, reals, row)


@njit(cache=True, nogil=True)
def _clear(integers, reals, row):  # type: ignore[no-untyped-def]
    integers[L.REPORTED, row] = L.NULL_INSTANT
    integers[L.ALARM, row] = 0
    integers[L.STATUS, row] = 0
    integers[L.BLIND, row] = 0
    integers[L.REFUSAL, row] = L.ACCEPTED
    reals[L.MILEAGE, row] = np.nan
    reals[L.FUEL, row] = np.nan


@njit(cache=True, nogil=True)
def decode_body(message_id, data, at, length, integers, reals, row):  # type: ignore[no-untyped-def]
    """Body of 0x0200 or 0x0704 -> rows from `row` on, whose common columns stand in `row`; returns the row after."""
    if message_id == 0x0200:
        integers[L.REFUSAL, row] = _position(data, at, length, integers, reals, row)
        return row + 1
    end = at + length
    announced = _word(data, at) if length >= 3 else 0
    if announced == 0:
        integers[L.REFUSAL, row] = L.BATCH_EMPTY if length >= 3 else L.ITEMS_MISSING
        return row + 1
    blind = 1 if data[at + 2] == 1 else 0
    at += 3
    for item in range(announced):
        if item:
            _next_row(integers, reals, row)
        size = _word(data, at) if at + 2 <= end else 0
        if at + 2 > end or at + 2 + size > end:
            integers[L.REFUSAL, row] = L.ITEMS_MISSING
            return row + 1
        integers[L.BLIND, row] = blind
        integers[L.REFUSAL, row] = _position(data, at + 2, size, integers, reals, row)
        row += 1
        at += 2 + size
    if at < end:
        _next_row(integers, reals, row)
        integers[L.REFUSAL, row] = L.ITEMS_LEFT_OVER
        row += 1
    return row


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def decode_lines(text, at, stop, line, integers, reals, terminals, slots):  # type: ignore[no-untyped-def]
    """Decodes lines of text[at:stop] until the columns are full.

    `text` (uint8) must hold a line feed at stop - 1 and one byte more. `slots` is zeroed, a power of two, and larger
    than twice the row capacity. Returns (rows, position reached, lines read so far, terminals known).
    """
    frame = np.empty(FRAME_CAPACITY + 8, dtype=np.uint8)
    capacity = integers.shape[1] - SPARE_ROWS
    row = 0
    known = 0
    while at < stop and row < capacity:
        begin = at
        line += 1
        while text[at] == 32 or text[at] == 9 or text[at] == 13:
            at += 1
        if text[at] == 10:  # a blank line says nothing
            at += 1
            continue
        received, at = _instant(text, at)
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
        _clear(integers, reals, row)
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


@njit(cache=True, nogil=True)
def _message(frame, length, checksum, integers, reals, row, terminals, slots, known):  # type: ignore[no-untyped-def]
    """An unescaped message with its checksum -> (row after its rows, terminals known)."""
    if checksum != 0:  # the XOR of everything, checksum included
        integers[L.REFUSAL, row] = L.BAD_CHECKSUM
        return row + 1, known
    if length < 13:
        integers[L.REFUSAL, row] = L.TRUNCATED_FRAME
        return row + 1, known
    message_id, properties = _word(frame, 0), _word(frame, 2)
    edition_2019 = properties >> 14 & 1
    digits_at, digits_size = (5, 10) if edition_2019 else (4, 6)
    body = digits_at + digits_size + 2 + (4 if properties >> 13 & 1 else 0)
    if body + (properties & 0x3FF) + 1 != length:
        integers[L.REFUSAL, row] = L.BODY_LENGTH
        return row + 1, known
    index, known = _terminal(frame, digits_at, digits_size, terminals, slots, known)
    integers[L.TERMINAL, row] = index
    integers[L.SERIAL, row] = _word(frame, digits_at + digits_size)
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
