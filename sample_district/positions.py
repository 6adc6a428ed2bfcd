"""The position reports of some trucks on one business date, as their terminals measured them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sample_district.calendar_day import day_start_ms
from sample_district.datum import Floats
from sample_district.haulage import Haulage
from sample_district.scale import Scale
from sample_district.seeding import random_stream
from sample_district.shifts import EMPTY, Shifts
from sample_district.terrain import METRES_PER_LAT, METRES_PER_LON, Ints
from sample_district.trucks import Trucks

_PARKED_INTERVAL_S = 1_800
_DRIFT_SHARE = 0.0008


@dataclass(frozen=True)
class Fixes:
    """One entry per report in every array, sorted by truck (index of the fleet) and time.

    `true_x`, `true_y`: where the truck was; `x`, `y`: what it reported (WGS-84 degrees, six decimals). `km` is the
    odometer, `alarm` what planted faults add to the alarm word, `planted` which of them there is (`spoiled_fixes`).
    """

    truck: Ints
    at_s: Ints
    true_x: Floats
    true_y: Floats
    x: Floats
    y: Floats
    speed_kmh: Floats
    heading_deg: Ints
    altitude_m: Ints
    load: Ints
    acc_on: NDArray[np.bool_]
    is_positioned: NDArray[np.bool_]
    is_drift: NDArray[np.bool_]
    is_working: NDArray[np.bool_]
    km: Floats
    fuel_l: Floats
    received_ms: Ints
    alarm: Ints
    planted: Ints

    @property
    def count(self) -> int:
        return int(self.truck.size)

    def where(self, chosen: NDArray[np.bool_] | Ints) -> Fixes:
        return replace(self, **{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


def report(seed: int, scale: Scale, haulage: Haulage, day: date, part: int, shifts: list[Shifts]) -> Fixes:
    """What the part's terminals reported for the day: every few seconds while working, half-hourly when parked.

    `shifts` are those of all the part's trucks that began on the day before and on the day itself.
    """
    trucks = haulage.trucks
    mine = np.flatnonzero((trucks.part == part) & ~trucks.silent(seed, day))
    rng = random_stream(seed, scale.name, "fixes", day, part)
    # Drawn for all trucks of the part: a terminal that is silent today does not change the others' trips.
    all_mine = np.flatnonzero(trucks.part == part)
    local = np.searchsorted(all_mine, mine)
    begin = day_start_ms(day) // 1000
    row, at, shift = _moments(scale, trucks, mine, local, shifts, begin)
    count = row.size
    x, y = trucks.yard[0][mine[row]].copy(), trucks.yard[1][mine[row]].copy()
    speed, heading = np.zeros(count), rng.integers(0, 360, trucks.count)[mine[row]]
    load, acc_on = np.full(count, EMPTY), np.zeros(count, dtype=bool)
    km = trucks.odometer_km[mine[row]] + (day - date(2026, 1, 1)).days * 260.0
    for index, plan in enumerate(shifts):
        here = np.flatnonzero(shift == index)
        parts = plan.segments
        found, share = parts.at(local[row[here]], at[here])
        span = parts.end_s[found] - parts.start_s[found]
        dx, dy = parts.x1[found] - parts.x0[found], parts.y1[found] - parts.y0[found]
        x[here], y[here] = parts.x0[found] + share * dx, parts.y0[found] + share * dy
        metres = np.abs(dx) * METRES_PER_LON + np.abs(dy) * METRES_PER_LAT
        speed[here] = metres / span * 3.6
        moving = metres > 0
        heading[here[moving]] = (np.degrees(np.arctan2(dx * METRES_PER_LON, dy * METRES_PER_LAT))[moving] % 360).astype(
            int
        )
        load[here], acc_on[here] = parts.load[found], parts.acc_on[found]
        km[here] = parts.km[found] + share * metres / 1000
    return _measured(rng, mine[row], at, x, y, speed, heading, load, acc_on, shift >= 0, km)


def _moments(
    scale: Scale, trucks: Trucks, mine: Ints, local: Ints, shifts: list[Shifts], begin: int
) -> tuple[Ints, Ints, Ints]:
    """(truck of `mine`, second, index of the shift or -1 when parked) of every report of the day."""
    step = scale.fix_interval_s
    grid = np.arange(0, 86_400, step)[None, :] + trucks.phase_s[mine][:, None]
    shift = np.full(grid.shape, -1, dtype=np.int8)
    for index, plan in enumerate(shifts):
        inside = (begin + grid >= plan.start_s[local][:, None]) & (begin + grid < plan.end_s[local][:, None])
        shift[inside & plan.works[local][:, None]] = index
    parked = (grid - trucks.phase_s[mine][:, None]) % _PARKED_INTERVAL_S == 0
    row, column = np.nonzero(((shift >= 0) | parked) & (grid < 86_400))
    return row.astype(np.int64), begin + grid[row, column], shift[row, column].astype(np.int64)


def _measured(
    rng: np.random.Generator,
    truck: Ints,
    at: Ints,
    x: Floats,
    y: Floats,
    speed: Floats,
    heading: Ints,
    load: Ints,
    acc_on: NDArray[np.bool_],
    is_working: NDArray[np.bool_],
    km: Floats,
) -> Fixes:
    """Adds what a receiver adds: noise in motion, fixes without satellites, and drifts far away."""
    count = truck.size
    moving = speed > 0
    shown_x = x + moving * rng.normal(0, 3.0, count) / METRES_PER_LON
    shown_y = y + moving * rng.normal(0, 3.0, count) / METRES_PER_LAT
    between = np.zeros(count, dtype=bool)  # two reports of the same working truck, shortly before and after
    between[1:-1] = (truck[1:-1] == truck[:-2]) & (truck[1:-1] == truck[2:]) & (at[2:] - at[:-2] <= 180)
    between[1:-1] &= is_working[1:-1] & is_working[:-2] & is_working[2:]
    is_positioned = np.ones(count, dtype=bool)
    for begin in np.flatnonzero(between & (rng.random(count) < 0.002)):
        lost = np.arange(begin, min(count, int(begin) + 4))
        lost = lost[truck[lost] == truck[begin]]
        is_positioned[lost] = False  # a terminal without satellites repeats its last place
        shown_x[lost], shown_y[lost] = shown_x[begin - 1], shown_y[begin - 1]
    # A drift lies between two good fixes: 8 to 40 km in seconds, there and back at a speed no truck has.
    is_drift = between & is_positioned & (rng.random(count) < _DRIFT_SHARE)
    is_drift[1:-1] &= is_positioned[:-2] & is_positioned[2:]
    is_drift[1:] &= ~is_drift[:-1]
    drifts = np.flatnonzero(is_drift)
    far, bearing = rng.uniform(8_000, 40_000, drifts.size), rng.uniform(0, 2 * np.pi, drifts.size)
    shown_x[drifts] += far * np.cos(bearing) / METRES_PER_LON
    shown_y[drifts] += far * np.sin(bearing) / METRES_PER_LAT
    shown_speed = np.where(moving, np.clip(speed * rng.normal(1.0, 0.12, count), 1.0, 95.0), 0.0).round(1)
    delay = (350 + 1_500 * rng.gamma(1.3, 1.0, count)).astype(np.int64)
    return Fixes(
        truck=truck,
        at_s=at,
        true_x=x,
        true_y=y,
        x=shown_x.round(6),
        y=shown_y.round(6),
        speed_kmh=shown_speed,
        heading_deg=heading,
        altitude_m=rng.integers(3, 9, count),
        load=load,
        acc_on=acc_on,
        is_positioned=is_positioned,
        is_drift=is_drift,
        is_working=is_working,
        km=km.round(1),
        fuel_l=(280.0 - (km * 0.38) % 240.0).round(1),
        received_ms=at * 1000 + delay,
        alarm=np.zeros(count, dtype=np.int64),
        planted=np.zeros(count, dtype=np.int64),
    )
