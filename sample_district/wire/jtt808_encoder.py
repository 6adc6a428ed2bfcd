"""JT/T 808 captures by the million: columns of positions in, the text a gateway would have written out.

Gives byte for byte what `jtt808_frames` gives (a test compares them), compiled. Call it with some 100,000 positions
at a time: the text is allocated for its worst case first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_BODY_LIMIT = 1023
_LINE_OVERHEAD = 30 + 1 + 4 + 4 * 26  # time and space, line feed, two 7E, header and checksum with every byte escaped


@dataclass(frozen=True)
class Positions:
    """Columns of n positions. South and west bits follow the signs; NaN mileage or fuel leaves the extra out."""

    terminal: np.ndarray  # uint64[n], the phone number as a number
    is_2019: np.ndarray  # bool[n], header edition
    serial: np.ndarray  # uint16[n]
    reported_at_us: np.ndarray  # int64[n], microseconds since 1970 UTC
    longitude: np.ndarray  # float64[n], degrees
    latitude: np.ndarray  # float64[n], degrees
    altitude_m: np.ndarray  # float64[n]
    speed_kmh: np.ndarray  # float64[n]
    heading_deg: np.ndarray  # float64[n]
    alarm: np.ndarray  # uint32[n]
    status: np.ndarray  # uint32[n], see status_words
    mileage_km: np.ndarray  # float64[n]
    fuel_l: np.ndarray  # float64[n]

    def __len__(self) -> int:
        return len(self.terminal)


@dataclass(frozen=True)
class CaptureText:
    """Lines of a capture, each with its line feed; line k is text[line_ends[k - 1]:line_ends[k]]."""

    text: np.ndarray  # uint8
    line_ends: np.ndarray  # int64[lines]
    message: np.ndarray  # int64[lines], which message the line belongs to (sub-packages share one)

    def tobytes(self) -> bytes:
        return self.text.tobytes()

    def lines(self) -> list[bytes]:
        """The lines without line feeds, to plant faults in."""
        return self.tobytes().split(b"\n")[:-1]


def status_words(acc_on: np.ndarray, is_positioned: np.ndarray, load: np.ndarray) -> np.ndarray:
    """uint32 status words from booleans and load 0 empty, 1 half, 2 full."""
    load_bits = np.array([0, 1 << 8, 3 << 8], dtype=np.uint32)[load]
    return acc_on.astype(np.uint32) | is_positioned.astype(np.uint32) << np.uint32(1) | load_bits


def encode_locations(positions: Positions, received_at_us: np.ndarray) -> CaptureText:
    """One 0x0200 frame and line a position, received at `received_at_us` (int64[n], UTC)."""
    return _encode(positions, np.arange(len(positions) + 1, dtype=np.int64), received_at_us, False, False, _BODY_LIMIT)


def encode_batches(
    positions: Positions,
    ends: np.ndarray,
    received_at_us: np.ndarray,
    *,
    blind: bool = True,
    part_bytes: int = _BODY_LIMIT,
) -> CaptureText:
    """One 0x0704 message a batch: batch k holds positions[ends[k - 1]:ends[k]] and is received at received_at_us[k].

    Header columns are those of a batch's first position. A body longer than `part_bytes` is sent in sub-packages with
    consecutive serials.
    """
    starts = np.concatenate([[0], ends]).astype(np.int64)
    return _encode(positions, starts, received_at_us, True, blind, part_bytes)


def _encode(
    positions: Positions, starts: np.ndarray, received_at_us: np.ndarray, batch: bool, blind: bool, part_bytes: int
) -> CaptureText:
    items = np.diff(starts)
    bodies = items * 40 + 3
    lines = int(np.maximum(1, -(-bodies // part_bytes)).sum())
    text = np.empty(lines * _LINE_OVERHEAD + int(bodies.sum()) * 4, dtype=np.uint8)
    line_ends, message = np.empty(lines, dtype=np.int64), np.empty(lines, dtype=np.int64)
    scratch = np.empty(int(bodies.max(initial=0)) + 64, dtype=np.uint8)
    words = np.stack(
        [
            np.asarray(column, dtype=np.int64)
            for column in (
                positions.terminal, positions.is_2019, positions.serial, positions.reported_at_us, positions.alarm,
                positions.status,
            )
        ]
    )  # fmt: skip
    reals = np.stack(
        [
            np.asarray(column, dtype=np.float64)
            for column in (
                positions.latitude, positions.longitude, positions.altitude_m, positions.speed_kmh,
                positions.heading_deg, positions.mileage_km, positions.fuel_l,
            )
        ]
    )  # fmt: skip
    received = np.asarray(received_at_us, dtype=np.int64)
    size, count = _write(words, reals, starts, received, batch, blind, part_bytes, scratch, text, line_ends, message)
    return CaptureText(text[:size].copy(), line_ends[:count], message[:count])


@njit(cache=True, nogil=True)
def _put(data, at, value, size):  # type: ignore[no-untyped-def]
    """Big-endian integer of `size` bytes; returns where the next goes."""
    for offset in range(size):
        data[at + offset] = (value >> (8 * (size - 1 - offset))) & 255
    return at + size


@njit(cache=True, nogil=True)
def _put_bcd(data, at, value, size):  # type: ignore[no-untyped-def]
    for offset in range(size - 1, -1, -1):
        value, low = value // 10, value % 10
        value, high = value // 10, value % 10
        data[at + offset] = high << 4 | low
    return at + size


@njit(cache=True, nogil=True)
def _civil(day):  # type: ignore[no-untyped-def]
    """Days since 1970 -> (year, month, day of month)."""
    shifted = day + 719468
    era = shifted // 146097
    of_era = shifted - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    of_month = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    return year + era * 400 + (1 if month <= 2 else 0), month, of_month


@njit(cache=True, nogil=True)
def _put_location(data, at, words, reals, row):  # type: ignore[no-untyped-def]
    latitude, longitude = reals[0, row], reals[1, row]
    status = words[5, row] | (4 if latitude < 0 else 0) | (8 if longitude < 0 else 0)
    at = _put(data, at, words[4, row], 4)
    at = _put(data, at, status, 4)
    at = _put(data, at, np.int64(np.rint(abs(latitude) * 1e6)), 4)
    at = _put(data, at, np.int64(np.rint(abs(longitude) * 1e6)), 4)
    at = _put(data, at, np.int64(np.rint(reals[2, row])), 2)
    at = _put(data, at, np.int64(np.rint(reals[3, row] * 10)), 2)
    at = _put(data, at, np.int64(np.rint(reals[4, row])), 2)
    seconds = words[3, row] // 1_000_000 + 28_800
    year, month, day = _civil(seconds // 86_400)
    of_day = seconds % 86_400
    at = _put_bcd(data, at, year % 100, 1)
    at = _put_bcd(data, at, month * 100 + day, 2)
    at = _put_bcd(data, at, of_day // 3600 * 10_000 + of_day // 60 % 60 * 100 + of_day % 60, 3)
    if not np.isnan(reals[5, row]):
        at = _put(data, at, 0x0104, 2)
        at = _put(data, at, np.int64(np.rint(reals[5, row] * 10)), 4)
    if not np.isnan(reals[6, row]):
        at = _put(data, at, 0x0202, 2)
        at = _put(data, at, np.int64(np.rint(reals[6, row] * 10)), 2)
    return at


@njit(cache=True, nogil=True)
def _put_digits(text, at, value, count):  # type: ignore[no-untyped-def]
    for offset in range(count - 1, -1, -1):
        text[at + offset] = 48 + value % 10
        value //= 10
    return at + count


@njit(cache=True, nogil=True)
def _put_time(text, at, microseconds):  # type: ignore[no-untyped-def]
    """`2026-11-23T09:02:03.500+08:00 `, the line's beginning."""
    milliseconds = microseconds // 1000 + 28_800_000
    year, month, day = _civil(milliseconds // 86_400_000)
    of_day = milliseconds % 86_400_000
    fields = (
        (year, 4, 45), (month, 2, 45), (day, 2, 84), (of_day // 3_600_000, 2, 58), (of_day // 60_000 % 60, 2, 58),
        (of_day // 1000 % 60, 2, 46), (of_day % 1000, 3, 43), (8, 2, 58), (0, 2, 32),
    )  # fmt: skip
    for value, count, mark in fields:
        at = _put_digits(text, at, value, count)
        text[at] = mark
        at += 1
    return at


@njit(cache=True, nogil=True)
def _put_hex(text, at, value):  # type: ignore[no-untyped-def]
    text[at] = _HEX[value >> 4]
    text[at + 1] = _HEX[value & 15]
    return at + 2


@njit(cache=True, nogil=True)
def _put_sealed(text, at, data, begin, end, checksum):  # type: ignore[no-untyped-def]
    """Bytes with their escapes -> (where the next goes, checksum so far)."""
    for index in range(begin, end):
        value = np.int64(data[index])
        checksum ^= value
        if value == 0x7E or value == 0x7D:
            at = _put_hex(text, _put_hex(text, at, 0x7D), 2 if value == 0x7E else 1)
        else:
            at = _put_hex(text, at, value)
    return at, checksum


@njit(cache=True, nogil=True)
def _write(words, reals, starts, received, batch, blind, part_bytes, body, text, line_ends, message):  # type: ignore[no-untyped-def]
    """All messages as lines into `text` -> (bytes, lines)."""
    header = np.empty(32, dtype=np.uint8)
    at = line = 0
    for index in range(len(starts) - 1):
        first, after = starts[index], starts[index + 1]
        length = 0
        if batch:
            length = _put(body, _put(body, 0, after - first, 2), 1 if blind else 0, 1)
            for row in range(first, after):
                end = _put_location(body, length + 2, words, reals, row)
                _put(body, length, end - length - 2, 2)
                length = end
        else:
            length = _put_location(body, 0, words, reals, first)
        total = max(1, (length + part_bytes - 1) // part_bytes)
        for part in range(total):
            begin, end = part * part_bytes, min(length, (part + 1) * part_bytes)
            edition_2019 = words[1, first] != 0
            size = _put(header, 0, 0x0704 if batch else 0x0200, 2)
            size = _put(header, size, end - begin | (total > 1) << 13 | edition_2019 << 14, 2)
            if edition_2019:
                size = _put(header, size, 1, 1)
            size = _put_bcd(header, size, words[0, first], 10 if edition_2019 else 6)
            size = _put(header, size, (words[2, first] + part) & 0xFFFF, 2)
            if total > 1:
                size = _put(header, _put(header, size, total, 2), part + 1, 2)
            at = _put_hex(text, _put_time(text, at, received[index]), 0x7E)
            at, checksum = _put_sealed(text, at, header, 0, size, 0)
            at, checksum = _put_sealed(text, at, body, begin, end, checksum)
            header[0] = checksum
            at, checksum = _put_sealed(text, at, header, 0, 1, 0)
            at = _put_hex(text, at, 0x7E)
            text[at] = 10
            at += 1
            line_ends[line], message[line] = at, index
            line += 1
    return at, line
