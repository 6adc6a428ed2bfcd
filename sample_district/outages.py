"""Planned silence: cameras that are dark for hours or a day, and terminals that never report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sample_district.cameras import Cameras
from sample_district.fault_days import FaultDays
from sample_district.scale import Scale
from sample_district.seeding import random_stream
from sample_district.terrain import Terrain

DARK_TOWNSHIP = "310117117"  # Xinbang: a fibre cut takes two thirds of its cameras for one whole day
_DARK_SHARE = 2 / 3


@dataclass(frozen=True)
class Outages:
    """`dark[camera, hour]` of one day: no status row and no detection in that hour (Shanghai hours)."""

    dark: NDArray[np.bool_]
    dark_township: str | None


def plan_outages(
    seed: int, scale: Scale, terrain: Terrain, cameras: Cameras, day: date, fault_days: FaultDays
) -> Outages:
    """Which cameras are dark on the day: some for a few hours, some for the whole day, and once most of a township."""
    rng = random_stream(seed, scale.name, "outages", day)
    dark = np.zeros((cameras.count, 24), dtype=bool)
    fate = rng.random(cameras.count)
    dark[fate < 0.006] = True
    for camera in np.flatnonzero((fate >= 0.006) & (fate < 0.026)):
        begin, length = int(rng.integers(0, 24)), int(rng.integers(2, 9))
        dark[camera, begin : begin + length] = True
    township = None
    if day == fault_days.dark_township:
        township = DARK_TOWNSHIP
        # Of those in service, by number: a share taken of all could fall on cameras that were retired long ago.
        here = np.flatnonzero((cameras.area == terrain.codes.index(township)) & cameras.in_service(day))
        dark[rng.permutation(here)[: int(np.ceil(here.size * _DARK_SHARE))]] = True
    return Outages(dark, township)
