"""The compiled part's entry points, cached on disk with a digest of this room's source in the key (as in ingestion/jtt808)."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from numba import njit

from haulage import fence_kernel, follow_kernel, leg_kernel, order_kernel, stop_kernel

__all__ = [
    "by_vehicle",
    "follow",
    "measure_jobs",
    "out_of_order",
    "sites_at",
    "stops_of",
    "unsorted_vehicles",
    "vehicle_rows",
]


def _source_digest() -> str:
    digest = sha256()
    for name in sorted(Path(__file__).parent.glob("*_kernel.py")):
        digest.update(name.read_bytes())
    digest.update((Path(__file__).parent / "layout.py").read_bytes())
    return digest.hexdigest()


def _entry_points(source: str) -> tuple[Callable[..., Any], ...]:
    @njit(cache=True, nogil=True)
    def follow(first, last, starts, day_end, t, lon, lat, speed, mileage, load, flags, rules, alarms, alarm_starts, states, sites, parameters, stops, legs, gaps):  # type: ignore[no-untyped-def]  # fmt: skip
        """See follow_kernel.follow."""
        source  # noqa: B018 (part of the cache's key)
        return follow_kernel.follow(
            first, last, starts, day_end, t, lon, lat, speed, mileage, load, flags, rules, alarms, alarm_starts,
            states, sites, parameters, stops, legs, gaps,
        )  # fmt: skip

    @njit(cache=True, nogil=True)
    def measure_jobs(jobs, turns, t, lon, lat, speed, flags, line, rules, alarms, alarm_starts, carried_alarms, vertices, route_starts, parameters, measured, at_turn):  # type: ignore[no-untyped-def]  # fmt: skip
        """See leg_kernel.measure_jobs."""
        source  # noqa: B018
        return leg_kernel.measure_jobs(
            jobs, turns, t, lon, lat, speed, flags, line, rules, alarms, alarm_starts, carried_alarms, vertices,
            route_starts, parameters, measured, at_turn,
        )  # fmt: skip

    @njit(cache=True, nogil=True)
    def sites_at(lons, lats, boxes, edges_from, edges):  # type: ignore[no-untyped-def]
        """See fence_kernel.sites_at."""
        source  # noqa: B018
        return fence_kernel.sites_at(lons, lats, boxes, edges_from, edges)

    @njit(cache=True, nogil=True)
    def vehicle_rows(vehicle, vehicles):  # type: ignore[no-untyped-def]
        """See order_kernel.vehicle_rows."""
        source  # noqa: B018
        return order_kernel.vehicle_rows(vehicle, vehicles)

    @njit(cache=True, nogil=True)
    def by_vehicle(vehicle, starts):  # type: ignore[no-untyped-def]
        """See order_kernel.by_vehicle."""
        source  # noqa: B018
        return order_kernel.by_vehicle(vehicle, starts)

    @njit(cache=True, nogil=True)
    def unsorted_vehicles(t, starts):  # type: ignore[no-untyped-def]
        """See order_kernel.unsorted_vehicles."""
        source  # noqa: B018
        return order_kernel.unsorted_vehicles(t, starts)

    @njit(cache=True, nogil=True)
    def out_of_order(line, file, skewed, starts, files):  # type: ignore[no-untyped-def]
        """See order_kernel.out_of_order."""
        source  # noqa: B018
        return order_kernel.out_of_order(line, file, skewed, starts, files)

    @njit(cache=True, nogil=True)
    def stops_of(starts, t, lon, lat, parameters, states, stops):  # type: ignore[no-untyped-def]
        """See stop_kernel.stops_of."""
        source  # noqa: B018
        return stop_kernel.stops_of(starts, t, lon, lat, parameters, states, stops)

    return follow, measure_jobs, sites_at, vehicle_rows, by_vehicle, unsorted_vehicles, out_of_order, stops_of


follow, measure_jobs, sites_at, vehicle_rows, by_vehicle, unsorted_vehicles, out_of_order, stops_of = _entry_points(
    _source_digest()
)
