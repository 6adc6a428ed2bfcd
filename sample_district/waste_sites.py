"""The district's waste sites: construction sites, where waste goes, places nobody filed, and sites that work at night."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sample_district.cameras import KINDS, Cameras
from sample_district.datum import Floats, as_reported
from sample_district.scale import Scale
from sample_district.seeding import random_stream
from sample_district.terrain import METRES_PER_LAT, METRES_PER_LON, Ints, Terrain
from sample_district.trucks import Trucks

CONSTRUCTION, RECEIVING, TRANSFER, BACKFILL = range(4)
KIND_NAMES = ("construction", "receiving", "transfer", "backfill")
_NAMES = ("样例工地", "样例消纳场", "样例中转码头", "样例回填工地")
_CORNERS = 9
_RADIUS_M, _NIGHT_RADIUS_M = 140.0, 160.0
_NONE = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class WasteSites:
    """One entry per site in every array; places are WGS-84 degrees, `area` a township or -1 outside the district.

    First come the trucks' construction sites, then the receiving sites in the order of `Trucks`, then `unfiled` ones
    (not filed; filed after its first use; closed), then `night` ones. `camera` sees a night site, -1 elsewhere.
    """

    kind: Ints
    x: Floats
    y: Floats
    radius_m: Floats
    area: Ints
    filed_on: NDArray[np.datetime64]
    closed_on: NDArray[np.datetime64]
    camera: Ints
    receiving: Ints
    unfiled: Ints
    night: Ints

    @property
    def count(self) -> int:
        return int(self.kind.size)

    def site_id(self, index: int) -> str:
        return f"{'GD' if self.kind[index] == CONSTRUCTION else 'XN'}-{index + 1:05d}"

    def name(self, index: int) -> str:
        return f"{_NAMES[self.kind[index]]}{index + 1:05d}号"

    def is_filed(self, index: int, day: date) -> bool:
        """Whether the site is filed and not closed on the day; NaT compares false."""
        today = np.datetime64(day, "D")
        return bool(self.filed_on[index] <= today and not self.closed_on[index] <= today)

    def ring(self, index: int, datum: str) -> list[tuple[float, float]]:
        """Corners of the polygon, closed, in the datum's degrees to six decimals."""
        rng = random_stream(index, "site corners")
        angle = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
        radius = self.radius_m[index] * rng.uniform(0.88, 1.0, _CORNERS)
        x = self.x[index] + radius * np.cos(angle) / METRES_PER_LON
        y = self.y[index] + radius * np.sin(angle) / METRES_PER_LAT
        x, y = as_reported(x, y, datum)
        corners = list(zip(x.round(6).tolist(), y.round(6).tolist(), strict=True))
        return [*corners, corners[0]]


def found_sites(seed: int, scale: Scale, terrain: Terrain, cameras: Cameras, trucks: Trucks, start: date) -> WasteSites:
    """The sites of a run; those filed or closed in its days are so by its first day, `start`."""
    rng = random_stream(seed, scale.name, "waste sites")
    building, receiving = trucks.sites[0].size, trucks.receivers[0].size
    x, y = (
        np.concatenate([trucks.sites[0], trucks.receivers[0]]),
        np.concatenate([trucks.sites[1], trucks.receivers[1]]),
    )
    kind = np.repeat([CONSTRUCTION, RECEIVING], [building, receiving])
    kind[building + 1 : building + receiving : 4] = TRANSFER
    kind[building + 2 : building + receiving : 4] = BACKFILL
    for number in range(3 * max(1, scale.trucks // 500)):
        place = _lonely(rng, terrain, x, y, 1_500.0)
        x, y = np.append(x, place[0]), np.append(y, place[1])
        kind = np.append(kind, (BACKFILL, RECEIVING, TRANSFER)[number % 3])
    unfiled = np.arange(building + receiving, x.size)
    seen = _night_cameras(rng, cameras, x, y)
    camera = np.concatenate([np.full(x.size, -1), seen])
    x, y = np.append(x, cameras.longitude[seen]), np.append(y, cameras.latitude[seen])
    kind = np.concatenate([kind, np.full(seen.size, CONSTRUCTION)])
    night = np.arange(unfiled[-1] + 1, x.size)
    filed = np.datetime64(start, "D") - rng.integers(40, 500, x.size).astype("timedelta64[D]")
    closed = np.full(x.size, _NONE)
    first = np.datetime64(start, "D")
    filed[unfiled[0::3]] = _NONE
    filed[unfiled[1::3]] = first + np.timedelta64(2, "D")  # used from the first day on, filed on the third
    closed[unfiled[2::3]] = first - np.timedelta64(12, "D")
    apart = _distances(x, y, x, y)
    np.fill_diagonal(apart, np.inf)
    widest = np.where(camera >= 0, _NIGHT_RADIUS_M, _RADIUS_M)
    return WasteSites(
        kind=kind, x=x, y=y, radius_m=np.minimum(widest, 0.45 * apart.min(axis=1)), area=terrain.areas_of(x, y),
        filed_on=filed, closed_on=closed, camera=camera, receiving=np.arange(building, building + receiving),
        unfiled=unfiled, night=night,
    )  # fmt: skip


def lonely_places(rng: np.random.Generator, terrain: Terrain, sites: WasteSites, count: int) -> tuple[Floats, Floats]:
    """Places inside the district and well away from every site, also from one seen through a wrong datum."""
    places = [_lonely(rng, terrain, sites.x, sites.y, 1_200.0) for _ in range(count)]
    return np.array([x for x, _ in places]), np.array([y for _, y in places])


def _lonely(rng: np.random.Generator, terrain: Terrain, x: Floats, y: Floats, apart_m: float) -> tuple[float, float]:
    """A place that far from all the others, or the loneliest of a hundred."""
    best, best_m = (0.0, 0.0), -1.0
    for _ in range(100):
        there = terrain.places_in(int(rng.integers(0, len(terrain.townships))), 1, rng)
        nearest = float(_distances(there[0], there[1], x, y).min())
        if nearest > best_m:
            best, best_m = (float(there[0][0]), float(there[1][0])), nearest
        if nearest > apart_m:
            break
    return best


def _night_cameras(rng: np.random.Generator, cameras: Cameras, x: Floats, y: Floats) -> Ints:
    """Cameras at sites that stand alone: half of them, so that the others watch a site no register knows."""
    usable = (cameras.kind == KINDS.index("site")) & ~cameras.lies_about_datum & np.isnat(cameras.retired_on)
    wanted = min(40, max(3, int(usable.sum()) // 2))
    chosen: list[int] = []
    for index in rng.permutation(np.flatnonzero(usable)):
        own_x, own_y = cameras.longitude[[index]], cameras.latitude[[index]]
        others = np.append(x, cameras.longitude[chosen]), np.append(y, cameras.latitude[chosen])
        if _distances(own_x, own_y, *others).min() > 700.0:
            chosen.append(int(index))
        if len(chosen) == wanted:
            break
    return np.array(chosen, dtype=np.int64)


def _distances(x0: Floats, y0: Floats, x1: Floats, y1: Floats) -> Floats:
    """Metres, one row per place of the first and one column per place of the second."""
    dx = (np.asarray(x0)[:, None] - np.asarray(x1)[None, :]) * METRES_PER_LON
    dy = (np.asarray(y0)[:, None] - np.asarray(y1)[None, :]) * METRES_PER_LAT
    return np.hypot(dx, dy)
