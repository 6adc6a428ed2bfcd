"""The cameras of the synthetic district: where they stand, what they watch, how they report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sample_district.datum import Floats, as_reported
from sample_district.scale import Scale
from sample_district.seeding import random_stream
from sample_district.terrain import Ints, Terrain

KINDS = ("street", "traffic", "residence", "site", "campus", "river", "kitchen", "lift")
_KIND_SHARES = (0.33, 0.20, 0.17, 0.06, 0.07, 0.07, 0.06, 0.04)
DATUMS = ("WGS84", "GCJ02", "BD09")

# How a detection travels to the district's gateway: median and spread (of the logarithm) of the seconds it takes.
LATENCY_CLASSES = (("fibre", 0.62, 1.2, 0.35), ("mobile", 0.345, 3.8, 0.65), ("store_and_forward", 0.035, 45.0, 0.9))


@dataclass(frozen=True)
class Cameras:
    """One entry per camera in every array; coordinates are the true WGS-84 place.

    `part` is the video platform node that collects the camera; nodes from `native_parts` on speak DeepStream.
    `event_datum` indexes DATUMS: what the camera's messages truly carry. `lies_about_datum` marks a camera that sends
    GCJ-02 values and declares WGS84.
    """

    camera_id: NDArray[np.str_]
    area: Ints
    kind: Ints
    longitude: Floats
    latitude: Floats
    register_datum: Ints
    event_datum: Ints
    lies_about_datum: NDArray[np.bool_]
    sends_place: NDArray[np.bool_]
    latency_class: Ints
    part: Ints
    hotness: Floats
    installed_on: NDArray[np.datetime64]
    retired_on: NDArray[np.datetime64]

    @property
    def count(self) -> int:
        return int(self.camera_id.size)

    def in_service(self, day: date) -> NDArray[np.bool_]:
        """Cameras of the register that should work on the day (installed, and not yet retired)."""
        today = np.datetime64(day)
        retired = ~np.isnat(self.retired_on) & (self.retired_on <= today)
        return np.asarray((self.installed_on <= today) & ~retired)


def largest_remainder(shares: Floats, total: int, least: int = 0) -> Ints:
    """Whole numbers that follow the shares and sum to the total, none below `least`."""
    exact = shares / shares.sum() * (total - least * shares.size)
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(counts - exact, kind="stable")
    counts[order[: total - least * shares.size - int(counts.sum())]] += 1
    return np.asarray(counts + least)


def place_cameras(seed: int, scale: Scale, terrain: Terrain) -> Cameras:
    """The district's cameras; the same for every day of a seed and scale."""
    rng = random_stream(seed, scale.name, "cameras")
    count = scale.cameras
    people = np.array([township.population_share for township in terrain.townships])
    ground = np.array([township.area_km2 for township in terrain.townships])
    per_area = largest_remainder(0.65 * people + 0.35 * ground / ground.sum(), count, least=3)
    area = np.repeat(np.arange(per_area.size), per_area)
    places = [terrain.places_in(index, int(number), rng) for index, number in enumerate(per_area)]
    longitude, latitude = np.concatenate([x for x, _ in places]), np.concatenate([y for _, y in places])
    kind = rng.permutation(np.repeat(np.arange(len(KINDS)), largest_remainder(np.array(_KIND_SHARES), count)))
    parts = scale.native_parts + scale.deepstream_parts
    # DeepStream nodes serve a part of every township, so that no format means one place.
    part = rng.permutation(np.arange(count) % parts)
    event_datum = rng.choice(3, count, p=(0.74, 0.23, 0.03))
    event_datum[part >= scale.native_parts] = 0  # DeepStream's schema has no field for a datum
    latency_class = rng.choice(3, count, p=[share for _, share, _, _ in LATENCY_CLASSES])
    installed = np.datetime64("2019-01-01") + rng.integers(0, 2_500, count).astype("timedelta64[D]")
    retired = np.full(count, np.datetime64("NaT"), dtype="datetime64[D]")
    gone = rng.random(count) < 0.008
    retired[gone] = np.datetime64("2026-03-01") + rng.integers(0, 90, int(gone.sum())).astype("timedelta64[D]")
    return Cameras(
        camera_id=_device_ids(terrain, area),
        area=area,
        kind=kind,
        longitude=longitude,
        latitude=latitude,
        register_datum=np.where(rng.random(count) < 0.2, 1, 0),
        event_datum=event_datum,
        lies_about_datum=_liars(rng, scale, terrain, area, longitude, latitude, event_datum, part),
        sends_place=rng.random(count) < 0.8,
        latency_class=latency_class,
        part=part,
        hotness=rng.lognormal(0.0, 0.7, count),
        installed_on=installed,
        retired_on=retired,
    )


def _device_ids(terrain: Terrain, area: Ints) -> NDArray[np.str_]:
    """20-digit device numbers as in GB/T 28181: place code, industry 00, type 132 (camera), network 0, serial."""
    first = np.searchsorted(area, area)
    return np.array(
        [
            f"{terrain.codes[a][:8]}00132{int(terrain.codes[a][6:]):03d}{serial:04d}"
            for a, serial in zip(area, np.arange(area.size) - first + 1, strict=True)
        ]
    )


def _liars(
    rng: np.random.Generator,
    scale: Scale,
    terrain: Terrain,
    area: Ints,
    longitude: Floats,
    latitude: Floats,
    event_datum: Ints,
    part: Ints,
) -> NDArray[np.bool_]:
    """About 1 % of the cameras, chosen where the undeclared shift stays in the township.

    No row rule can find them (each value is possible), so the answer key lists them, and no count depends on them.
    """
    shifted = as_reported(longitude, latitude, "GCJ02")
    stays = np.zeros(area.size, dtype=bool)
    for index in range(len(terrain.townships)):
        here = area == index
        stays[here] = terrain.well_inside(index, shifted[0][here], shifted[1][here])
    candidates = np.flatnonzero(stays & (event_datum == 0) & (part < scale.native_parts))
    liars = np.zeros(area.size, dtype=bool)
    liars[rng.permutation(candidates)[: max(2, area.size // 100)]] = True
    return liars
