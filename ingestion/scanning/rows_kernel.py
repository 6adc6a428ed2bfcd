"""Compiled: whole columns, recoded and put in another order."""

from __future__ import annotations

import numpy as np
from numba import njit

from ingestion.calendar_kernel import DAY_US
from ingestion.scanning.views_kernel import mixed, mixed_text

_BITS = np.uint64(63)
_ONE = np.uint64(1)


@njit(nogil=True)
def places_of(codes, behind, starts, places):  # type: ignore[no-untyped-def]
    """Where each row belongs in the order of the codes, equal ones as they were; the rows `behind` come last, as they were.

    codes, places: int32[rows], codes from 0 to less than len(starts) - 1. behind: bool[rows]. starts: int64, all 0.
    """
    for row in range(len(codes)):
        if not behind[row]:
            starts[codes[row] + 1] += 1
    for code in range(1, len(starts)):
        starts[code] += starts[code - 1]
    last = starts[-1]
    for row in range(len(codes)):
        if behind[row]:
            places[row] = last
            last += 1
        else:
            code = codes[row]
            places[row] = starts[code]
            starts[code] += 1


@njit(nogil=True)
def rises(values, stay):  # type: ignore[no-untyped-def]
    """Whether no value (int64) is less than one before it, of those that `stay`."""
    last = np.iinfo(np.int64).min
    for row in range(len(values)):
        if stay[row]:
            if values[row] < last:
                return False
            last = values[row]
    return True


@njit(nogil=True)
def put_in_places(values, places, target):  # type: ignore[no-untyped-def]
    """target[places[row]] = values[row]: reads one after another, and writes to few places at a time."""
    for row in range(len(values)):
        target[places[row]] = values[row]


@njit(nogil=True)
def recode(codes, index):  # type: ignore[no-untyped-def]
    """Each of the codes (int32) becomes what `index` has at its place; -1 is the last one's."""
    for row in range(len(codes)):
        codes[row] = index[codes[row]]


@njit(nogil=True)
def mark(codes, stay, used):  # type: ignore[no-untyped-def]
    """Mark (bool) the codes, int32, of the rows that stay; -1 is the last one."""
    for row in range(len(codes)):
        if stay[row]:
            used[codes[row]] = True


@njit(nogil=True)
def mix_texts(views, rows, heaps, hashes):  # type: ignore[no-untyped-def]
    """Mix each text into its row's hash (uint64). views: an address; heaps: as views_kernel.mixed_text takes them."""
    for row in range(rows):
        hashes[row] = mixed_text(hashes[row], views + 16 * row, heaps)


@njit(nogil=True)
def mix_numbers(values, hashes):  # type: ignore[no-untyped-def]
    """Mix each number (int64 or int32) into its row's hash (uint64)."""
    for row in range(len(values)):
        hashes[row] = mixed(hashes[row], np.uint64(values[row]))


@njit(nogil=True)
def come_twice(hashes, stay, once, twice):  # type: ignore[no-untyped-def]
    """The rows whose hash may come more than once, of those that `stay` (int64).

    once, twice: uint64, at first 0, as many bits each as there are to tell hashes apart by; a power of two.
    """
    mask = np.uint64(64 * len(once) - 1)
    for row in range(len(hashes)):
        if stay[row]:
            bit = hashes[row] & mask
            one = _ONE << (bit & _BITS)
            word = bit >> np.uint64(6)
            if once[word] & one:
                twice[word] |= one
            else:
                once[word] |= one
    found = 0
    for row in range(len(hashes)):
        found += _is_marked(twice, hashes[row] & mask) & stay[row]
    places = np.empty(found, np.int64)
    found = 0
    for row in range(len(hashes)):
        if _is_marked(twice, hashes[row] & mask) & stay[row]:
            places[found] = row
            found += 1
    return places


@njit(nogil=True, forceinline=True)
def _is_marked(bits, bit):  # type: ignore[no-untyped-def]
    return np.int64(bits[bit >> np.uint64(6)] >> (bit & _BITS) & _ONE)


@njit(nogil=True)
def bounds_of_words(values, missing, found):  # type: ignore[no-untyped-def]
    """The least and the greatest of the values that are not `missing`, to `found` -> how many are."""
    lowest, highest = np.iinfo(np.int64).max, np.iinfo(np.int64).min
    count = 0
    for value in values:
        if value == missing:
            count += 1
        else:
            lowest = min(lowest, value)
            highest = max(highest, value)
    found[0], found[1] = lowest, highest
    return count


@njit(nogil=True)
def bounds_of_reals(values, found):  # type: ignore[no-untyped-def]
    """`bounds_of_words` of finite numbers, of which NaN are missing."""
    lowest, highest = np.inf, -np.inf
    count = 0
    for value in values:
        if value != value:
            count += 1
        else:
            lowest = min(lowest, value)
            highest = max(highest, value)
    found[0], found[1] = lowest, highest
    return count


@njit(nogil=True)
def one_day(instants, shift, missing, none):  # type: ignore[no-untyped-def]
    """The day since 1970 that all of the instants are of but missing ones, as of days_of; `none` where there is no such day."""
    first = last = 0
    found = False
    for given in instants:
        if given != missing:
            if not found:
                first = (given + shift) // DAY_US * DAY_US - shift
                last = first + DAY_US
                found = True
            elif given < first or given >= last:
                return none
    return (first + shift) // DAY_US if found else none


@njit(nogil=True)
def days_of(instants, shift, missing, days):  # type: ignore[no-untyped-def]
    """The day since 1970 (int32) that each instant (microseconds) is of, `shift` microseconds ahead; of a missing one 0."""
    for row in range(len(instants)):
        given = instants[row]
        days[row] = 0 if given == missing else (given + shift) // DAY_US
