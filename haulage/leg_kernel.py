"""Compiled: what is measured along a loaded leg, report by report, so that it can be continued the next date."""

from __future__ import annotations

import numpy as np
from numba import njit

from haulage import layout as L
from haulage.copy_kernel import put
from haulage.distance_kernel import metres, segment_metres
from haulage.follow_kernel import alarm_near

_DEGREE_M = 6_371_000.0 * np.pi / 180.0
_HOUR = 3_600_000_000
_SHANGHAI = 8 * _HOUR
_DRIVEN = 1.0 / 1_000_000.0  # metres a microsecond: one metre a second is more than scatter at rest


@njit(nogil=True)
def _off_line(lon, lat, route, near):  # type: ignore[no-untyped-def]
    """Metres from the route, in a plane around its first vertex (a permille off over a district).

    `near` remembers where the last distance was taken and how much it was: while less is driven than it differs from the
    corridor, the answer is the same, and the line need not be looked at.
    """
    scale = np.cos(route[0, 1] * (np.pi / 180.0)) * _DEGREE_M
    x, y = (lon - route[0, 0]) * scale, (lat - route[0, 1]) * _DEGREE_M
    corridor = near[3]
    if not np.isnan(near[2]):
        moved = np.sqrt((x - near[0]) ** 2 + (y - near[1]) ** 2)
        if moved < abs(near[2] - corridor):
            return near[2] > corridor
    best = np.inf
    for piece in range(route.shape[0] - 1):
        x_1, y_1 = (route[piece, 0] - route[0, 0]) * scale, (route[piece, 1] - route[0, 1]) * _DEGREE_M
        x_2, y_2 = (route[piece + 1, 0] - route[0, 0]) * scale, (route[piece + 1, 1] - route[0, 1]) * _DEGREE_M
        best = min(best, segment_metres(x, y, x_1, y_1, x_2, y_2))
    near[0], near[1], near[2] = x, y, best
    return best > corridor


@njit(nogil=True)
def is_outside_hours(t, hour_from, hour_until):  # type: ignore[no-untyped-def]
    """Whether an instant lies outside [from, until) of the district's day; -1 for any hour."""
    if hour_from < 0:
        return False
    hour = ((np.int64(t) + _SHANGHAI) // _HOUR) % 24
    if hour_from < hour_until:
        return not hour_from <= hour < hour_until
    return hour_until <= hour < hour_from


@njit(nogil=True)
def _silence(m, now, alarms, first_alarm, last_alarm, carried_alarm, parameters):  # type: ignore[no-untyped-def]
    silent = now - m[L.M_REPORT_T]
    if silent > m[L.M_GAP] and m[L.M_REPORT_T] - m[L.M_RUN_T] <= parameters[L.P_ALARM_NEAR]:
        m[L.M_GAP] = silent
        if silent > parameters[L.P_MAX_GAP]:
            alarm = alarm_near(alarms, first_alarm, last_alarm, m[L.M_REPORT_T], parameters[L.P_ALARM_NEAR])
            m[L.M_GAP_T] = m[L.M_REPORT_T]
            m[L.M_GAP_END] = now
            m[L.M_GAP_ALARM] = not (np.isnan(alarm) and np.isnan(carried_alarm))
            m[L.M_GAP_LON] = m[L.M_LON]
            m[L.M_GAP_LAT] = m[L.M_LAT]
            m[L.M_GAP_WAITS] = 1.0


@njit(nogil=True)
def _step(m, now, lon, lat, speed, running, route, near, hours, parameters):  # type: ignore[no-untyped-def]
    """From the good fix before to this one."""
    lasted = now - m[L.M_T]
    far = metres(m[L.M_LON], m[L.M_LAT], lon, lat)
    m[L.M_METRES] += far
    if running and m[L.M_RUNNING] != 0.0:
        m[L.M_OBSERVED] += 1.0
        m[L.M_EXPECTED] += max(1.0, np.floor(lasted / parameters[L.P_INTERVAL] + 0.5))
    outside = -1.0
    if route.shape[0] > 1:
        outside = 1.0 if _off_line(lon, lat, route, near) else 0.0
    if lasted <= parameters[L.P_MAX_GAP]:  # what lies in a longer gap was not seen
        if is_outside_hours(m[L.M_T] + lasted / 2, hours[0], hours[1]) and far > _DRIVEN * lasted:
            m[L.M_OUTSIDE_HOURS] += lasted
        if speed > parameters[L.P_OVERSPEED] and m[L.M_SPEED] > parameters[L.P_OVERSPEED]:
            m[L.M_OVERSPEED] += lasted
        if outside >= 0.0 and m[L.M_OUTSIDE] >= 0.0:
            m[L.M_ROUTE_METRES] += far
            if outside == 1.0 and m[L.M_OUTSIDE] == 1.0:
                m[L.M_OFF_METRES] += far
                m[L.M_STRETCH] += far
                m[L.M_LONGEST] = max(m[L.M_LONGEST], m[L.M_STRETCH])
            else:
                m[L.M_STRETCH] = 0.0
    else:
        m[L.M_STRETCH] = 0.0
    m[L.M_OUTSIDE] = outside


@njit(nogil=True)
def measure(first, last, t, lon, lat, speed, flags, line, rules, alarms, first_alarm, last_alarm, carried_alarm, route, hours, parameters, m):  # type: ignore[no-untyped-def]  # fmt: skip
    """Adds the rows first to last (included) of one vehicle to the measures `m` of a leg."""
    near = np.array([0.0, 0.0, np.nan, parameters[L.P_CORRIDOR]])
    top = parameters[L.P_MAX_SPEED] * 3.6 * 1_000_000.0
    for row in range(first, last + 1):
        rule = rules[row]
        if rule == L.CLOCK_SKEW:
            continue
        now = float(t[row])
        _silence(m, now, alarms, first_alarm, last_alarm, carried_alarm, parameters)
        carried_alarm = np.nan
        m[L.M_REPORT_T] = now
        if flags[row] & L.RUNNING:
            m[L.M_RUN_T] = now
        if rule != L.KEPT:
            if rule != L.REPEATED:
                m[L.M_DRIFT] += 1.0
            continue
        running = (flags[row] & L.RUNNING) != 0
        if np.isnan(m[L.M_T]):
            m[L.M_OUTSIDE] = -1.0
            if route.shape[0] > 1:
                m[L.M_OUTSIDE] = 1.0 if _off_line(lon[row], lat[row], route, near) else 0.0
            m[L.M_LINE_FIRST] = line[row]
        else:
            _step(m, now, lon[row], lat[row], speed[row], running, route, near, hours, parameters)
        if m[L.M_GAP_WAITS] != 0.0:
            m[L.M_GAP_WAITS] = 0.0
            m[L.M_GAP_METRES] = metres(m[L.M_GAP_LON], m[L.M_GAP_LAT], lon[row], lat[row])
        m[L.M_T] = now
        m[L.M_LON] = lon[row]
        m[L.M_LAT] = lat[row]
        m[L.M_SPEED] = speed[row]
        m[L.M_RUNNING] = running
        m[L.M_FIXES] += 1.0
        m[L.M_LINE_LAST] = line[row]
        if speed[row] <= top:
            m[L.M_TOP] = max(m[L.M_TOP], speed[row])


@njit(nogil=True)
def measure_jobs(jobs, turns, t, lon, lat, speed, flags, line, rules, alarms, alarm_starts, carried_alarms, vertices, route_starts, parameters, measured, at_turn):  # type: ignore[no-untyped-def]  # fmt: skip
    """Measures many legs.

    `jobs` (legs, 6): vehicle, first row, last row, route (or -1), hour from (or -1), hour until. `measured` holds what
    the date before left, and gets what is known at the last row; `at_turn` the same at the row of `turns`, where it is one.
    """
    for job in range(jobs.shape[0]):
        v, first, last, r = jobs[job, 0], jobs[job, 1], jobs[job, 2], jobs[job, 3]
        route = vertices[:0] if r < 0 else vertices[route_starts[r] : route_starts[r + 1]]
        hours = jobs[job, 4:6]
        m = measured[job]
        middle = turns[job]
        alarm = carried_alarms[job]
        if middle >= first:
            measure(
                first, middle, t, lon, lat, speed, flags, line, rules, alarms, alarm_starts[v], alarm_starts[v + 1],
                alarm, route, hours, parameters, m,
            )  # fmt: skip
            put(at_turn[job], 0, m)
            first, alarm = middle + 1, np.nan
        measure(
            first, last, t, lon, lat, speed, flags, line, rules, alarms, alarm_starts[v], alarm_starts[v + 1],
            alarm, route, hours, parameters, m,
        )  # fmt: skip
