"""Compiled: the usual spellings of numbers, times and words at an address, and where they end.

Each answers (value, end); the end is the address itself where the text is spelt any other way. What is unusual is not
judged here: its line is read again by the readers that know every spelling.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.calendar_kernel import DAY_US, NO_DAY, day_number
from ingestion.scanning.layout import OFFSET_NEEDED
from ingestion.scanning.words_kernel import byte_at, digit_run, digits_in, low_bytes, put_word, word_at

_MOST_DIGITS = 15  # of a number that a double holds exactly, as does every power of ten up to the 22nd
_POWERS = np.array([10.0**power for power in range(23)])
_TENS = np.array([10**power for power in range(8)])
_ZEROS = np.uint64(0x3030303030303030)
_DASHES, _DASHES_AT = np.uint64(0x2D00002D00000000), np.uint64(0xFF0000FF00000000)
_COLONS, _COLONS_AT = np.uint64(0x00003A00003A0000), np.uint64(0x0000FF0000FF0000)


@njit(nogil=True)
def real(at):  # type: ignore[no-untyped-def]
    """A decimal number of at most 15 digits without an exponent, correctly rounded: both parts of the division are exact."""
    negative = byte_at(at) == 45
    first = at + 1 if negative else at
    word = word_at(first)
    count = digit_run(word)
    if 0 < count < 8:
        value = digits_in(word, count)
        end = first + count
        decimals = 0
        if byte_at(end) == 46:
            word = word_at(end + 1)
            decimals = digit_run(word)
            if decimals == 0 or decimals == 8:
                return _any_real(at)
            value = value * _TENS[decimals] + digits_in(word, decimals)
            end += 1 + decimals
        if (count > 1 and byte_at(first) == 48) or (negative and value == 0):
            return 0.0, at
        if negative:
            value = -value
        return (np.float64(value) / _POWERS[decimals] if decimals else np.float64(value)), end
    return _any_real(at)


@njit(nogil=True)
def _any_real(at):  # type: ignore[no-untyped-def]
    """`real` digit by digit."""
    start = at
    byte = byte_at(at)
    negative = byte == 45
    if negative:
        at += 1
        byte = byte_at(at)
    value = 0
    first = at
    leading = byte
    while 48 <= byte <= 57:
        value = value * 10 + (byte - 48)
        at += 1
        byte = byte_at(at)
        if at - first > _MOST_DIGITS:
            return 0.0, start
    digits = at - first
    if digits == 0 or (digits > 1 and leading == 48):
        return 0.0, start
    decimals = 0
    if byte == 46:
        at += 1
        point = at
        byte = byte_at(at)
        while 48 <= byte <= 57:
            value = value * 10 + (byte - 48)
            at += 1
            byte = byte_at(at)
            if digits + at - point > _MOST_DIGITS:
                return 0.0, start
        decimals = at - point
        if decimals == 0:
            return 0.0, start
    if negative:
        if value == 0:
            return 0.0, start
        value = -value
    if decimals:
        return np.float64(value) / _POWERS[decimals], at
    return np.float64(value), at


@njit(nogil=True)
def integer(at):  # type: ignore[no-untyped-def]
    """An integer of at most 15 digits."""
    negative = byte_at(at) == 45
    first = at + 1 if negative else at
    word = word_at(first)
    count = digit_run(word)
    if 0 < count < 8:
        value = digits_in(word, count)
        if (count > 1 and byte_at(first) == 48) or (negative and value == 0):
            return 0, at
        return -value if negative else value, first + count
    return _any_integer(at)


@njit(nogil=True)
def _any_integer(at):  # type: ignore[no-untyped-def]
    """`integer` digit by digit."""
    start = at
    negative = byte_at(at) == 45
    if negative:
        at += 1
    value = 0
    first = at
    byte = byte_at(at)
    leading = byte
    while 48 <= byte <= 57:
        value = value * 10 + (byte - 48)
        at += 1
        byte = byte_at(at)
        if at - first > _MOST_DIGITS:
            return 0, start
    digits = at - first
    if digits == 0 or (digits > 1 and leading == 48) or (negative and value == 0):
        return 0, start
    return -value if negative else value, at


@njit(nogil=True)
def boolean(at):  # type: ignore[no-untyped-def]
    """`true` or `false`, 1 or 0."""
    first = word_at(at)
    if first & low_bytes(4) == np.uint64(0x65757274):
        return 1, at + 4
    if first & low_bytes(5) == np.uint64(0x65736C6166):
        return 0, at + 5
    digit = byte_at(at) - 48
    return (digit, at + 1) if 0 <= digit <= 1 else (0, at)


@njit(nogil=True, forceinline=True)
def two(at):  # type: ignore[no-untyped-def]
    """The number in two digits, or one over 99."""
    high, low = byte_at(at) - 48, byte_at(at + 1) - 48
    return high * 10 + low if 0 <= high <= 9 and 0 <= low <= 9 else 1000


@njit(nogil=True, forceinline=True)
def _pairs(word, others):  # type: ignore[no-untyped-def]
    """What each two bytes are as a number of two digits, at the first one's place; whether all but the `others` are digits."""
    word = (word & ~others) | (_ZEROS & others)
    figures = word & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64(figures * np.uint64(10) + (figures >> np.uint64(8))), digit_run(word) == 8


@njit(nogil=True)
def date(at):  # type: ignore[no-untyped-def]
    """YYYY-MM-DD as days since 1970 of the Gregorian calendar, years 1 to 9999."""
    word = word_at(at)
    pairs, digits = _pairs(word, _DASHES_AT)
    century, year_of, month, day = pairs & 255, pairs >> 16 & 255, pairs >> 40 & 255, two(at + 8)
    year = century * 100 + year_of
    if not digits or word & _DASHES_AT != _DASHES or year < 1:
        return 0, at
    days = day_number(year, month, day)
    if days == NO_DAY:
        return 0, at
    return days, at + 10


@njit(nogil=True)
def instant(at, ahead_us):  # type: ignore[no-untyped-def]
    """YYYY-MM-DD, T or a space, hh:mm:ss, up to six decimals, Z or +hh:mm as microseconds since 1970 UTC.

    Without an offset the time is `ahead_us` ahead of UTC, to the second, unless that is OFFSET_NEEDED.
    """
    days, after = date(at)
    if after == at or (byte_at(after) != 84 and byte_at(after) != 32):
        return 0, at
    word = word_at(at + 11)
    pairs, digits = _pairs(word, _COLONS_AT)
    hour, minute, second = pairs & 255, pairs >> 24 & 255, pairs >> 48 & 255
    if not digits or word & _COLONS_AT != _COLONS or hour > 23 or minute > 59 or second > 59:
        return 0, at
    place = at + 19
    fraction = 0
    if byte_at(place) == 46:
        unit = 100_000
        place += 1
        first = place
        while 48 <= byte_at(place) <= 57 and unit > 0:
            fraction += (byte_at(place) - 48) * unit
            unit //= 10
            place += 1
        if place == first or 48 <= byte_at(place) <= 57:
            return 0, at
    whole = days * DAY_US + (hour * 3600 + minute * 60 + second) * 1_000_000 + fraction
    mark = byte_at(place)
    if mark == 90:
        return whole, place + 1
    if mark == 43 or mark == 45:
        hours, minutes = two(place + 1), two(place + 4)
        if hours > 14 or minutes > 59 or (hours == 14 and minutes > 0) or byte_at(place + 3) != 58:
            return 0, at
        offset = (hours * 60 + minutes) * 60_000_000
        return whole - offset if mark == 43 else whole + offset, place + 6
    if ahead_us == OFFSET_NEEDED or place != at + 19:
        return 0, at
    return whole - ahead_us, place


@njit(nogil=True)
def put_view(target, base, at, size):  # type: ignore[no-untyped-def]
    """Write the `size` bytes at `at` as an Arrow string view: a short text within it, others by their place from `base`."""
    start, after = word_at(at), np.uint64(0)
    if size > 12:
        after = np.uint64(at - base) << np.uint64(32)
    elif size > 4:
        after = word_at(at + 4)
        if size < 12:
            after &= low_bytes(size - 4)
    else:
        start &= low_bytes(size)
    put_word(target, np.uint64(size) | start << np.uint64(32))
    put_word(target + 8, after)
