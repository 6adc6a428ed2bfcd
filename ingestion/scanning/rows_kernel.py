"""Compiled: rows of columns, put in another order."""

from __future__ import annotations

from numba import njit


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
