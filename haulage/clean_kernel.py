"""Compiled: which rule each report of a vehicle falls under, over one business date.

A jump is a fix that cannot be reached from the last good one and that the following fixes do not bear out: the track comes
back to where it could have gone without it, or goes on impossibly once more, or (the last fix of a date) nothing follows.
A date is judged by itself and by the last good fix before it, never by what comes after it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from haulage import layout as L
from haulage.copy_kernel import put
from haulage.distance_kernel import metres

_EXCURSION = 5  # fixes; a longer absence is a move that the terminal did not see, not scatter


@njit(nogil=True)
def _possible(t_1, lon_1, lat_1, t_2, lon_2, lat_2, parameters):  # type: ignore[no-untyped-def]
    # Nearly every step is short: a box that is surely larger than the circle saves the sines.
    reach = parameters[L.P_MAX_SPEED] * (t_2 - t_1) + parameters[L.P_JUMP_SLACK]
    if abs(lat_2 - lat_1) * 111_200.0 + abs(lon_2 - lon_1) * 111_200.0 <= reach:
        return True
    return metres(lon_1, lat_1, lon_2, lat_2) <= reach


@njit(nogil=True)
def _next(row, stop, t, rules):  # type: ignore[no-untyped-def]
    """The next row with a place, at a later time; `stop` when there is none."""
    after = row + 1
    while after < stop and (rules[after] != L.KEPT or t[after] == t[row]):
        after += 1
    return after


@njit(nogil=True)
def _jumps(row, stop, t, lon, lat, rules, anchor, parameters):  # type: ignore[no-untyped-def]
    """How far a jump that begins at `row` lasts: the row after it; `row` itself when it is none."""
    after = _next(row, stop, t, rules)
    if after == stop:
        return row if np.isnan(anchor[0]) else after
    onward = _possible(t[row], lon[row], lat[row], t[after], lon[after], lat[after], parameters)
    if np.isnan(anchor[0]):  # the first fix of all: wrong where the two after it agree without it
        third = _next(after, stop, t, rules)
        agree = third < stop and _possible(
            t[after], lon[after], lat[after], t[third], lon[third], lat[third], parameters
        )
        return after if not onward and agree else row
    if not onward:
        return after
    last, candidate = row, after
    for _ in range(_EXCURSION):
        if candidate == stop:
            break
        there = _possible(t[last], lon[last], lat[last], t[candidate], lon[candidate], lat[candidate], parameters)
        back = _possible(anchor[0], anchor[1], anchor[2], t[candidate], lon[candidate], lat[candidate], parameters)
        if back and not there:
            return candidate
        last, candidate = candidate, _next(candidate, stop, t, rules)
    return row


@njit(nogil=True)
def clean(start, stop, t, lon, lat, speed, mileage, flags, state, parameters, rules):  # type: ignore[no-untyped-def]
    """Writes `rules[start:stop]` (layout.KEPT ...) of one vehicle, sorted by time, and the last good fix into `state`."""
    seen = np.int64(-(2**62))
    for row in range(start, stop):
        flag = flags[row]
        rules[row] = L.KEPT
        if flag & L.SKEWED:
            rules[row] = L.CLOCK_SKEW
        elif flag & L.IS_ENCRYPTED:
            rules[row] = L.ENCRYPTED
        elif not flag & L.POSITIONED:
            rules[row] = L.NO_FIX
        elif not flag & L.IN_REGION:
            rules[row] = L.OUT_OF_REGION
        elif t[row] == seen:
            rules[row] = L.REPEATED
        else:
            seen = t[row]
    anchor = state[L.KEPT_T : L.KEPT_LAT + 1].copy()
    mileage_there = state[L.KEPT_MILEAGE]
    jump_until = start
    for row in range(start, stop):
        if rules[row] != L.KEPT:
            continue
        if row < jump_until:
            rules[row] = L.JUMP
            continue
        known = not np.isnan(anchor[0])
        if not known or not _possible(anchor[0], anchor[1], anchor[2], t[row], lon[row], lat[row], parameters):
            jump_until = _jumps(row, stop, t, lon, lat, rules, anchor, parameters)
            if jump_until > row:
                rules[row] = L.JUMP
                continue
        if known and lon[row] == anchor[1] and lat[row] == anchor[2]:
            driven = mileage[row] - mileage_there
            reach = parameters[L.P_MAX_SPEED] * (t[row] - anchor[0]) + parameters[L.P_JUMP_SLACK]
            if driven < 0.0 or driven * 1000.0 > reach:  # farther than a truck drives: the odometer was set anew
                driven, mileage_there = 0.0, mileage[row]
            moved = driven >= parameters[L.P_STUCK_MILEAGE]
            if moved or speed[row] >= parameters[L.P_STUCK_SPEED]:
                rules[row] = L.STUCK
                continue
            anchor[0] = t[row]
            continue
        anchor[0], anchor[1], anchor[2] = t[row], lon[row], lat[row]
        mileage_there = mileage[row]
    put(state, L.KEPT_T, anchor)
    state[L.KEPT_MILEAGE] = mileage_there
