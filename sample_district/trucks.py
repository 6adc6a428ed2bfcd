"""Construction-waste trucks, their carriers, and the places they drive between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sample_district.datum import Floats
from sample_district.scale import Scale
from sample_district.seeding import random_stream
from sample_district.terrain import METRES_PER_LAT, METRES_PER_LON, Ints, Terrain

_PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
# Chinese mobile numbers begin with 13 to 19: one that begins with 100 is nobody's.
_FIRST_TERMINAL = 10_000_000_000


@dataclass(frozen=True)
class Trucks:
    """One entry per truck in every array. `part` is the file its reports go to; parts from `jtt808_parts` on are CSV.

    Places are WGS-84 degrees: `yard` where it parks; a site and a receiving site are drawn for each shift.
    """

    plate_no: NDArray[np.str_]
    terminal: Ints
    carrier: Ints
    is_2019: NDArray[np.bool_]
    is_night: NDArray[np.bool_]
    approved_on: NDArray[np.datetime64]
    valid_until: NDArray[np.datetime64]
    is_broken: NDArray[np.bool_]
    part: Ints
    phase_s: Ints
    odometer_km: Floats
    yard: tuple[Floats, Floats]
    sites: tuple[Floats, Floats]
    receivers: tuple[Floats, Floats]
    capacity_m3: Floats

    @property
    def count(self) -> int:
        return int(self.terminal.size)

    def carrier_name(self, index: int) -> str:
        return f"样例渣土运输{index + 1:02d}号公司"

    def approved(self, day: date) -> NDArray[np.bool_]:
        """Trucks whose approval covers the day."""
        today = np.datetime64(day)
        return np.asarray((self.approved_on <= today) & (np.isnat(self.valid_until) | (self.valid_until >= today)))

    def silent(self, seed: int, day: date) -> NDArray[np.bool_]:
        """Trucks that send nothing on the day: broken terminals for good, and some for this day alone."""
        rng = random_stream(seed, "silent terminals", day)
        today = np.zeros(self.count, dtype=bool)
        today[rng.permutation(self.count)[: max(1, self.count // 60)]] = True
        return self.is_broken | today | (self.approved_on > np.datetime64(day))


def found_trucks(seed: int, scale: Scale, terrain: Terrain) -> Trucks:
    """The fleet; the same for every day of a seed and scale."""
    rng = random_stream(seed, scale.name, "trucks")
    count = scale.trucks
    parts = scale.jtt808_parts + scale.csv_gps_parts
    carriers = max(2 * parts, count // 25)
    carrier = np.sort(np.arange(count) % carriers)
    weights = np.array([township.area_km2 * township.population_share for township in terrain.townships]) ** 0.5
    yard_x, yard_y = _inside(rng, terrain, weights, carriers)
    approved = np.datetime64("2025-03-15") + rng.integers(0, 330, count).astype("timedelta64[D]")
    until = np.datetime64("2027-01-01") + rng.integers(0, 900, count).astype("timedelta64[D]")
    until[rng.random(count) < 0.2] = np.datetime64("NaT")
    order = rng.permutation(count)
    few = max(1, count // 100)
    until[order[:few]] = np.datetime64("2026-02-28")  # approval ran out, and the truck still drives
    approved[order[few : 2 * few]] = np.datetime64("2028-01-01")  # not yet approved, and not yet on the road
    broken = np.zeros(count, dtype=bool)
    broken[order[2 * few : 2 * few + max(1, count // 50)]] = True
    serial = rng.permutation(100_000)[:count] if count <= 100_000 else np.arange(count)
    return Trucks(
        plate_no=np.array([f"沪D{_PLATE_LETTERS[n % 24]}{n // 24 % 10_000:04d}" for n in serial]),
        terminal=_FIRST_TERMINAL + 7 * np.arange(count) + int(rng.integers(0, 7)),
        carrier=carrier,
        is_2019=(rng.random(carriers) < 0.6)[carrier],
        is_night=rng.random(count) < 0.68,
        approved_on=approved,
        valid_until=until,
        is_broken=broken,
        part=(carrier * parts) // carriers,
        phase_s=rng.integers(0, scale.fix_interval_s, count),
        odometer_km=rng.uniform(8_000, 190_000, count).round(1),
        yard=(yard_x[carrier], yard_y[carrier]),
        sites=_inside(rng, terrain, weights, max(12, count // 8)),
        receivers=_receivers(rng, terrain, weights, max(8, count // 60)),
        capacity_m3=random_stream(seed, scale.name, "capacity").choice([12.0, 15.0, 16.5, 18.0, 20.0], count),
    )


def _inside(rng: np.random.Generator, terrain: Terrain, weights: Floats, count: int) -> tuple[Floats, Floats]:
    areas = rng.choice(weights.size, count, p=weights / weights.sum())
    places = [terrain.places_in(int(area), 1, rng) for area in areas]
    return np.array([x[0] for x, _ in places]), np.array([y[0] for _, y in places])


def _receivers(rng: np.random.Generator, terrain: Terrain, weights: Floats, count: int) -> tuple[Floats, Floats]:
    """Receiving sites: two thirds inside, the rest some kilometres beyond the border to the south and west."""
    x, y = _inside(rng, terrain, weights, count)
    outside = np.flatnonzero(np.arange(count) % 3 == 2)
    bearing, distance = rng.uniform(np.pi * 0.95, np.pi * 1.6, outside.size), rng.uniform(24_000, 31_000, outside.size)
    x[outside] = 121.215 + distance * np.cos(bearing) / METRES_PER_LON
    y[outside] = 31.03 + distance * np.sin(bearing) / METRES_PER_LAT
    return x.round(6), y.round(6)
