"""What is wrong with the track of a trip: terminals that go dark on purpose, and faults that must accuse nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from sample_district.calendar_day import DAY_MS, SHANGHAI_MS
from sample_district.haulage import Haulage
from sample_district.seeding import random_stream
from sample_district.shifts import Shifts, plan_shifts
from sample_district.terrain import Ints
from sample_district.trip_orders import ORDERED, may_be_planted, nth_here

# In the order in which they claim trips, as in trip_orders. The first two are violations, the others decoys.
DARK_AFTER_POWER_OFF, DARK_SILENTLY = "dark_after_power_off", "dark_silently"
GAP_WHILE_PARKED, DRIFT_AT_SITE = "gap_while_parked", "drift_at_site"
STUCK, ENCRYPTED, CLOCK_AHEAD = "stuck", "encrypted_coordinates", "clock_ahead"
TRACKED = (DARK_AFTER_POWER_OFF, DARK_SILENTLY, GAP_WHILE_PARKED, DRIFT_AT_SITE, STUCK, ENCRYPTED, CLOCK_AHEAD)
_FRAMES_ONLY = (ENCRYPTED, CLOCK_AHEAD)
_LEAST_GAP_S, _MARGIN_S = 1_260, 90


@dataclass(frozen=True)
class TrackFault:
    """A fault of the track between two instants (seconds since 1970 UTC); `haul` is the row of the shift's hauls."""

    name: str
    haul: int
    begin_s: float
    end_s: float


@dataclass(frozen=True)
class PartShifts:
    """The shifts that begin on `day` of the trucks `mine` (indexes of the fleet), with the faults of their tracks."""

    day: date
    part: int
    mine: Ints
    shifts: Shifts
    faults: list[TrackFault]

    @classmethod
    def plan(cls, haulage: Haulage, day: date, part: int) -> PartShifts:
        mine = np.flatnonzero(haulage.trucks.part == part)
        shifts = plan_shifts(haulage, mine, day, part)
        return cls(day, part, mine, shifts, plan_track_faults(haulage, mine, shifts, day, part))


def plan_track_faults(haulage: Haulage, mine: Ints, shifts: Shifts, day: date, part: int) -> list[TrackFault]:
    """The faults of the shifts that begin on the day. Only honest, unclaimed trips get one."""
    hauls = shifts.hauls
    is_night = haulage.trucks.is_night[mine][hauls.truck]
    free = may_be_planted(haulage, mine, shifts.works, day)[hauls.truck]
    free &= (shifts.orders.planted[hauls.number, hauls.truck] < 0) & (hauls.number < np.where(is_night, 3, 4))
    faults: list[TrackFault] = []
    for kind, name in enumerate(TRACKED):
        is_for_frames = name in _FRAMES_ONLY
        if is_for_frames and part >= haulage.jtt808_parts:
            continue
        parts = haulage.jtt808_parts if is_for_frames else haulage.parts
        rng = random_stream(haulage.seed, "track faults", name, day, part)
        order = rng.permutation(hauls.truck.size)
        wanted = nth_here(haulage, len(ORDERED) + kind, day, part, parts)
        for haul in order:
            if wanted == 0:
                break
            span = _span(rng, shifts, int(haul), name, haulage.fix_interval_s) if free[haul] else None
            if span is not None and _is_of_one_date(*span) and (not is_for_frames or _is_by_day(*span)):
                faults.append(TrackFault(name, int(haul), *span))
                free[haul] = False
                wanted -= 1
    return faults


def _is_by_day(begin_s: float, end_s: float) -> bool:
    """Whether neither end lies between 22:00 and 06:00: figures of the night rest on clocks and places that are true."""
    hours = [(at + SHANGHAI_MS / 1000) // 3600 % 24 for at in (begin_s, end_s)]
    return all(6 <= hour < 21.5 for hour in hours)


def _is_of_one_date(begin_s: float, end_s: float) -> bool:
    """Whether a file holds the whole fault with the reports around it."""
    return (begin_s - 300 + SHANGHAI_MS / 1000) // (DAY_MS / 1000) == (end_s + 300 + SHANGHAI_MS / 1000) // (
        DAY_MS / 1000
    )


def _span(
    rng: np.random.Generator, shifts: Shifts, haul: int, name: str, interval_s: int
) -> tuple[float, float] | None:
    """When the fault begins and ends; None where the trip is too short for it."""
    hauls = shifts.hauls
    loaded, arrived, unloaded, rested = (
        float(column[haul]) for column in (hauls.loaded_s, hauls.arrived_s, hauls.unloaded_s, hauls.rested_s)
    )
    if name in (DARK_AFTER_POWER_OFF, DARK_SILENTLY, GAP_WHILE_PARKED):
        first, last = (unloaded, rested) if name == GAP_WHILE_PARKED else (loaded, unloaded)
        length = _LEAST_GAP_S + float(rng.uniform(0, 240))
        if last - first < length + 2 * _MARGIN_S:
            return None
        return first + _MARGIN_S, first + _MARGIN_S + length
    if name == DRIFT_AT_SITE:
        # One fix of the unloading, not its last: 160 to 400 m off, across the border of the site.
        at = arrived + 0.4 * (unloaded - arrived)
        return at, at + interval_s
    length = 8.0 * interval_s
    return (loaded + _MARGIN_S, loaded + _MARGIN_S + length) if arrived - loaded > length + 2 * _MARGIN_S else None
