"""Stops against the peers whose definitions are known, on a real trace and on drawn ones."""

from __future__ import annotations

import csv
import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haulage import layout as L
from haulage.distance_kernel import metres
from haulage.stops import find_stops
from tests.haulage.fleet import DIG, TIP, YARD, Track

pd = pytest.importorskip("pandas")
gpd = pytest.importorskip("geopandas")
Trace = tuple[Any, Any, Any, Any]  # microseconds, lon, lat, where each vehicle begins
Stop = tuple[int, int, int]  # vehicle, begin, end in milliseconds
NEVER = 1e9  # seconds: no silence is too long


@pytest.fixture(scope="module")
def bus(shared_data: Path) -> Trace:
    """Eight real buses of one route: 1,533 fixes every 22 s or so, some out of order, a silent layover of each."""
    path = shared_data / "real" / "liverpool_bus_route14.csv"
    if not path.is_file():
        pytest.skip(f"{path.name} is not here")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    rows.sort(key=lambda row: (row["vehicle_id"], row["timestamp"]))  # stable: repeated times as they came
    t = np.array(
        [datetime.fromisoformat(row["timestamp"] + "+00:00").timestamp() * 1e6 for row in rows], dtype=np.int64
    )
    lon, lat = (np.array([float(row[name]) for row in rows]) for name in ("longitude", "latitude"))
    _, first = np.unique([row["vehicle_id"] for row in rows], return_index=True)
    return t, lon, lat, np.array([*first, len(rows)])


def trace_of(*tracks: Track) -> Trace:
    t, lon, lat = (np.array([row[name] for track in tracks for row in track.rows]) for name in ("t", "lon", "lat"))
    return t, lon, lat, np.cumsum([0, *(len(track.rows) for track in tracks)])


def vehicles_of(trace: Trace) -> Any:
    return np.repeat(np.arange(len(trace[3]) - 1), np.diff(trace[3]))


@pytest.fixture(scope="module")
def drawn() -> Trace:
    track = Track().stand(10).drive(TIP).stand(4).drive(YARD).stand(30).drive(DIG).stand(6).drive(TIP).stand(20)
    rng = np.random.default_rng(3)
    scatter = rng.normal(0, 1e-4, (2, len(track.rows)))  # ten metres: some stops break up
    t, lon, lat, starts = trace_of(track)
    return t, lon + scatter[0], lat + scatter[1], starts


def ours(trace: Trace, *, is_open: bool = False, **kwargs: float) -> list[Stop]:
    found = find_stops(*trace, **kwargs)
    return [
        (int(s[L.S_VEHICLE]), int(s[L.S_T]) // 1000, int(s[L.S_END]) // 1000) for s in found if s[L.S_OPEN] == is_open
    ]


def trackintels(
    trace: Trace, gap_minutes: float, *, radius_m: float = 50, least_s: float = 300, include_last: bool = False
) -> list[Stop]:
    ti = pytest.importorskip("trackintel")
    frame = gpd.GeoDataFrame(
        {"user_id": vehicles_of(trace), "tracked_at": pd.to_datetime(trace[0], unit="us", utc=True)},
        geometry=gpd.points_from_xy(trace[1], trace[2]),
        crs=4326,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, found = ti.Positionfixes(frame).generate_staypoints(
            dist_threshold=radius_m, time_threshold=least_s / 60, gap_threshold=gap_minutes, include_last=include_last,
            exclude_duplicate_pfs=False,
        )  # fmt: skip
    return [
        (int(user), int(begin.timestamp() * 1000), int(end.timestamp() * 1000))
        for user, begin, end in zip(found["user_id"], found["started_at"], found["finished_at"], strict=True)
    ]


def movingpandas(trace: Trace, *, diameter_m: float = 50, least_s: float = 300) -> list[Stop]:
    """Of one vehicle, projected to metres."""
    mpd = pytest.importorskip("movingpandas")
    from datetime import timedelta

    frame = gpd.GeoDataFrame(
        {"id": 0}, index=pd.to_datetime(trace[0], unit="us"), geometry=gpd.points_from_xy(trace[1], trace[2]), crs=4326
    )
    frame = frame.to_crs(frame.estimate_utm_crs())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = mpd.TrajectoryStopDetector(mpd.Trajectory(frame, 0)).get_stop_points(
            max_diameter=diameter_m, min_duration=timedelta(seconds=least_s)
        )
    if found.empty:  # without a column then
        return []
    return [
        (0, int(begin.timestamp() * 1000), int(end.timestamp() * 1000))
        for begin, end in zip(found["start_time"], found["end_time"], strict=True)
    ]


@pytest.mark.parametrize(
    ("trace", "radius_m", "least_s"),
    [("drawn", 50, 300), ("drawn", 20, 60), ("bus", 50, 300), ("bus", 50, 60), ("bus", 150, 120), ("bus", 400, 300)],
)
def test_stops_are_trackintels_to_the_millisecond(
    trace: str, radius_m: float, least_s: float, request: pytest.FixtureRequest
) -> None:
    """Buses seldom stand for five minutes: shorter and wider stops of their real scatter are compared as well."""
    fixes = request.getfixturevalue(trace)
    found = ours(fixes, radius_m=radius_m, least_s=least_s, dark_gap_s=NEVER)
    assert found == trackintels(fixes, NEVER / 60, radius_m=radius_m, least_s=least_s)
    assert len(found) >= 3


def test_the_last_stop_is_kept_open_as_trackintel_does_when_asked(drawn: Trace) -> None:
    (last,) = ours(drawn, is_open=True, dark_gap_s=NEVER)
    assert last == trackintels(drawn, NEVER / 60, include_last=True)[-1]


def test_on_real_buses_every_difference_to_trackintel_touches_a_silence_of_a_quarter_of_an_hour(bus: Trace) -> None:
    """Point by point: trackintel drops a stop that a silence cuts; here what was seen of it stays."""
    assert ours(bus) == trackintels(bus, 15)  # with the parameters of the contract nothing differs
    found, theirs = (
        set(stops) for stops in (ours(bus, radius_m=150, least_s=60), trackintels(bus, 15, radius_m=150, least_s=60))
    )
    t, vehicle = bus[0] // 1000, vehicles_of(bus)
    cuts = np.flatnonzero((np.diff(t) > 900_000) & (np.diff(vehicle) == 0))
    assert found != theirs
    for who, begin, end in found ^ theirs:
        assert any(vehicle[cut] == who and begin <= t[cut + 1] and t[cut] <= end for cut in cuts)


def test_over_a_silence_a_stop_goes_on_at_the_same_place_and_else_ends_with_its_last_fix() -> None:
    trace = trace_of(Track().stand(10).silent(60).drive(TIP).stand(3).silent(60).stand(3).drive(YARD))
    (_, *first), (_, *second) = ours(trace, dark_gap_s=900)
    assert (first[1] - first[0]) / 60_000 == 9.5
    assert (second[1] - second[0]) / 60_000 > 60
    assert trackintels(trace, 15) == []


def test_movingpandas_bounds_the_diameter_and_ends_with_the_last_fix_inside(drawn: Trace) -> None:
    """Its stops are cut differently, and each that it finds shares time with one of ours."""
    found, theirs = ours(drawn) + ours(drawn, is_open=True), movingpandas(drawn)
    assert theirs
    assert found != theirs
    for _, begin, end in theirs:
        assert any(since <= end and begin <= until for _, since, until in found)


def anchors(trace: Trace, radius_m: float) -> Any:
    """The fixes from which distance is measured: the first, and each first one outside of the one before."""
    t, lon, lat = trace[:3]
    found = [0]
    for row in range(1, t.size):
        if metres(lon[found[-1]], lat[found[-1]], lon[row], lat[row]) > radius_m:
            found.append(row)
    return t[found]


@pytest.mark.parametrize(("radius_m", "least_s"), [(50, 120), (150, 120), (400, 300)])
def test_on_real_buses_every_difference_to_movingpandas_is_one_of_its_definition(
    bus: Trace, radius_m: float, least_s: float
) -> None:
    """Point by point.

    Ours alone: its fixes lie farther apart than the diameter, or it lasted less than one report longer than asked, which
    is what a movingpandas window loses before it becomes a stop. Theirs alone: we go on from the first fix outside, and
    such a fix lies within it and parts it.
    """
    compared = 0
    for vehicle in range(len(bus[3]) - 1):
        rows = slice(bus[3][vehicle], bus[3][vehicle + 1])
        t, lon, lat = (column[rows] for column in bus[:3])
        trace = t, lon, lat, np.array([0, t.size])
        mine = [
            stop
            for is_open in (False, True)
            for stop in ours(trace, is_open=is_open, radius_m=radius_m, least_s=least_s, dark_gap_s=NEVER)
        ]
        theirs = movingpandas(trace, diameter_m=radius_m, least_s=least_s)
        parted = anchors(trace, radius_m) // 1000
        for _, begin, end in theirs:
            shared = any(since <= end and begin <= until for _, since, until in mine)
            assert shared or ((begin < parted) & (parted <= end)).any(), (vehicle, begin, end)
            compared += 1
        for _, since, until in mine:
            if any(begin <= until and since <= end for _, begin, end in theirs):
                continue
            inside = (t // 1000 >= since) & (t // 1000 < until)
            x, y = lon[inside] * np.cos(np.radians(lat[0])) * 111_195, lat[inside] * 111_195
            widest = max(np.hypot(x - x_1, y - y_1).max() for x_1, y_1 in zip(x, y, strict=True))
            lasted_s = (t[inside][-1] - t[inside][0]) / 1e6
            report_s = np.diff(t[(t // 1000 >= since) & (t // 1000 <= until)]).max() / 1e6
            assert widest > radius_m * 0.99 or lasted_s < least_s + report_s, (vehicle, since, until)
    assert compared >= 3


def test_a_movingpandas_stop_of_a_still_truck_ends_one_report_earlier_than_ours() -> None:
    trace = trace_of(Track().stand(10).drive(TIP))
    ((_, begin, end),), ((_, their_begin, their_end),) = ours(trace), movingpandas(trace)
    assert (begin, end - 30_000) == (their_begin, their_end)


@pytest.mark.parametrize(("seconds", "stops"), [(299, 0), (300, 1)])
def test_a_stop_lasts_at_least_five_minutes_from_its_first_fix_to_the_first_outside(seconds: int, stops: int) -> None:
    t = np.array([0, 100, seconds, seconds + 10]) * 1_000_000
    assert len(ours((t, np.array([121.2, 121.2, 121.21, 121.22]), np.full(4, 31.0), None))) == stops


def test_distance_is_from_the_first_fix_not_between_neighbours() -> None:
    t = np.arange(40) * 30_000_000
    creeping = 121.2 + np.arange(40) * 1e-4  # ten metres a report
    assert ours((t, creeping, np.full(40, 31.0), None)) == []
