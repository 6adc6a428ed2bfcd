"""Compiled: whole columns, recoded and put in another order."""

from __future__ import annotations

from numba import njit

from ingestion.calendar_kernel import DAY_US


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
def days_of(instants, shift, missing, days):  # type: ignore[no-untyped-def]
    """The day since 1970 (int32) that each instant (microseconds) is of, `shift` microseconds ahead; of a missing one 0."""
    for row in range(len(instants)):
        given = instants[row]
        days[row] = 0 if given == missing else (given + shift) // DAY_US
