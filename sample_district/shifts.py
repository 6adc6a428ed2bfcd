"""What each truck does in a shift: drive to the site, load, drive to the receiving site, unload, and again, then home."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample_district.calendar_day import day_start_ms
from sample_district.datum import Floats
from sample_district.haulage import Haulage
from sample_district.seeding import random_stream
from sample_district.terrain import METRES_PER_LAT, METRES_PER_LON, Ints
from sample_district.trip_orders import MOST_TRIPS, Orders, give_orders

EMPTY, HALF, FULL = 0, 1, 2
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

    def at(self, truck: Ints, at_s: Ints | Floats) -> tuple[Ints, Floats]:
        """The segment each truck is in at each instant, and the share of it that is done."""
        since = self.start_s[0] - 1e6
        keys = self.truck * 1e7 + (self.start_s - since)
        found = np.searchsorted(keys, truck * 1e7 + (at_s - since), side="right") - 1
        share = (at_s - self.start_s[found]) / (self.end_s[found] - self.start_s[found])
        return found, np.clip(share, 0.0, 1.0)

    def places(self, truck: Ints, at_s: Ints | Floats) -> tuple[Floats, Floats]:
        """Where each truck is at each instant, WGS-84 degrees."""
        found, share = self.at(truck, at_s)
        x0, y0 = self.x0[found], self.y0[found]
        return x0 + share * (self.x1[found] - x0), y0 + share * (self.y1[found] - y0)


@dataclass(frozen=True)
class Hauls:
    """The loaded trips of the shifts, sorted by truck and number.

    `truck` indexes the trucks of the call, `number` counts the shift's trips from 0 and is the row of its orders. Times
    are seconds since 1970 UTC: leaving full, arriving, empty again, and the end of the meal after it (or the same).
    """

    truck: Ints
    number: Ints
    loaded_s: Floats
    arrived_s: Floats
    unloaded_s: Floats
    rested_s: Floats


@dataclass(frozen=True)
class Shifts:
    """The shifts that begin on one day: `works[truck]`, from `start_s` to `end_s`, their segments, hauls and orders."""

    works: NDArray[np.bool_]
    start_s: Floats
    end_s: Floats
    segments: Segments
    hauls: Hauls
    orders: Orders


class _Plan:
    """The trucks' clocks and places while their segments are laid one after the other."""

    def __init__(self, clock: Floats, x: Floats, y: Floats, km: Floats) -> None:
        self.clock, self.x, self.y, self.km = clock, x, y, km
        self.pieces: list[tuple[NDArray[Any], ...]] = []

    def stand(self, who: Ints, seconds: Floats, load: int, *, acc_on: bool = True) -> None:
        self._piece(who, seconds, self.x[who], self.y[who], load, acc_on, 0.0)

    def drive(
        self, who: Ints, x: Floats, y: Floats, load: int, speed_ms: Floats, corner: Floats, detour: Floats | float = 0.0
    ) -> None:
        """Along streets: east or west to a corner, north or south, and on to the place.

        A detour (degrees) goes that far north first, then east or west, and back to the place.
        """
        x0, y0 = self.x[who], self.y[who]
        is_detour = np.not_equal(detour, 0.0)
        middle = x0 + corner * (x - x0)
        first = np.where(is_detour, x0, middle), y0 + detour
        second = np.where(is_detour, x, middle), np.where(is_detour, y0 + detour, y)
        for to_x, to_y in (first, second, (x, y)):
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


def plan_shifts(haulage: Haulage, mine: Ints, day: date, part: int) -> Shifts:
    """Shifts of the trucks `mine` (indexes) that begin on the day; night shifts end on the next morning.

    Drawn from the shift's own day, so that the next day's file continues the same trips after midnight.
    """
    trucks = haulage.trucks
    rng = random_stream(haulage.seed, "shifts", day, part)
    count = mine.size
    night = trucks.is_night[mine]
    works = rng.random(count) < (0.62 if day.weekday() == 6 else 0.88)
    midnight = day_start_ms(day) // 1000
    begin = np.where(night, 20.4 * 3600 + rng.normal(0, 1_300, count), 6.6 * 3600 + rng.normal(0, 1_500, count))
    length = np.where(night, 8.4 * 3600, 8.9 * 3600) + rng.normal(0, 1_500, count)
    begin = np.asarray(midnight + np.round(begin), dtype=np.float64)
    orders = give_orders(haulage, mine, works, rng.integers(0, 2, count), day, part)
    odometer = trucks.odometer_km[mine] + (day - date(2026, 1, 1)).days * _DAILY_KM
    plan = _Plan(begin.copy(), trucks.yard[0][mine].copy(), trucks.yard[1][mine].copy(), odometer.copy())
    corner = rng.uniform(0.25, 0.75, (2, count))

    def speed(who: Ints) -> Floats:
        return rng.uniform(26.0, 47.0, count)[who] / 3.6

    everyone = np.arange(count)
    site_x, site_y = haulage.sites.x[orders.origin], haulage.sites.y[orders.origin]
    plan.stand(everyone, rng.uniform(240, 900, count), EMPTY)
    plan.drive(everyone, site_x[0], site_y[0], EMPTY, speed(everyone), corner[0])
    hauls = []
    for trip in range(MOST_TRIPS):
        # A last trip must still fit, or the truck goes home.
        who = np.flatnonzero(plan.clock < begin + length - 4_500)
        if not who.size:
            break
        plan.stand(who, rng.uniform(240, 900, count)[who], EMPTY)
        plan.stand(who, rng.uniform(240, 600, count)[who], HALF)
        loaded = plan.clock[who]
        fast = orders.speed_ms[trip][who]
        usual = speed(who) * 0.9
        plan.drive(
            who, orders.x[trip][who], orders.y[trip][who], FULL, np.where(fast > 0, fast, usual),
            orders.corner[trip][who], orders.detour_deg[trip][who],
        )  # fmt: skip
        arrived = plan.clock[who]
        plan.stand(who, rng.uniform(240, 780, count)[who], FULL)
        unloaded = plan.clock[who]
        if trip == 2:  # the meal, engine off
            plan.stand(who, rng.uniform(1_500, 2_700, count)[who], EMPTY, acc_on=False)
        hauls.append((who, np.full(who.size, trip), loaded, arrived, unloaded, plan.clock[who]))
        plan.drive(who, site_x[trip + 1][who], site_y[trip + 1][who], EMPTY, speed(who), 1.0 - orders.corner[trip][who])
    plan.drive(everyone, trucks.yard[0][mine], trucks.yard[1][mine], EMPTY, speed(everyone), corner[1])
    plan.stand(everyone, np.full(count, 300.0), EMPTY)
    columns = [np.concatenate(column) for column in zip(*hauls, strict=True)]
    rank = np.lexsort((columns[1], columns[0]))
    return Shifts(works, begin, plan.clock, plan.segments(), Hauls(*(column[rank] for column in columns)), orders)
