"""Compiled: stops, fix by fix.

The definition is that of Li et al. (2008) as trackintel has it ("sliding"): a stop begins at a fix and lasts while the
fixes after it lie less than the radius (50 m) from that first one; it ends at the first fix outside, whose time is its end,
and counts when it has lasted for the minimum (300 s). A stop that nothing has ended yet is kept and marked open.

Where reports are missing for longer than `dark_gap_s` it differs, because nobody saw the truck stand: trackintel drops
what it had; here the stop goes on when the truck is found at the same place afterwards, and else ends with its last fix.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from haulage import layout as L
from haulage.distance_kernel import metres

_DEGREE_M = 111_194.0  # of latitude on the sphere, a little less than it is


@njit(nogil=True)
def begin_stop(state, t, lon, lat):  # type: ignore[no-untyped-def]
    state[L.STOP_N] = 1.0
    state[L.STOP_T] = t
    state[L.STOP_LON] = lon
    state[L.STOP_LAT] = lat
    state[L.STOP_EAST] = 0.0
    state[L.STOP_NORTH] = 0.0
    state[L.STOP_LAST_T] = t
    state[L.STOP_FOUND] = 0.0
    state[L.FOUND_LON] = np.nan
    state[L.FOUND_LAT] = np.nan


@njit(nogil=True)
def is_inside(state, lon, lat, radius):  # type: ignore[no-untyped-def]
    """Whether a fix continues the stop that has begun."""
    if abs(lat - state[L.STOP_LAT]) * _DEGREE_M > radius:
        return False
    return metres(state[L.STOP_LON], state[L.STOP_LAT], lon, lat) < radius


@njit(nogil=True)
def centre(state):  # type: ignore[no-untyped-def]
    n = state[L.STOP_N]
    return state[L.STOP_LON] + state[L.STOP_EAST] / n, state[L.STOP_LAT] + state[L.STOP_NORTH] / n


@njit(nogil=True)
def find(state):  # type: ignore[no-untyped-def]
    """The stop has lasted long enough: it is one from now on, and where it was seen first stays known."""
    lon, lat = centre(state)
    state[L.STOP_FOUND] = 1.0
    state[L.FOUND_LON] = lon
    state[L.FOUND_LAT] = lat


@njit(nogil=True)
def stay(state, t, lon, lat, parameters):  # type: ignore[no-untyped-def]
    """A fix inside; True when it makes a stop of it."""
    state[L.STOP_N] += 1.0
    state[L.STOP_EAST] += lon - state[L.STOP_LON]
    state[L.STOP_NORTH] += lat - state[L.STOP_LAT]
    state[L.STOP_LAST_T] = t
    if state[L.STOP_FOUND] == 0.0 and t - state[L.STOP_T] >= parameters[L.P_STOP_MIN]:
        find(state)
        return True
    return False


@njit(nogil=True)
def leave(state, t, parameters):  # type: ignore[no-untyped-def]
    """A fix outside -> (the end of what began, whether that was a stop, whether it only now turns out as one)."""
    last = state[L.STOP_LAST_T]
    if last - state[L.STOP_T] >= parameters[L.P_LOAD_SURE]:
        state[L.LEFT_LON], state[L.LEFT_LAT] = centre(state)
        state[L.LEFT_T] = last
    end = last if t - last > parameters[L.P_DARK_GAP] else t
    if state[L.STOP_FOUND] != 0.0:
        return end, True, False
    if end - state[L.STOP_T] >= parameters[L.P_STOP_MIN]:
        find(state)
        return end, True, True
    return end, False, False


@njit(nogil=True)
def standing(state, t, parameters):  # type: ignore[no-untyped-def]
    """Where the truck has stood for a minute or more at `t`, or did a moment before; else NaN."""
    if state[L.STOP_LAST_T] - state[L.STOP_T] >= parameters[L.P_LOAD_SURE]:
        return centre(state)
    if t - state[L.LEFT_T] <= parameters[L.P_MAX_GAP]:
        return state[L.LEFT_LON], state[L.LEFT_LAT]
    return np.nan, np.nan


@njit(nogil=True)
def write_stop(stops, at, vehicle, state, end, is_open):  # type: ignore[no-untyped-def]
    lon, lat = centre(state)
    stops[at, L.S_VEHICLE] = vehicle
    stops[at, L.S_T] = state[L.STOP_T]
    stops[at, L.S_END] = end
    stops[at, L.S_LON] = lon
    stops[at, L.S_LAT] = lat
    stops[at, L.S_N] = state[L.STOP_N]
    stops[at, L.S_OPEN] = is_open
    stops[at, L.S_FOUND_LON] = state[L.FOUND_LON]
    stops[at, L.S_FOUND_LAT] = state[L.FOUND_LAT]


@njit(nogil=True)
def stops_of(starts, t, lon, lat, parameters, states, stops):  # type: ignore[no-untyped-def]
    """Stops alone, of good fixes by vehicle (`starts`) and time; open ones last. Returns how many were written."""
    n = 0
    for v in range(starts.size - 1):
        state = states[v]
        for row in range(starts[v], starts[v + 1]):
            now = float(t[row])
            if state[L.STOP_N] == 0.0:
                begin_stop(state, now, lon[row], lat[row])
            elif is_inside(state, lon[row], lat[row], parameters[L.P_STOP_RADIUS]):
                stay(state, now, lon[row], lat[row], parameters)
            else:
                end, is_stop, _ = leave(state, now, parameters)
                if is_stop:
                    write_stop(stops, n, v, state, end, 0.0)
                    n += 1
                begin_stop(state, now, lon[row], lat[row])
        if state[L.STOP_FOUND] != 0.0:
            write_stop(stops, n, v, state, state[L.STOP_LAST_T], 1.0)
            n += 1
    return n
