"""Applies the planted faults of tracks to the reports of a part, in streams of their own."""

from __future__ import annotations

from datetime import date

import numpy as np

from sample_district.datum import gcj02
from sample_district.haulage import Haulage
from sample_district.positions import Fixes
from sample_district.seeding import random_stream
from sample_district.shifts import Shifts
from sample_district.terrain import METRES_PER_LAT, METRES_PER_LON, Ints
from sample_district.track_faults import (
    CLOCK_AHEAD,
    DARK_AFTER_POWER_OFF,
    DARK_SILENTLY,
    DRIFT_AT_SITE,
    ENCRYPTED,
    GAP_WHILE_PARKED,
    STUCK,
    PartShifts,
)  # fmt: skip
from sample_district.trip_orders import ORDERED

# `Fixes.planted`: what was done to a report.
HONEST, IS_ENCRYPTED, IS_AHEAD, IS_STUCK, IS_SPIKE, IS_WRONG_DATUM = range(6)
PLANTED_NAMES = ("honest", "encrypted", "clock_ahead", "stuck", "drift_at_site", "wrong_datum")
_ANTENNA_CUT, _POWER_OFF, _AREA = 1 << 5, 1 << 8, 1 << 20
_AHEAD_S = 487  # no multiple of a reporting interval, so that no two reports share an instant


def spoil(haulage: Haulage, fixes: Fixes, planned: PartShifts) -> Fixes:
    """The reports with the faults of one day's shifts. Arrays of `fixes` are changed in place, some rows left out."""
    mine, shifts = planned.mine, planned.shifts
    _speed(random_stream(haulage.seed, "overspeed", planned.day, planned.part), fixes, mine, shifts)
    gone = np.zeros(fixes.count, dtype=bool)
    has_moved = False
    for fault in planned.faults:
        rng = random_stream(haulage.seed, "spoiled fixes", fault.name, planned.day, planned.part, fault.haul)
        truck = int(mine[shifts.hauls.truck[fault.haul]])
        first, last = (int(n) for n in np.searchsorted(fixes.truck, [truck, truck + 1]))
        times = fixes.at_s[first:last]
        begin, end = (
            first + int(np.searchsorted(times, fault.begin_s)),
            first + int(np.searchsorted(times, fault.end_s)),
        )
        if begin in (first, end) or end == last:
            continue  # the other day's file holds it
        _unspoil(fixes, begin - 2, end + 2, first, last)
        here = slice(begin, end)
        if fault.name in (DARK_AFTER_POWER_OFF, DARK_SILENTLY, GAP_WHILE_PARKED):
            gone[here] = True
            if fault.name == DARK_AFTER_POWER_OFF:
                fixes.alarm[begin - 1] |= _POWER_OFF if rng.random() < 0.7 else _ANTENNA_CUT
        elif fault.name == DRIFT_AT_SITE:
            far, bearing = rng.uniform(160, 400), rng.uniform(0, 2 * np.pi)
            fixes.x[begin] += far * np.cos(bearing) / METRES_PER_LON
            fixes.y[begin] += far * np.sin(bearing) / METRES_PER_LAT
            fixes.planted[begin] = IS_SPIKE
        elif fault.name == STUCK:
            fixes.x[here], fixes.y[here] = fixes.x[begin], fixes.y[begin]
            fixes.planted[begin + 1 : end] = IS_STUCK
        elif fault.name == ENCRYPTED:
            fixes.x[here] += rng.uniform(-0.02, 0.02, end - begin)
            fixes.y[here] += rng.uniform(-0.02, 0.02, end - begin)
            fixes.planted[here] = IS_ENCRYPTED
        elif fault.name == CLOCK_AHEAD:
            fixes.at_s[here] += _AHEAD_S
            fixes.planted[here] = IS_AHEAD
            has_moved = True
        fixes.x[here], fixes.y[here] = fixes.x[here].round(6), fixes.y[here].round(6)
    if gone.any():
        fixes = fixes.where(~gone)
    if has_moved:
        fixes = fixes.where(np.lexsort((fixes.at_s, fixes.truck)))
    return fixes


def spoil_terminals(haulage: Haulage, fixes: Fixes, day: date, part: int) -> None:
    """Terminals that send GCJ-02 degrees all day and cannot say so, and alarms that mean nothing: area in and out."""
    rng = random_stream(haulage.seed, "area alarms", day, part)
    entering = np.flatnonzero(fixes.is_working & (fixes.speed_kmh > 0) & (rng.random(fixes.count) < 0.003))
    fixes.alarm[entering] |= _AREA
    wrong = haulage.is_wrong_datum[fixes.truck]
    if wrong.any():
        x, y = gcj02(fixes.x[wrong], fixes.y[wrong])
        fixes.x[wrong], fixes.y[wrong] = x.round(6), y.round(6)
        fixes.planted[wrong] = IS_WRONG_DATUM


def _speed(rng: np.random.Generator, fixes: Fixes, mine: Ints, shifts: Shifts) -> None:
    """A planted overspeed shows itself in every report of the drive."""
    hauls = shifts.hauls
    fast = np.flatnonzero(shifts.orders.planted[hauls.number, hauls.truck] == ORDERED.index("overspeed"))
    for haul in fast:
        truck = int(mine[hauls.truck[haul]])
        first, last = np.searchsorted(fixes.truck, [truck, truck + 1])
        times = fixes.at_s[first:last]
        begin, end = first + np.searchsorted(times, [hauls.loaded_s[haul] + 1, hauls.arrived_s[haul]])
        fixes.speed_kmh[begin:end] = rng.uniform(83.5, 94.5, end - begin).round(1)


def _unspoil(fixes: Fixes, begin: int, end: int, first: int, last: int) -> None:
    """Takes chance's own faults from the reports around a planted one, so that each has one cause."""
    begin, end = max(begin, first), min(end, last)
    bad = begin + np.flatnonzero(fixes.is_drift[begin:end] | ~fixes.is_positioned[begin:end])
    fixes.x[bad], fixes.y[bad] = fixes.true_x[bad].round(6), fixes.true_y[bad].round(6)
    fixes.is_drift[bad], fixes.is_positioned[bad] = False, True
