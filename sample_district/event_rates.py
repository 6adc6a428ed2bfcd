"""How often each type of event happens: by kind of camera, hour, weekday, weather, township and year."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from sample_district.cameras import KINDS, Cameras
from sample_district.datum import Floats
from sample_district.scale import Scale
from sample_district.seeding import random_stream
from sample_district.terrain import Terrain

ROOM = Path(__file__).parent
_EPOCH = date(2026, 1, 1)


@dataclass(frozen=True)
class EventRate:
    """One type of event. `hours` sums to 1; `gap_s` is the mean time between repeated messages of one incident."""

    event_type: str
    kinds: tuple[int, ...]
    daily_share: float
    hours: Floats
    weekend_factor: float
    rain_factor: float
    yearly_growth: float
    density_power: float
    mean_detections: float
    gap_s: float
    algorithm: str


def load_event_rates() -> list[EventRate]:
    """The types of `event_rates.csv` with their profiles, in the file's order."""
    with (ROOM / "hourly_profiles.csv").open(encoding="utf-8", newline="") as lines:
        profiles = {
            row["profile"]: np.array([float(row[f"h{hour:02d}"]) for hour in range(24)])
            for row in csv.DictReader(lines)
        }
    with (ROOM / "event_rates.csv").open(encoding="utf-8", newline="") as lines:
        return [
            EventRate(
                event_type=row["event_type"],
                kinds=tuple(KINDS.index(kind) for kind in row["kinds"].split("|")),
                daily_share=float(row["daily_share"]),
                hours=profiles[row["profile"]] / profiles[row["profile"]].sum(),
                weekend_factor=float(row["weekend_factor"]),
                rain_factor=float(row["rain_factor"]),
                yearly_growth=float(row["yearly_growth"]),
                density_power=float(row["density_power"]),
                mean_detections=float(row["mean_detections"]),
                gap_s=float(row["gap_s"]),
                algorithm=row["algorithm"],
            )
            for row in csv.DictReader(lines)
        ]


def mean_repeats(rate: EventRate, scale: Scale) -> float:
    """Mean detections of one incident of the type at this scale, at least one."""
    return max(1.0, rate.mean_detections * scale.repeats)


def base_rates(seed: int, scale: Scale, terrain: Terrain, cameras: Cameras, rates: list[EventRate]) -> Floats:
    """Expected incidents of an average day, one row per camera and one column per type.

    A type's share of the day is spread over the cameras that can see it, by how busy each camera's place is, by the
    density of its township, and by a habit of that township that stays for all days.
    """
    density = np.array([township.population_share / township.area_km2 for township in terrain.townships])
    density = density / np.median(density)
    habits = random_stream(seed, scale.name, "habits").lognormal(0.0, 0.3, (len(terrain.townships), len(rates)))
    incidents = scale.detections / sum(rate.daily_share * mean_repeats(rate, scale) for rate in rates)
    expected = np.zeros((cameras.count, len(rates)))
    for column, rate in enumerate(rates):
        sees = np.isin(cameras.kind, rate.kinds)
        weight = sees * cameras.hotness * density[cameras.area] ** rate.density_power * habits[cameras.area, column]
        expected[:, column] = incidents * rate.daily_share * weight / weight.sum()
    return expected


def day_factors(seed: int, scale: Scale, rates: list[EventRate], day: date) -> Floats:
    """What the day multiplies each type by: weekend, rain (about one day in four), year's trend, and chance."""
    rng = random_stream(seed, scale.name, "weather", day)
    is_rainy = rng.random() < 0.27
    chance = rng.lognormal(0.0, 0.05, len(rates))
    years = (day - _EPOCH).days / 365.0
    return np.array(
        [
            (rate.weekend_factor if day.weekday() >= 5 else 1.0)
            * (rate.rain_factor if is_rainy else 1.0)
            * (1.0 + rate.yearly_growth) ** years
            for rate in rates
        ]
        * chance
    )
