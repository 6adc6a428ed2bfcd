"""The true figures of the answer key, computed a second time from the files alone."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from sample_district.terrain import Terrain
from tests.sample_district.conftest import Run

EIGHT_HOURS = timedelta(hours=8)


def _detections(run: Run) -> dict[str, dict[str, Any]]:
    """Accepted detections by identifier."""
    found: dict[str, dict[str, Any]] = {}
    for entry in run.landed("detection_events"):
        refused = run.refused_lines(entry)
        for number, line in enumerate(run.lines(entry), start=1):
            if number in refused:
                continue
            message = json.loads(line)
            if entry["format"] == "deepstream":
                track = message["object"]["id"]
                message = {
                    "event_id": message["messageid"],
                    "camera_id": message["sensor"]["id"],
                    "event_type": message["event"]["type"],
                    "detected_at": message["@timestamp"],
                    "track_id": None if track == "-1" else track,
                }
            found[message["event_id"]] = message
    return found


def _incidents(detections: list[tuple[datetime, str | None]]) -> int:
    """Detections of one camera, type and date, folded slowly: every pair that belongs together is joined."""
    ordered = sorted(detections, key=lambda item: item[0])
    group = list(range(len(ordered)))
    for later, (at, track) in enumerate(ordered):
        for earlier, (before, other) in enumerate(ordered[:later]):
            is_near = earlier == later - 1 and at - before <= timedelta(minutes=30)
            if is_near or (track is not None and track == other):
                joined, kept = group[later], group[earlier]
                group = [kept if number == joined else number for number in group]
    return len(set(group))


def test_incidents_are_those_of_the_folding_rule(run: Run) -> None:
    places: dict[tuple[str, str, date], list[tuple[datetime, str | None]]] = defaultdict(list)
    for message in _detections(run).values():
        at = datetime.fromisoformat(message["detected_at"])
        day = (at.replace(tzinfo=None) - (at.utcoffset() or timedelta()) + EIGHT_HOURS).date()
        places[message["camera_id"], message["event_type"], day].append((at, message.get("track_id")))
    counted: dict[tuple[str, str], int] = defaultdict(int)
    detections: dict[str, int] = defaultdict(int)
    for (_, event_type, day), found in places.items():
        counted[str(day), event_type] += _incidents(found)
        detections[str(day)] += len(found)
    assert set(detections) == set(run.days)
    for name, truth in run.days.items():
        district = truth["events"]["310117"]
        assert detections[name] == district["detections_total"]
        for event_type, incidents in district["incidents"].items():
            assert counted[name, event_type] == incidents, (name, event_type)


def test_folding_matters_and_an_object_returns_after_the_window(run: Run) -> None:
    totals = [truth["events"]["310117"] for truth in run.days.values()]
    assert sum(day["detections_total"] for day in totals) > 2 * sum(day["incidents_total"] for day in totals)


def test_townships_sum_to_the_district(run: Run) -> None:
    for truth in run.days.values():
        for block, name in (
            ("events", "incidents_total"),
            ("events", "detections_total"),
            ("cameras", "expected_hours"),
            ("cameras", "observed_hours"),
            ("population", "residents_total"),
            ("population", "registrations_expiring_30d"),
        ):
            areas = dict(truth[block])
            district = areas.pop("310117")
            assert sum(area[name] for area in areas.values()) == district[name]


def test_a_detection_lies_in_the_township_of_its_camera(run: Run) -> None:
    """WGS-84 detections against the map, with the polygons' own test."""
    terrain = Terrain.load()
    cameras = {}
    for entry in run.landed("cameras", "csv"):
        refused = run.refused_lines(entry)
        for number, line in enumerate(run.lines(entry)[1:], start=2):
            if number not in refused:
                cameras[line.decode().split(",")[0]] = line.decode().split(",")[1]
    checked = 0
    for message in _detections(run).values():
        if "longitude" in message and message.get("datum", "WGS84") == "WGS84":
            checked += 1
            index = terrain.codes.index(cameras[message["camera_id"]])
            assert terrain.polygons[index].covers(_point(message["longitude"], message["latitude"]))
    assert checked > 100


def _point(longitude: float, latitude: float) -> Any:
    from shapely import Point

    return Point(longitude, latitude)


def test_coverage_is_that_of_the_status_rows(run: Run) -> None:
    for entry in run.landed("camera_status", "csv"):
        refused = run.refused_lines(entry)
        rows = [
            line.decode().split(",") for n, line in enumerate(run.lines(entry), start=1) if n > 1 and n not in refused
        ]
        truth = run.days[entry["file_date"]]["cameras"]["310117"]
        assert len(rows) == truth["observed_hours"]
        assert sum(int(row[2]) for row in rows) == truth["online_seconds"]


def test_one_township_is_dark_enough_to_be_withheld_on_one_day(run: Run) -> None:
    below = [
        (day, area)
        for day, truth in run.days.items()
        for area, coverage in truth["cameras"].items()
        if coverage["is_below_floor"]
    ]
    assert ("2026-11-18", "310117117") in below
    assert len(below) <= 2


def test_a_camera_dark_for_the_day_sends_nothing_at_all(run: Run) -> None:
    messages = _detections(run).values()
    for fault in run.faults:
        if fault["fault"] == "dark_cameras" and fault.get("cameras"):
            day = fault["file"].split("_")[2]
            dark = set(fault["cameras"])
            seen = {m["camera_id"] for m in messages if m["event_id"].startswith(f"ev-{day.replace('-', '')}")}
            assert not dark & seen
            text = (run.out / "camera_status" / fault["file"]).read_text()
            assert not [camera for camera in dark if f"\n{camera},{day}" in text.split("planted")[0]]


def test_silent_terminals_are_in_no_capture(run: Run) -> None:
    terminals = {}
    for entry in run.landed("trucks", "csv"):
        for line in run.lines(entry)[1:]:
            plate, terminal = line.decode().split(",")[:2]
            terminals[plate] = terminal.lstrip("0")
    for fault in run.faults:
        if fault["fault"] != "silent_terminals":
            continue
        day = fault["file"].split("_")[1]
        text = "".join(path.read_text() for path in (run.out / "truck_gps").glob(f"truck_gps_{day}_p*"))
        for plate in fault["plates"]:
            assert plate not in text
            # A frame carries the number as BCD; a stored batch of the evening before may still arrive.
            assert text.count(f"0{terminals[plate]}") == 0 or "late" in text


def test_residents_and_expiring_registrations_are_those_of_the_rows(run: Run) -> None:
    for day, truth in run.days.items():
        frames = []
        for entry in run.landed("population_records"):
            if entry["file_date"] != day:
                continue
            path = run.out / "population_records" / entry["file"]
            if entry["format"] == "xlsx":
                frames.append(run.sheet(entry))
                continue
            refused = run.refused_lines(entry)
            frame = pl.read_csv(path, infer_schema=False).with_row_index("line", offset=2)
            frames.append(frame.filter(~pl.col("line").is_in(sorted(refused))).drop("line"))
        people = pl.concat(frames).filter(pl.col("status") == "active")
        district = truth["population"]["310117"]
        counts = dict(people["household_type"].value_counts().iter_rows())
        assert counts == {name: district[f"residents_{name}"] for name in ("registered", "migrant", "overseas")}
        ends = people["valid_until"].replace("", None).str.to_date()
        left = (ends - date.fromisoformat(day)).dt.total_days()
        assert left.is_between(0, 30).sum() == district["registrations_expiring_30d"]


def test_identity_numbers_have_a_right_check_digit_and_belong_to_no_region(run: Run) -> None:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    entry = next(run.landed("population_records", "csv"))
    refused = run.refused_lines(entry)
    numbers = [
        line.decode().split(",")[0] for n, line in enumerate(run.lines(entry), start=1) if n > 1 and n not in refused
    ]
    assert len(set(numbers)) == len(numbers) == entry["accepted"]
    for number in numbers:
        assert number.startswith("99")
        assert "10X98765432"[sum(int(n) * w for n, w in zip(number, weights, strict=False)) % 11] == number[17]


def test_the_register_changes_a_little_in_a_few_days(run: Run) -> None:
    people = []
    for day in (min(run.days), max(run.days)):
        entry = next(entry for entry in run.landed("population_records", "csv") if entry["file_date"] == day)
        refused = run.refused_lines(entry)
        people.append({line for n, line in enumerate(run.lines(entry), start=1) if n > 1 and n not in refused})
    assert 0 < len(people[0] ^ people[1]) < 0.05 * len(people[0])


def test_late_rows_count_for_an_earlier_day_than_their_file(run: Run) -> None:
    carrying = [entry for entry in run.files if any(day < entry["file_date"] for day in entry["by_business_date"])]
    assert {entry["feed"] for entry in carrying} == {"detection_events", "truck_gps"}
    for entry in carrying:
        earlier = [tally for day, tally in entry["by_business_date"].items() if day < entry["file_date"]]
        assert all(tally["late"] == tally["accepted"] > 0 for tally in earlier)


@pytest.mark.parametrize("feed", ["detection_events", "truck_gps", "settlement_receipts"])
def test_a_late_file_names_its_arrival_two_days_later(run: Run, feed: str) -> None:
    late = [entry for entry in run.landed(feed) if "_r2026" in entry["file"]]
    assert len(late) == 1
    assert late[0]["file_date"] == "2026-11-17"
    assert "_r20261119T" in late[0]["file"]
    assert late[0]["late"] == late[0]["accepted"] > 0


def test_trucks_keep_to_speeds_that_trucks_have(run: Run) -> None:
    for entry in run.landed("truck_gps", "csv"):
        if "late" in entry["file"]:
            continue
        refused = run.refused_lines(entry)
        frame = pl.read_csv(run.out / "truck_gps" / entry["file"], infer_schema=False).with_row_index("line", offset=2)
        speeds = frame.filter(~pl.col("line").is_in(sorted(refused)))["speed_kmh"].cast(pl.Float64)
        assert speeds.min() == 0
        assert 20 < float(speeds.max() or 0) < 96


def test_a_drift_is_a_jump_there_and_back_and_every_such_jump_is_planted(run: Run) -> None:
    """CSV files of whole days: the positions' own speeds against the count of the key."""
    for entry in run.landed("truck_gps", "csv"):
        if any(
            "late" in other["file"] and other["file_date"] == entry["file_date"]
            for other in run.landed("truck_gps", "csv")
        ):
            continue
        refused = run.refused_lines(entry)
        frame = pl.read_csv(run.out / "truck_gps" / entry["file"], infer_schema=False).with_row_index("line", offset=2)
        frame = frame.filter(~pl.col("line").is_in(sorted(refused))).with_columns(
            pl.col("longitude", "latitude").cast(pl.Float64), pl.col("reported_at").str.to_datetime()
        )
        frame = frame.sort("plate_no", "reported_at")
        metres = ((pl.col("longitude").diff() * 95_470) ** 2 + (pl.col("latitude").diff() * 110_870) ** 2).sqrt()
        is_fast = (metres / pl.col("reported_at").diff().dt.total_seconds() > 150 / 3.6).over("plate_no")
        jumps = frame.select((is_fast & is_fast.shift(-1).over("plate_no")).sum()).item()
        planted = [f["count"] for f in run.faults if f["file"] == entry["file"] and f["fault"] == "drift"]
        assert jumps == sum(planted)
