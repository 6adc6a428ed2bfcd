"""Where each trip of a shift is told to go, and which of them are planted violations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from sample_district.datum import Floats
from sample_district.disposal_permits import ANY_HOURS, BY_DAY, BY_NIGHT, DAY_FOR_NIGHT_TRUCKS, ENDED
from sample_district.disposal_permits import NIGHT_FOR_DAY_TRUCKS as NIGHT_HOURS
from sample_district.haulage import Haulage
from sample_district.seeding import random_stream
from sample_district.terrain import METRES_PER_LAT, METRES_PER_LON, Ints

MOST_TRIPS = 14
# In the order in which they claim trips: a kind added at the end shifts none before it.
ORDERED = (
    "unpermitted_site", "unfiled_receiving_site", "off_route", "out_of_hours", "expired_permit", "suspected_dump",
    "overspeed", "no_permit",
)  # fmt: skip
_FAR_M = 3_000.0


@dataclass(frozen=True)
class Orders:
    """Arrays by trip and truck: permit (-1 none), sites (`destination` -1: none), the unloading place, and how to drive.

    `detour_deg` is how far north (or south) a truck leaves its route, 0 for none; `speed_ms` is 0 where it drives as
    usual; `planted` indexes ORDERED, -1 for an honest trip.
    """

    permit: Ints
    origin: Ints
    destination: Ints
    x: Floats
    y: Floats
    corner: Floats
    detour_deg: Floats
    speed_ms: Floats
    planted: Ints


def nth_here(haulage: Haulage, kind: int, day: date, part: int, parts: int) -> int:
    """How many of a kind are planted in this part on this day; kinds go round the parts from day to day."""
    turns = (kind + day.toordinal() + np.arange(haulage.planted_a_day)) % parts
    return int((turns == part).sum())


def may_be_planted(haulage: Haulage, mine: Ints, works: NDArray[np.bool_], day: date) -> NDArray[np.bool_]:
    """Trucks whose trips of the day will be seen whole and accused of nothing else."""
    trucks, seed = haulage.trucks, haulage.seed
    silent = trucks.silent(seed, day) | trucks.silent(seed, day + timedelta(days=1))
    return np.asarray(works & (trucks.approved(day) & ~silent & ~haulage.is_wrong_datum)[mine])


def give_orders(haulage: Haulage, mine: Ints, works: NDArray[np.bool_], draw: Ints, day: date, part: int) -> Orders:
    """Orders of the trucks `mine`; `draw` chooses each one's permit of the shift."""
    trucks, sites, permits = haulage.trucks, haulage.sites, haulage.permits
    carrier, is_night = trucks.carrier[mine], trucks.is_night[mine]
    usual = permits.of(carrier, np.where(draw % 2 == 0, ANY_HOURS, np.where(is_night, BY_NIGHT, BY_DAY)))
    shape = (MOST_TRIPS + 1, mine.size)  # one more: where a truck waits after its last trip
    permit = np.broadcast_to(usual, shape).copy()
    orders = Orders(
        permit, permits.site[permit], permits.receiver[permit], np.zeros(shape), np.zeros(shape),
        permits.corner[permit], np.zeros(shape), np.zeros(shape), np.full(shape, -1),
    )  # fmt: skip
    orders.x[:], orders.y[:] = sites.x[orders.destination], sites.y[orders.destination]
    free = np.zeros(shape, dtype=bool)
    free[:2] = may_be_planted(haulage, mine, works, day)
    for kind, name in enumerate(ORDERED):
        wanted = nth_here(haulage, kind, day, part, haulage.parts)
        rng = random_stream(haulage.seed, "planted trips", name, day, part)
        slots = rng.permutation(2 * mine.size)
        for slot in [slot for slot in slots if free[slot % 2, slot // 2]][:wanted]:
            at = (int(slot % 2), int(slot // 2))
            free[at] = False
            _plant(haulage, orders, name, at, int(carrier[at[1]]), bool(is_night[at[1]]), rng)
            orders.planted[at] = kind
    return orders


def _plant(
    haulage: Haulage,
    orders: Orders,
    name: str,
    at: tuple[int, int],
    carrier: int,
    is_night: bool,
    rng: np.random.Generator,
) -> None:
    sites, permits = haulage.sites, haulage.permits
    if name in ("out_of_hours", "expired_permit"):
        which = ENDED if name == "expired_permit" else DAY_FOR_NIGHT_TRUCKS if is_night else NIGHT_HOURS
        permit = int(permits.of(np.array(carrier), which))
        orders.permit[at], orders.origin[at], orders.corner[at] = permit, permits.site[permit], permits.corner[permit]
        _unload(haulage, orders, at, int(permits.receiver[permit]))
    elif name == "no_permit":
        orders.permit[at], orders.origin[at] = -1, permits.unpermitted_site[carrier]
        _unload(haulage, orders, at, int(permits.unpermitted_receiver[carrier]))
    elif name == "unpermitted_site":
        right = orders.destination[at]
        metres = np.hypot(
            (sites.x[sites.receiving] - sites.x[right]) * METRES_PER_LON,
            (sites.y[sites.receiving] - sites.y[right]) * METRES_PER_LAT,
        )
        _unload(haulage, orders, at, int(rng.choice(sites.receiving[metres > min(_FAR_M, metres.max() / 2)])))
    elif name == "unfiled_receiving_site":
        _unload(haulage, orders, at, int(rng.choice(sites.unfiled)))
    elif name == "suspected_dump":
        dump = int(rng.integers(0, haulage.dumps[0].size))
        orders.destination[at] = -1
        orders.x[at], orders.y[at] = haulage.dumps[0][dump], haulage.dumps[1][dump]
    elif name == "off_route":
        away = -1.0 if orders.y[at] > sites.y[orders.origin[at]] else 1.0
        orders.detour_deg[at] = away * rng.uniform(3_000, 4_500) / METRES_PER_LAT
    else:  # overspeed
        orders.speed_ms[at] = rng.uniform(86.0, 91.0) / 3.6


def _unload(haulage: Haulage, orders: Orders, at: tuple[int, int], site: int) -> None:
    orders.destination[at] = site
    orders.x[at], orders.y[at] = haulage.sites.x[site], haulage.sites.y[site]
