"""The compiled part's entry points; see lake/compiled.py for how their machine code is kept."""

from __future__ import annotations

from pathlib import Path

from haulage import fence_kernel, follow_kernel, leg_kernel, order_kernel, stop_kernel
from lake.compiled import EntryPoint, source_digest

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
_ROOM = Path(__file__).parent


def _entry_points(source: str) -> tuple[EntryPoint, ...]:
    @EntryPoint
    def follow(first, last, starts, day_end, t, lon, lat, speed, mileage, load, flags, rules, alarms, alarm_starts, states, sites, parameters, stops, legs, gaps):  # type: ignore[no-untyped-def]  # fmt: skip
        """See follow_kernel.follow."""
        source  # noqa: B018 (part of the cache's key)
        return follow_kernel.follow(
            first, last, starts, day_end, t, lon, lat, speed, mileage, load, flags, rules, alarms, alarm_starts,
            states, sites, parameters, stops, legs, gaps,
        )  # fmt: skip

    @EntryPoint
    def measure_jobs(jobs, turns, t, lon, lat, speed, flags, line, rules, alarms, alarm_starts, carried_alarms, vertices, route_starts, parameters, measured, at_turn):  # type: ignore[no-untyped-def]  # fmt: skip
        """See leg_kernel.measure_jobs."""
        source  # noqa: B018
        return leg_kernel.measure_jobs(
            jobs, turns, t, lon, lat, speed, flags, line, rules, alarms, alarm_starts, carried_alarms, vertices,
            route_starts, parameters, measured, at_turn,
        )  # fmt: skip

    @EntryPoint
    def sites_at(lons, lats, boxes, edges_from, edges):  # type: ignore[no-untyped-def]
        """See fence_kernel.sites_at."""
        source  # noqa: B018
        return fence_kernel.sites_at(lons, lats, boxes, edges_from, edges)

    @EntryPoint
    def vehicle_rows(vehicle, vehicles):  # type: ignore[no-untyped-def]
        """See order_kernel.vehicle_rows."""
        source  # noqa: B018
        return order_kernel.vehicle_rows(vehicle, vehicles)

    @EntryPoint
    def by_vehicle(vehicle, starts):  # type: ignore[no-untyped-def]
        """See order_kernel.by_vehicle."""
        source  # noqa: B018
        return order_kernel.by_vehicle(vehicle, starts)

    @EntryPoint
    def unsorted_vehicles(t, starts):  # type: ignore[no-untyped-def]
        """See order_kernel.unsorted_vehicles."""
        source  # noqa: B018
        return order_kernel.unsorted_vehicles(t, starts)

    @EntryPoint
    def out_of_order(line, file, skewed, starts, files):  # type: ignore[no-untyped-def]
        """See order_kernel.out_of_order."""
        source  # noqa: B018
        return order_kernel.out_of_order(line, file, skewed, starts, files)

    @EntryPoint
    def stops_of(starts, t, lon, lat, parameters, states, stops):  # type: ignore[no-untyped-def]
        """See stop_kernel.stops_of."""
        source  # noqa: B018
        return stop_kernel.stops_of(starts, t, lon, lat, parameters, states, stops)

    return follow, measure_jobs, sites_at, vehicle_rows, by_vehicle, unsorted_vehicles, out_of_order, stops_of


follow, measure_jobs, sites_at, vehicle_rows, by_vehicle, unsorted_vehicles, out_of_order, stops_of = _entry_points(
    source_digest([*_ROOM.glob("*_kernel.py"), _ROOM / "layout.py"])
)
