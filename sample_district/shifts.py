"""What each truck does in a shift: drive to the site, load, drive to the receiving site, unload, and again, then home."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample_district.calendar_day import day_start_ms
from sample_district.datum import Floats
from sample_district.seeding import random_stream
from sample_district.terrain import METRES_PER_LAT, METRES_PER_LON, Ints
from sample_district.trucks import Trucks

EMPTY, HALF, FULL = 0, 1, 2
_MOST_TRIPS = 14
_DAILY_KM = 260.0


@dataclass(frozen=True)
class Segments:
    """Straight pieces of driving and standing, sorted by truck and time.

    `truck` indexes the trucks of the call; times are seconds since 1970 UTC; places WGS-84 degrees; `km` is the
    odometer at the segment's beginning.
    """

    truck: Ints
    start_s: Floats
    end_s: Floats
    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    load: Ints
    acc_on: NDArray[np.bool_]
    km: Floats


@dataclass(frozen=True)
class Shifts:
    """The shifts that begin on one day: `works[truck]`, from `start_s` to `end_s`, and their segments."""

    works: NDArray[np.bool_]
    start_s: Floats
    end_s: Floats
    segments: Segments


class _Plan:
    """The trucks' clocks and places while their segments are laid one after the other."""

    def __init__(self, clock: Floats, x: Floats, y: Floats, km: Floats) -> None:
        self.clock, self.x, self.y, self.km = clock, x, y, km
        self.pieces: list[tuple[NDArray[Any], ...]] = []

    def stand(self, who: Ints, seconds: Floats, load: int, *, acc_on: bool = True) -> None:
        self._piece(who, seconds, self.x[who], self.y[who], load, acc_on, 0.0)

    def drive(self, who: Ints, x: Floats, y: Floats, load: int, speed_ms: Floats, corner: Floats) -> None:
        """Along streets: east or west to a corner, north or south, and on to the place."""
        x0, y0 = self.x[who], self.y[who]
        middle = x0 + corner * (x - x0)
        for to_x, to_y in ((middle, y0), (middle, y), (x, y)):
            metres = np.abs(to_x - self.x[who]) * METRES_PER_LON + np.abs(to_y - self.y[who]) * METRES_PER_LAT
            self._piece(who, np.maximum(metres / speed_ms, 1.0), to_x, to_y, load, True, metres / 1000)

    def _piece(
        self, who: Ints, seconds: Floats, to_x: Floats, to_y: Floats, load: int, acc_on: bool, km: Floats | float
    ) -> None:
        begin = self.clock[who]
        self.pieces.append(
            (
                who, begin, begin + seconds, self.x[who], self.y[who], to_x, to_y,
                np.full(who.size, load), np.full(who.size, acc_on), self.km[who],
            )
        )  # fmt: skip
        self.clock[who] = begin + seconds
        self.x[who], self.y[who] = to_x, to_y
        self.km[who] = self.km[who] + km

    def segments(self) -> Segments:
        columns = [np.concatenate(column) for column in zip(*self.pieces, strict=True)]
        order = np.lexsort((columns[1], columns[0]))
        return Segments(*(column[order] for column in columns))


def plan_shifts(seed: int, trucks: Trucks, mine: Ints, day: date, part: int) -> Shifts:
    """Shifts of the trucks `mine` (indexes) that begin on the day; night shifts end on the next morning.

    Drawn from the shift's own day, so that the next day's file continues the same trips after midnight.
    """
    rng = random_stream(seed, "shifts", day, part)
    count = mine.size
    night = trucks.is_night[mine]
    works = rng.random(count) < (0.62 if day.weekday() == 6 else 0.88)
    midnight = day_start_ms(day) // 1000
    begin = np.where(night, 20.4 * 3600 + rng.normal(0, 1_300, count), 6.6 * 3600 + rng.normal(0, 1_500, count))
    length = np.where(night, 8.4 * 3600, 8.9 * 3600) + rng.normal(0, 1_500, count)
    begin = np.asarray(midnight + np.round(begin), dtype=np.float64)
    site = rng.integers(0, trucks.sites[0].size, count)
    receiver = rng.integers(0, trucks.receivers[0].size, count)
    odometer = trucks.odometer_km[mine] + (day - date(2026, 1, 1)).days * _DAILY_KM
    plan = _Plan(begin.copy(), trucks.yard[0][mine].copy(), trucks.yard[1][mine].copy(), odometer.copy())
    corner = rng.uniform(0.25, 0.75, (3, count))

    def speed(who: Ints) -> Floats:
        return rng.uniform(26.0, 47.0, count)[who] / 3.6

    everyone = np.arange(count)
    site_x, site_y = trucks.sites[0][site], trucks.sites[1][site]
    drop_x, drop_y = trucks.receivers[0][receiver], trucks.receivers[1][receiver]
    plan.stand(everyone, rng.uniform(240, 900, count), EMPTY)
    plan.drive(everyone, site_x, site_y, EMPTY, speed(everyone), corner[0])
    for trip in range(_MOST_TRIPS):
        # A last trip must still fit, or the truck goes home.
        who = np.flatnonzero(plan.clock < begin + length - 4_500)
        if not who.size:
            break
        plan.stand(who, rng.uniform(240, 900, count)[who], EMPTY)
        plan.stand(who, rng.uniform(240, 600, count)[who], HALF)
        plan.drive(who, drop_x[who], drop_y[who], FULL, speed(who) * 0.9, corner[1][who])
        plan.stand(who, rng.uniform(240, 780, count)[who], FULL)
        if trip == 2:  # the meal, engine off
            plan.stand(who, rng.uniform(1_500, 2_700, count)[who], EMPTY, acc_on=False)
        plan.drive(who, site_x[who], site_y[who], EMPTY, speed(who), 1.0 - corner[1][who])
    plan.drive(everyone, trucks.yard[0][mine], trucks.yard[1][mine], EMPTY, speed(everyone), corner[2])
    plan.stand(everyone, np.full(count, 300.0), EMPTY)
    return Shifts(works, begin, plan.clock, plan.segments())
