"""Compiled: the times as text with an offset (the capture's) and as BCD in GMT+8 (the terminal's), to microseconds UTC."""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.calendar_kernel import DAY_US, NO_DAY, day_number
from ingestion.jtt808 import layout as L

GMT8_US = 28_800_000_000  # terminals report in GMT+8 without a zone


@njit(nogil=True)
def _digits(text, at, count):  # type: ignore[no-untyped-def]
    """The number in `count` ASCII digits, or -1; the text ends in a line feed, so this never runs past it."""
    value = 0
    for offset in range(count):
        digit = int(text[at + offset]) - 48
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value


@njit(nogil=True)
def instant(text, at):  # type: ignore[no-untyped-def]
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
            fraction += (int(text[at]) - 48) * unit
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
    days = day_number(year, month, day)
    if days == NO_DAY:
        return bad
    return days * DAY_US + (hour * 3600 + minute * 60 + second) * 1_000_000 + fraction - offset_us, at


@njit(nogil=True)
def _bcd(data, at):  # type: ignore[no-untyped-def]
    high, low = np.int64(data[at]) >> 4, np.int64(data[at]) & 15
    return high * 10 + low if high < 10 and low < 10 else -1000


@njit(nogil=True)
def reported_at(data, at):  # type: ignore[no-untyped-def]
    """BCD[6] YYMMDDhhmmss in GMT+8 -> microseconds since 1970 UTC, or NULL_INSTANT."""
    hour, minute, second = _bcd(data, at + 3), _bcd(data, at + 4), _bcd(data, at + 5)
    year = _bcd(data, at)
    if year < 0 or hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        return L.NULL_INSTANT
    days = day_number(2000 + year, _bcd(data, at + 1), _bcd(data, at + 2))
    if days == NO_DAY:
        return L.NULL_INSTANT
    return days * DAY_US + (hour * 3600 + minute * 60 + second) * 1_000_000 - GMT8_US
