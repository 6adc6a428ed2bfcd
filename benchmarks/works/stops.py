"""Stops of real bus traces, against the two libraries that analysts would take."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.arena import Work

BUSES = Path(__file__).parents[3] / "shared" / "data" / "real" / "liverpool_bus_route14.csv"
_TRACE = "trace.npz"
_DAY_US = 86_400_000_000


def _prepare(data: Path, rows: int) -> None:
    """The real buses (drawn ones where the file is not here), day after day until there are enough fixes."""
    t, lon, lat, vehicle = _buses() if BUSES.is_file() else _drawn()
    days = -(-rows // t.size)
    day = np.repeat(np.arange(days), t.size)
    vehicles = vehicle.max() + 1
    np.savez(
        data / _TRACE,
        t=np.tile(t, days) + day * _DAY_US,
        lon=np.tile(lon, days),
        lat=np.tile(lat, days),
        vehicle=np.tile(vehicle, days) + day * vehicles,
    )


def _buses() -> tuple[Any, ...]:
    with BUSES.open() as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["vehicle_id"], row["timestamp"]))
    instants = [datetime.fromisoformat(row["timestamp"] + "+00:00").timestamp() for row in rows]
    _, vehicle = np.unique([row["vehicle_id"] for row in rows], return_inverse=True)
    lon, lat = (np.array([float(row[name]) for row in rows]) for name in ("longitude", "latitude"))
    return np.array(instants, dtype=np.int64) * 1_000_000, lon, lat, vehicle


def _drawn() -> tuple[Any, ...]:
    rng = np.random.default_rng(5)
    vehicle = np.repeat(np.arange(8), 200)
    moving = (np.arange(1600) // 25) % 2
    east = np.cumsum(moving * 200 + rng.normal(0, 8, 1600)) / 95_300
    return np.tile(np.arange(200) * 22_000_000, 8), 121.2 + east, np.full(1600, 31.0), vehicle


def _read(data: Path) -> tuple[Any, ...]:
    trace = np.load(data / _TRACE)
    return trace["t"], trace["lon"], trace["lat"], trace["vehicle"]


def _frame(data: Path) -> Any:
    import geopandas
    import pandas

    t, lon, lat, vehicle = _read(data)
    instants = pandas.to_datetime(t, unit="us", utc=True)
    points = geopandas.points_from_xy(lon, lat)
    return geopandas.GeoDataFrame({"user_id": vehicle, "tracked_at": instants}, geometry=points, crs=4326)


def _timed(found: list[tuple[int, int, int]], begin: float) -> Mapping[str, Any]:
    import time

    return {"stops": len(found), "ends": sum(vehicle * 7 + start + 3 * end for vehicle, start, end in found)} | {
        "seconds": time.perf_counter() - begin
    }


def _ours(data: Path, room: Path) -> Mapping[str, Any]:
    import time

    from haulage import layout as L
    from haulage.stops import find_stops

    t, lon, lat, vehicle = _read(data)
    begin = time.perf_counter()
    starts = np.searchsorted(vehicle, np.arange(vehicle[-1] + 2))
    stops = find_stops(t, lon, lat, starts, radius_m=50, least_s=300, dark_gap_s=1e9)
    closed = stops[stops[:, L.S_OPEN] == 0][:, [L.S_VEHICLE, L.S_T, L.S_END]].astype(np.int64)
    seconds = time.perf_counter() - begin
    found = [(v, start // 1000, end // 1000) for v, start, end in closed.tolist()]
    return {**_timed(found, begin), "seconds": seconds}


def _warm_ours() -> None:
    from haulage.stops import find_stops

    find_stops([0, 1], [121.0, 121.0], [31.0, 31.0])


def _trackintel(data: Path, room: Path) -> Mapping[str, Any]:
    import time

    import trackintel

    fixes = trackintel.Positionfixes(_frame(data))
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, stops = fixes.generate_staypoints(
            dist_threshold=50, time_threshold=5.0, gap_threshold=1e7, exclude_duplicate_pfs=False
        )
    seconds = time.perf_counter() - begin
    columns = (stops["user_id"], stops["started_at"], stops["finished_at"])
    found = [(int(v), int(a.timestamp() * 1000), int(b.timestamp() * 1000)) for v, a, b in zip(*columns, strict=True)]
    return {**_timed(found, begin), "seconds": seconds}


def _movingpandas(data: Path, room: Path) -> Mapping[str, Any]:
    """Its definition is another one, so its stops are counted and not compared."""
    import time

    import movingpandas

    frame = _frame(data).to_crs(32630).set_index("tracked_at").tz_localize(None)
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tracks = movingpandas.TrajectoryCollection(frame, "user_id")
        stops = movingpandas.TrajectoryStopDetector(tracks).get_stop_points(
            max_diameter=50, min_duration=timedelta(seconds=300)
        )
    return {"stops of its definition": len(stops), "seconds": time.perf_counter() - begin}


_ours.warm = _warm_ours  # type: ignore[attr-defined]

WORK = Work(
    name="stops",
    title="Stops of real buses",
    goal="100 times faster than the quicker peer (at most 0.01 times its seconds), trackintel's stops to the millisecond",
    rows=100_000,
    prepare=_prepare,
    arms={"yunjian stops": _ours, "trackintel": _trackintel, "movingpandas, projected": _movingpandas},
    compare=("stops", "ends"),
    at_most=0.01,
)
