"""Compiled: where a loaded leg begins and ends.

By the load sensor: from the first "full" after "empty" to the first "empty" after it, each once it has been reported for
`load_sure_s` without a contrary word. By the sites, for trucks whose sensor says nothing: from leaving a stop at a
construction site to the stop at a receiving, transfer or backfill site. Such a leg is not told before it is `leave_m` from
where it began, and a second construction site ends it unseen. Any leg that lasts longer than `trip_end_after_s` is lost.

A terminal that is full when it is first heard of has not been seen to load: nothing begins.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from haulage import layout as L
from haulage.copy_kernel import put
from haulage.distance_kernel import metres
from haulage.stop_kernel import standing

# Places of the day's rows that belong to the state: where the stop began, the change of load, the leg.
STOP_ROW, TURN_ROW, LEG_ROW, LAST_ROW = range(4)


@njit(nogil=True)
def _begin(state, rows, source, row, t, lon, lat, lon_2, lat_2):  # type: ignore[no-untyped-def]
    state[L.LEG] = L.PROVISIONAL
    state[L.LEG_SOURCE] = source
    state[L.LEG_T] = t
    state[L.LEG_LON] = lon
    state[L.LEG_LAT] = lat
    state[L.LEG_LON2] = lon_2
    state[L.LEG_LAT2] = lat_2
    rows[LEG_ROW] = row


@njit(nogil=True)
def forget_leg(state):  # type: ignore[no-untyped-def]
    state[L.LEG] = L.NO_LEG
    state[L.LEG_SOURCE : L.LEG_LAT2 + 1] = np.nan


@njit(nogil=True)
def write_leg(legs, at, vehicle, state, rows, kind, last_row, end, lon, lat, lon_2, lat_2):  # type: ignore[no-untyped-def]
    """Writes the leg of `state` as ending at `last_row`; returns the next free place."""
    leg = legs[at]
    leg[L.L_VEHICLE] = vehicle
    leg[L.L_CARRIED] = rows[LEG_ROW] < 0
    leg[L.L_ROW] = rows[LEG_ROW]
    put(leg, L.L_T, state[L.LEG_T : L.LEG_LAT2 + 1])
    leg[L.L_SOURCE] = state[L.LEG_SOURCE]
    leg[L.L_LAST_ROW] = last_row
    leg[L.L_END] = end
    leg[L.L_END_LON] = lon
    leg[L.L_END_LAT] = lat
    leg[L.L_END_LON2] = lon_2
    leg[L.L_END_LAT2] = lat_2
    leg[L.L_KIND] = kind
    leg[L.L_TURN_ROW] = L.NO_ROW
    return at + 1


@njit(nogil=True)
def _end_at_stop(legs, at, vehicle, state, rows, kind):  # type: ignore[no-untyped-def]
    at = write_leg(
        legs, at, vehicle, state, rows, kind, rows[STOP_ROW], state[L.STOP_T],
        state[L.FOUND_LON], state[L.FOUND_LAT], np.nan, np.nan,
    )  # fmt: skip
    forget_leg(state)
    return at


@njit(nogil=True)
def stop_found(legs, at, vehicle, state, rows, kind):  # type: ignore[no-untyped-def]
    """A stop turned out as one, at a site of `kind`: a leg told by the sites may end where it began."""
    if state[L.LEG] == L.NO_LEG or state[L.LEG_SOURCE] != L.BY_SITES:
        return at
    if kind >= L.RECEIVING:
        return _end_at_stop(legs, at, vehicle, state, rows, L.UNLOADED)
    if kind == L.CONSTRUCTION:
        if state[L.LEG] == L.SURE:
            return _end_at_stop(legs, at, vehicle, state, rows, L.LOST)
        forget_leg(state)
    return at


@njit(nogil=True)
def stop_left(state, rows, kind, row, t, parameters):  # type: ignore[no-untyped-def]
    """A stop at a site of `kind` has ended with the fix `row`: without a working sensor, a leg may begin."""
    has_sensor = t - state[L.SENSOR_T] <= parameters[L.P_SENSOR_MEMORY]  # NaN: never
    if kind == L.CONSTRUCTION and state[L.LEG] == L.NO_LEG and not has_sensor:
        _begin(state, rows, L.BY_SITES, row, t, state[L.FOUND_LON], state[L.FOUND_LAT], np.nan, np.nan)


@njit(nogil=True)
def _turned(legs, at, vehicle, state, rows, said):  # type: ignore[no-untyped-def]
    """The change of load is sure."""
    state[L.LOAD] = said
    if said == L.IS_FULL:
        if state[L.LEG] == L.PROVISIONAL and state[L.LEG_SOURCE] == L.BY_SENSOR:
            state[L.LEG] = L.SURE
    elif state[L.LEG] == L.SURE:
        at = write_leg(
            legs, at, vehicle, state, rows, L.UNLOADED, rows[TURN_ROW], state[L.END_T],
            state[L.END_LON], state[L.END_LAT], state[L.END_LON2], state[L.END_LAT2],
        )  # fmt: skip
        forget_leg(state)
    state[L.TURN] = L.NOTHING
    state[L.TURN_T] = np.nan
    state[L.END_T : L.END_LAT2 + 1] = np.nan
    return at


@njit(nogil=True)
def lose(legs, at, vehicle, state, rows, now, parameters):  # type: ignore[no-untyped-def]
    """Ends a leg that has lasted too long at `now` with its last good fix.

    Where "empty" was the last word, if only once, it was unloaded: a truck that tips and is switched off says no more.
    """
    if state[L.LEG] == L.NO_LEG or now - state[L.LEG_T] <= parameters[L.P_TRIP_END]:
        return at
    if state[L.LEG] == L.SURE and state[L.TURN] == L.IS_EMPTY:
        return _turned(legs, at, vehicle, state, rows, L.IS_EMPTY)
    if state[L.LEG] == L.SURE:
        at = write_leg(
            legs, at, vehicle, state, rows, L.LOST, rows[LAST_ROW], state[L.KEPT_T],
            state[L.KEPT_LON], state[L.KEPT_LAT], np.nan, np.nan,
        )  # fmt: skip
    forget_leg(state)
    return at


@njit(nogil=True)
def _turn(state, rows, towards, row, t, lon, lat, parameters):  # type: ignore[no-untyped-def]
    """The load is reported as changed for the first time.

    Some sensors say so only once the truck drives again: where it stood is the better place.
    """
    lon_2, lat_2 = standing(state, t, parameters)
    state[L.TURN] = towards
    state[L.TURN_T] = t
    rows[TURN_ROW] = row
    if towards == L.IS_EMPTY:
        state[L.END_T] = t
        state[L.END_LON] = lon
        state[L.END_LAT] = lat
        state[L.END_LON2] = lon_2
        state[L.END_LAT2] = lat_2
    elif state[L.LEG] != L.SURE:
        _begin(state, rows, L.BY_SENSOR, row, t, lon, lat, lon_2, lat_2)


@njit(nogil=True)
def _turn_back(state):  # type: ignore[no-untyped-def]
    if state[L.TURN] == L.IS_FULL and state[L.LEG] == L.PROVISIONAL and state[L.LEG_SOURCE] == L.BY_SENSOR:
        forget_leg(state)
    state[L.TURN] = L.NOTHING
    state[L.TURN_T] = np.nan
    state[L.END_T : L.END_LAT2 + 1] = np.nan


@njit(nogil=True)
def fix(legs, at, vehicle, state, rows, row, t, lon, lat, load, parameters):  # type: ignore[no-untyped-def]
    """One good fix; returns the next free place of `legs`."""
    if (
        state[L.LEG] == L.PROVISIONAL
        and state[L.LEG_SOURCE] == L.BY_SITES
        and metres(state[L.LEG_LON], state[L.LEG_LAT], lon, lat) > parameters[L.P_LEAVE]
    ):
        state[L.LEG] = L.SURE
    if load == L.LOAD_UNKNOWN:
        return at
    if load == L.LOAD_FULL:
        state[L.SENSOR_T] = t
    if load == L.LOAD_HALF:
        _turn_back(state)
        if state[L.LOAD] == L.NOTHING:  # first heard of while it was being loaded: full is still to come
            state[L.LOAD] = L.IS_EMPTY
        return at
    said = L.IS_FULL if load == L.LOAD_FULL else L.IS_EMPTY
    if state[L.LOAD] == L.NOTHING:
        state[L.LOAD] = said
    elif said == state[L.LOAD]:
        if state[L.TURN] != L.NOTHING:
            _turn_back(state)
    else:
        if state[L.TURN] != said:
            _turn(state, rows, said, row, t, lon, lat, parameters)
        elif t - state[L.TURN_T] >= parameters[L.P_LOAD_SURE]:
            at = _turned(legs, at, vehicle, state, rows, said)
    return at
