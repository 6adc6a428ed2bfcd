"""Compiled: message bodies with positions, 0x0200 (JT/T 808-2019 §8.12) and 0x0704 (§8.49), into columns."""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.jtt808 import layout as L
from ingestion.jtt808.clock_kernel import reported_at


@njit(nogil=True)
def word(data, at):  # type: ignore[no-untyped-def]
    return np.int64(data[at]) << 8 | np.int64(data[at + 1])


@njit(nogil=True)
def double_word(data, at):  # type: ignore[no-untyped-def]
    return word(data, at) << 16 | word(data, at + 2)


@njit(nogil=True)
def _position(data, at, length, integers, reals, row):  # type: ignore[no-untyped-def]
    """One position report of `length` bytes at `at` into `row` -> refusal number."""
    if length < 28:
        return L.ITEM_LENGTH
    status = double_word(data, at + 4)
    integers[L.ALARM, row] = double_word(data, at)
    integers[L.STATUS, row] = status
    latitude, longitude = double_word(data, at + 8), double_word(data, at + 12)
    reals[L.LATITUDE, row] = (-latitude if status & 4 else latitude) / 1e6
    reals[L.LONGITUDE, row] = (-longitude if status & 8 else longitude) / 1e6
    reals[L.ALTITUDE, row] = word(data, at + 16)
    reals[L.SPEED, row] = word(data, at + 18) / 10.0
    reals[L.HEADING, row] = word(data, at + 20)
    reported = reported_at(data, at + 22)
    integers[L.REPORTED, row] = reported
    end = at + length
    extra = at + 28
    while extra + 2 <= end:  # the first that parses counts; what does not parse ends the list, never the position
        size = np.int64(data[extra + 1])
        value = extra + 2
        if value + size > end:
            break
        if data[extra] == 0x01 and size == 4 and np.isnan(reals[L.MILEAGE, row]):
            reals[L.MILEAGE, row] = double_word(data, value) / 10.0
        elif data[extra] == 0x02 and size == 2 and np.isnan(reals[L.FUEL, row]):
            reals[L.FUEL, row] = word(data, value) / 10.0
        extra = value + size
    if latitude > 90_000_000:
        return L.LATITUDE_IMPOSSIBLE
    if longitude > 180_000_000:
        return L.LONGITUDE_IMPOSSIBLE
    if reported == L.NULL_INSTANT:
        return L.TIME_INVALID
    return L.ACCEPTED


@njit(nogil=True)
def clear(integers, reals, row):  # type: ignore[no-untyped-def]
    integers[L.REPORTED, row] = L.NULL_INSTANT
    integers[L.ALARM, row] = 0
    integers[L.STATUS, row] = 0
    integers[L.BLIND, row] = 0
    integers[L.REFUSAL, row] = L.ACCEPTED
    reals[L.MILEAGE, row] = np.nan
    reals[L.FUEL, row] = np.nan


@njit(nogil=True)
def _next_row(integers, reals, row):  # type: ignore[no-untyped-def]
    """Clears `row` and gives it the line, reception, terminal, serial and text range that `row - 1` has."""
    for column in range(L.INTEGER_COLUMNS):
        integers[column, row] = integers[column, row - 1]
    clear(integers, reals, row)


@njit(nogil=True)
def decode_body(message_id, data, at, length, integers, reals, row):  # type: ignore[no-untyped-def]
    """Body of 0x0200 or 0x0704 -> rows from `row` on, whose common columns stand in `row`; returns the row after."""
    if message_id == 0x0200:
        integers[L.REFUSAL, row] = _position(data, at, length, integers, reals, row)
        return row + 1
    end = at + length
    announced = word(data, at) if length >= 3 else 0
    if announced == 0:
        integers[L.REFUSAL, row] = L.BATCH_EMPTY if length >= 3 else L.ITEMS_MISSING
        return row + 1
    blind = 1 if data[at + 2] == 1 else 0
    at += 3
    for item in range(announced):
        if item:
            _next_row(integers, reals, row)
        size = word(data, at) if at + 2 <= end else 0
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
