"""Disposal permits: which carrier may haul from which site to which, when, and along which streets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sample_district.cameras import KINDS, Cameras
from sample_district.datum import Floats
from sample_district.scale import Scale
from sample_district.seeding import random_stream
from sample_district.terrain import METRES_PER_LAT, METRES_PER_LON, Ints
from sample_district.trucks import Trucks
from sample_district.waste_sites import WasteSites

# The permits of one carrier, in this order. A carrier has one permit a site, so that which permit a trip needs has one
# reading; the last place is a site it has none for.
ANY_HOURS, BY_NIGHT, BY_DAY, ENDED, DAY_FOR_NIGHT_TRUCKS, NIGHT_FOR_DAY_TRUCKS = range(6)
_A_CARRIER = 6
_HOURS = ((-1, -1), (19, 7), (5, 19), (-1, -1), (7, 19), (20, 4))
_LEAST_M = 5_000.0
_NONE = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class DisposalPermits:
    """One entry per permit in every array, six a carrier. Hours are Shanghai's, -1 for none.

    `corner` says where the approved route turns: the share of the way east or west after which it goes north or south.
    `unpermitted_site[carrier]` and `unpermitted_receiver[carrier]`: a haul that no permit covers.
    """

    carrier: Ints
    site: Ints
    receiver: Ints
    volume_m3: Floats
    valid_from: NDArray[np.datetime64]
    valid_until: NDArray[np.datetime64]
    revoked_on: NDArray[np.datetime64]
    hour_from: Ints
    hour_until: Ints
    corner: Floats
    has_route: NDArray[np.bool_]
    unpermitted_site: Ints
    unpermitted_receiver: Ints

    @property
    def count(self) -> int:
        return int(self.carrier.size)

    def permit_id(self, index: int) -> str:
        return f"SJCZ-2026-{index + 1:05d}"

    def route(self, index: int, sites: WasteSites) -> tuple[Floats, Floats]:
        """Corners of the approved route, as the permit's trucks drive it; WGS-84 degrees."""
        start, goal = int(self.site[index]), int(self.receiver[index])
        x0, y0, x1, y1 = sites.x[start], sites.y[start], sites.x[goal], sites.y[goal]
        middle = x0 + self.corner[index] * (x1 - x0)
        return np.array([x0, middle, middle, x1]), np.array([y0, y0, y1, y1])

    @staticmethod
    def of(carrier: Ints, which: Ints | int) -> Ints:
        """The permit of each carrier by its place in the order above."""
        return np.asarray(carrier * _A_CARRIER + which)

    def state(self, index: int, day: date) -> str:
        today = np.datetime64(day, "D")
        if self.revoked_on[index] <= today:
            return "revoked"
        if today > self.valid_until[index]:
            return "expired"
        return "valid" if today >= self.valid_from[index] else "not_yet"

    def trucks_of(self, index: int, trucks: Trucks) -> list[str]:
        """Plates on the permit; empty where any truck of the carrier may drive."""
        which, own = index % _A_CARRIER, trucks.carrier == self.carrier[index]
        if which in (ANY_HOURS, ENDED):
            return []
        if which == BY_NIGHT and (own & trucks.is_night).any():
            own &= trucks.is_night
        elif which == BY_DAY and (own & ~trucks.is_night).any():
            own &= ~trucks.is_night
        plates: list[str] = trucks.plate_no[own].tolist()
        return plates


def found_permits(
    seed: int, scale: Scale, cameras: Cameras, trucks: Trucks, sites: WasteSites, start: date
) -> DisposalPermits:
    """The permits of a run; `start` is its first day, before which the ended ones ended."""
    rng = random_stream(seed, scale.name, "disposal permits")
    carriers = int(trucks.carrier.max()) + 1
    building = trucks.sites[0].size
    own = np.array([rng.permutation(building)[: _A_CARRIER + 1] for _ in range(carriers)])
    goal = np.array([[_receiver(rng, sites, int(site)) for site in row] for row in own])
    count = carriers * _A_CARRIER
    which = np.tile(np.arange(_A_CARRIER), carriers)
    first = np.datetime64(start, "D")
    since = first - rng.integers(30, 90, count).astype("timedelta64[D]")
    until = first + rng.integers(120, 400, count).astype("timedelta64[D]")
    revoked = np.full(count, _NONE)
    ended = which == ENDED
    is_revoked = ended & (np.arange(count) // _A_CARRIER % 3 == 2)
    days_ago = rng.integers(3, 20, count).astype("timedelta64[D]")
    until[ended & ~is_revoked] = (first - days_ago)[ended & ~is_revoked]
    revoked[is_revoked] = (first - days_ago)[is_revoked]
    hours = np.array(_HOURS)[which]
    return DisposalPermits(
        carrier=np.repeat(np.arange(carriers), _A_CARRIER),
        site=own[:, :_A_CARRIER].ravel(),
        receiver=goal[:, :_A_CARRIER].ravel(),
        volume_m3=np.float64(100.0) * rng.integers(20, 160, count).astype(np.float64),
        valid_from=since,
        valid_until=until,
        revoked_on=revoked,
        hour_from=hours[:, 0],
        hour_until=hours[:, 1],
        corner=_corners(rng, cameras, sites, own[:, :_A_CARRIER].ravel(), goal[:, :_A_CARRIER].ravel()),
        # A site that hauls at any hour may have no approved route; the others all have one.
        has_route=(which != ANY_HOURS) | (rng.random(count) < 0.7),
        unpermitted_site=own[:, _A_CARRIER],
        unpermitted_receiver=goal[:, _A_CARRIER],
    )


def _corners(rng: np.random.Generator, cameras: Cameras, sites: WasteSites, start: Ints, goal: Ints) -> Floats:
    """Where each route turns: onto a street that a camera watches, wherever one lies on the way."""
    street = (cameras.kind == KINDS.index("street")) & ~cameras.lies_about_datum & np.isnat(cameras.retired_on)
    x, y = cameras.longitude[street], cameras.latitude[street]
    corner = rng.uniform(0.3, 0.7, start.size)
    for index, (a, b) in enumerate(zip(start, goal, strict=True)):
        share = (x - sites.x[a]) / (sites.x[b] - sites.x[a])
        between = (y > min(sites.y[a], sites.y[b])) & (y < max(sites.y[a], sites.y[b]))
        seen = share[(share > 0.2) & (share < 0.8) & between]
        if seen.size:
            corner[index] = rng.choice(seen)
    return corner


def _receiver(rng: np.random.Generator, sites: WasteSites, site: int) -> int:
    """A filed receiving site some kilometres away: every haul is long enough to be judged."""
    for goal in rng.permutation(sites.receiving):
        metres = (
            abs(sites.x[goal] - sites.x[site]) * METRES_PER_LON + abs(sites.y[goal] - sites.y[site]) * METRES_PER_LAT
        )
        if metres > _LEAST_M:
            return int(goal)
    return int(sites.receiving[0])
