"""Compiled: vehicles followed through one business date, from the state the date before left to the state it leaves."""

from __future__ import annotations

import numpy as np
from numba import njit

from haulage import layout as L
from haulage import stop_kernel, trip_kernel
from haulage.clean_kernel import clean
from haulage.copy_kernel import put
from haulage.fence_kernel import site_at
from haulage.trip_kernel import LAST_ROW, STOP_ROW, TURN_ROW


@njit(nogil=True)
def alarm_near(alarms, first, stop, when, reach):  # type: ignore[no-untyped-def]
    """The alarm of alarms[first:stop] (sorted) nearest to `when` within `reach`, else NaN."""
    low, high = first, stop
    while low < high:
        middle = (low + high) // 2
        if alarms[middle] < when:
            low = middle + 1
        else:
            high = middle
    best = np.nan
    for place in (low - 1, low):
        if not first <= place < stop:
            continue
        away = abs(alarms[place] - when)
        if away <= reach and (np.isnan(best) or away < abs(best - when)):
            best = alarms[place]
    return best


@njit(nogil=True)
def _write_gap(gaps, at, vehicle, state, end, alarms, first_alarm, last_alarm, parameters, is_open):  # type: ignore[no-untyped-def]
    """Notes the silence from the last report to `end`, when it is long and the truck was running; the next free place."""
    begin = state[L.REPORT_T]
    if not (
        end - begin > parameters[L.P_DARK_GAP] and begin - state[L.RUN_T] <= parameters[L.P_ALARM_NEAR]
    ):  # NaN: nothing reported yet, or never running
        return at
    alarm = alarm_near(alarms, first_alarm, last_alarm, begin, parameters[L.P_ALARM_NEAR])
    gaps[at, L.G_VEHICLE] = vehicle
    gaps[at, L.G_T] = begin
    gaps[at, L.G_END] = end
    was_lost = not np.isnan(state[L.LOST_T])
    gaps[at, L.G_LOADED] = state[L.LOAD] == L.IS_FULL or state[L.LEG] == L.SURE or was_lost
    gaps[at, L.G_ALARM] = not (np.isnan(alarm) and np.isnan(state[L.ALARM_T]))
    gaps[at, L.G_LON] = state[L.KEPT_LON]
    gaps[at, L.G_LAT] = state[L.KEPT_LAT]
    gaps[at, L.G_OPEN] = is_open
    gaps[at, L.G_LOST_T] = state[L.LOST_T]
    return at + 1


@njit(nogil=True)
def _site_kind(state, boxes, edges_from, edges, kinds):  # type: ignore[no-untyped-def]
    site = site_at(state[L.FOUND_LON], state[L.FOUND_LAT], boxes, edges_from, edges)
    return L.NO_KIND if site < 0 else kinds[site]


@njit(nogil=True)
def _follow_one(v, start, stop, day_end, t, lon, lat, load, flags, rules, good, alarms, first_alarm, last_alarm, state, sites, parameters, stops, legs, gaps, at):  # type: ignore[no-untyped-def]  # fmt: skip
    boxes, edges_from, edges, kinds = sites
    n_stops, n_legs, n_gaps = at
    rows = np.array([L.CARRIED_TURN, L.CARRIED_TURN, L.CARRIED, L.CARRIED], dtype=np.int64)
    for row in range(start, stop):
        if rules[row] == L.CLOCK_SKEW:
            continue
        now = float(t[row])
        n_gaps = _write_gap(gaps, n_gaps, v, state, now, alarms, first_alarm, last_alarm, parameters, 0.0)
        state[L.REPORT_T] = now
        state[L.ALARM_T] = np.nan
        state[L.LOST_T] = np.nan
        if flags[row] & L.RUNNING:
            state[L.RUN_T] = now
        if rules[row] != L.KEPT:
            continue
        n_legs = trip_kernel.lose(legs, n_legs, v, state, rows, now, parameters)
        if state[L.STOP_N] == 0.0:
            stop_kernel.begin_stop(state, now, lon[row], lat[row])
            rows[STOP_ROW] = row
        elif stop_kernel.is_inside(state, lon[row], lat[row], parameters[L.P_STOP_RADIUS]):
            if stop_kernel.stay(state, now, lon[row], lat[row], parameters):
                kind = _site_kind(state, boxes, edges_from, edges, kinds)
                n_legs = trip_kernel.stop_found(legs, n_legs, v, state, rows, kind)
        else:
            end, is_stop, is_new = stop_kernel.leave(state, now, parameters)
            if is_stop:
                kind = _site_kind(state, boxes, edges_from, edges, kinds)
                if is_new:
                    n_legs = trip_kernel.stop_found(legs, n_legs, v, state, rows, kind)
                stop_kernel.write_stop(stops, n_stops, v, state, end, 0.0)
                n_stops += 1
                trip_kernel.stop_left(state, rows, kind, row, now, parameters)
            stop_kernel.begin_stop(state, now, lon[row], lat[row])
            rows[STOP_ROW] = row
        n_legs = trip_kernel.fix(legs, n_legs, v, state, rows, row, now, lon[row], lat[row], load[row], parameters)
        good[0], good[1], good[2] = now, lon[row], lat[row]
        put(state, L.KEPT_T, good)
        rows[LAST_ROW] = row
    before = n_legs
    n_legs = trip_kernel.lose(legs, n_legs, v, state, rows, day_end, parameters)
    # Lost, and still silent: the dates that tell of this silence again know of the leg by the state alone. One that was
    # unloaded before it, or whose last report was no good fix, did not end in it.
    if n_legs > before and legs[before, L.L_KIND] == L.LOST and state[L.REPORT_T] <= state[L.KEPT_T]:
        state[L.LOST_T] = legs[before, L.L_T]
    n_gaps = _write_gap(gaps, n_gaps, v, state, day_end, alarms, first_alarm, last_alarm, parameters, 1.0)
    if np.isnan(state[L.ALARM_T]) and first_alarm < last_alarm:
        state[L.ALARM_T] = alarm_near(alarms, first_alarm, last_alarm, state[L.REPORT_T], parameters[L.P_ALARM_NEAR])
    if day_end - state[L.LEFT_T] > parameters[L.P_MAX_GAP]:  # no longer of use: the next date need not differ by it
        state[L.LEFT_LON : L.LEFT_T + 1] = np.nan
    if state[L.STOP_FOUND] != 0.0:
        stop_kernel.write_stop(stops, n_stops, v, state, state[L.STOP_LAST_T], 1.0)
        n_stops += 1
    if state[L.LEG] != L.NO_LEG:
        kind = L.OPEN if state[L.LEG] == L.SURE else L.UNSURE
        n_legs = trip_kernel.write_leg(
            legs, n_legs, v, state, rows, kind, rows[LAST_ROW], state[L.KEPT_T],
            state[L.KEPT_LON], state[L.KEPT_LAT], np.nan, np.nan,
        )  # fmt: skip
        if state[L.TURN] == L.IS_EMPTY:
            legs[n_legs - 1, L.L_TURN_ROW] = rows[TURN_ROW]
        elif state[L.LEG_SOURCE] == L.BY_SITES and state[L.STOP_N] > 0.0:
            legs[n_legs - 1, L.L_TURN_ROW] = rows[STOP_ROW]
    return n_stops, n_legs, n_gaps


@njit(nogil=True)
def follow(first, last, starts, day_end, t, lon, lat, speed, mileage, load, flags, rules, alarms, alarm_starts, states, sites, parameters, stops, legs, gaps):  # type: ignore[no-untyped-def]  # fmt: skip
    """Vehicles first to last (excluded): writes `rules`, `states` and the three matrices; returns how many of each.

    Rows lie by vehicle (`starts`) and time. `stops`, `legs`, `gaps` must have room: rows and twice the vehicles.
    """
    at = (0, 0, 0)
    good = np.empty(3, dtype=np.float64)
    for v in range(first, last):
        state = states[v]
        before = state[L.KEPT_T : L.KEPT_LAT + 1].copy()
        clean(starts[v], starts[v + 1], t, lon, lat, speed, mileage, flags, state, parameters, rules)
        put(state, L.KEPT_T, before)  # walked through again below, fix by fix
        at = _follow_one(
            v, starts[v], starts[v + 1], day_end, t, lon, lat, load, flags, rules, good, alarms, alarm_starts[v],
            alarm_starts[v + 1], state, sites, parameters, stops, legs, gaps, at,
        )  # fmt: skip
    return at
