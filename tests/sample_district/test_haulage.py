"""Haulage: the key's trips against the files, read without the generator's own code."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest
import shapely

from sample_district import trip_orders
from sample_district.datum import gcj02
from sample_district.district import District
from sample_district.haulage import Haulage
from sample_district.scale import SCALES
from sample_district.trucks import found_trucks
from tests.sample_district.conftest import DAYS, SEED, START, Run

FINDINGS = {
    "expired_permit", "no_permit", "off_route", "out_of_hours", "overspeed", "suspected_dump", "terminal_dark",
    "uncovered_or_spilling", "unfiled_receiving_site", "unpermitted_site", "unregistered_truck",
}  # fmt: skip
DATES = [START + timedelta(days=number) for number in range(DAYS)]
SCALE_M = np.array([95_470.0, 110_870.0])


def key_of(run: Run, day: date) -> dict[str, Any]:
    return run.key(f"trips_{day}")


def trips_of(run: Run, seen: str = "whole") -> list[dict[str, Any]]:
    return [trip for day in DATES for trip in key_of(run, day)["trips"] if trip["seen"] == seen]


def rows_of(run: Run, feed: str) -> list[dict[str, str]]:
    """Accepted rows of a feed's CSV files, with the date of their file."""
    found = []
    for entry in run.landed(feed, "csv"):
        refused = run.refused_lines(entry)
        lines = run.lines(entry)
        names = next(csv.reader([lines[0].decode()]))
        for number, line in enumerate(lines[1:], start=2):
            if number not in refused:
                found.append(dict(zip(names, next(csv.reader([line.decode()])), strict=True), day=entry["file_date"]))
    return found


def shape_of(text: str, datum: str) -> Any:
    """WKT or GeoJSON as WGS-84 metres; the datum is taken back by two steps of iteration."""
    shape = shapely.from_geojson(text) if text.startswith("{") else shapely.from_wkt(text)

    def back(points: Any) -> Any:
        guess = points.copy()
        for _ in range(4 if datum == "GCJ02" else 0):
            guess += points - np.stack(gcj02(guess[:, 0], guess[:, 1]), axis=1)
        return guess * SCALE_M

    return shapely.transform(shape, back)


@cache
def _frames(text: bytes) -> list[dict[str, Any]]:
    found = []
    for line in text.splitlines():
        frame = bytes.fromhex(line.split()[1].decode())[1:-1]
        frame = frame.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")
        is_2019 = frame[2] & 0x40
        terminal = frame[5:15].hex() if is_2019 else frame[4:10].hex()
        body = frame[17:] if is_2019 else frame[12:]
        at = datetime.strptime(body[22:28].hex(), "%y%m%d%H%M%S").replace(tzinfo=UTC) - timedelta(hours=8)
        words = [int.from_bytes(body[place : place + 4]) for place in (0, 4, 8, 12)]
        found.append(
            {
                "terminal": terminal.zfill(20)[-12:], "at": at, "alarm": words[0], "status": words[1],
                "place": (words[3] / 1e6, words[2] / 1e6), "speed": int.from_bytes(body[18:20]) / 10,
            }
        )  # fmt: skip
    return found


def frames_of(run: Run, feed: str) -> list[dict[str, Any]]:
    """Accepted single reports of a feed's captures."""
    found = []
    for entry in run.landed(feed, "jtt808"):
        refused = run.refused_lines(entry)
        good = [
            line
            for number, line in enumerate(run.lines(entry), start=1)
            if number not in refused and line[30:].startswith(b"7e0200")
        ]
        found += _frames(b"\n".join(good))
    return found


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_every_violation_and_every_decoy_is_planted(run: Run) -> None:
    found = Counter(finding for trip in trips_of(run) for finding in trip["findings"])
    assert set(found) == FINDINGS
    planted = {trip["planted"] for trip in trips_of(run)}
    assert {"dark_after_power_off", "dark_silently", "gap_while_parked", "drift_at_site", "stuck"} <= planted
    assert planted & {"encrypted_coordinates", "clock_ahead"}
    assert any(trip["is_wrong_datum"] for trip in trips_of(run))


def test_decoys_and_honest_trips_accuse_nobody(run: Run) -> None:
    decoys = ("gap_while_parked", "drift_at_site", "stuck", "encrypted_coordinates", "clock_ahead", None)
    for trip in trips_of(run):
        if trip["planted"] in decoys and trip["is_registered"] and not trip["is_wrong_datum"]:
            assert set(trip["findings"]) <= {"uncovered_or_spilling"}, trip
    for trip in [*trips_of(run, "cut_start"), *trips_of(run, "cut_end"), *trips_of(run, "unseen")]:
        assert trip["findings"] == []


def test_the_totals_are_those_of_the_trips(run: Run) -> None:
    for day in DATES:
        key = key_of(run, day)
        assert key["totals"]["trips"] == len(key["trips"]) == len({trip["trip"] for trip in key["trips"]})
        counted = Counter(finding for trip in key["trips"] for finding in trip["findings"])
        assert key["totals"]["findings"] == dict(counted)


def _positions(run: Run) -> dict[str, list[tuple[datetime, Any, str]]]:
    """By terminal, the CSV carriers' positions in WGS-84 metres with their load."""
    found = defaultdict(list)
    for row in rows_of(run, "truck_gps"):
        place = np.array([[float(row["longitude"]), float(row["latitude"])]])
        at = datetime.fromisoformat(row["reported_at"] + "+08:00").astimezone(UTC)
        found[row["terminal_id"]].append((at, place, row["load_state"], row["datum"]))
    result: dict[str, list[tuple[datetime, Any, str]]] = {}
    for terminal, rows in found.items():
        rows.sort(key=lambda row: row[0])
        line = shapely.linestrings(np.concatenate([row[1] for row in rows]))
        metres = shapely.get_coordinates(shape_of(line.wkt, rows[0][3]))
        result[terminal] = [(row[0], metres[index], row[2]) for index, row in enumerate(rows)]
    return result


def test_loaded_stretches_of_the_positions_are_the_trips_of_the_key(run: Run) -> None:
    positions = _positions(run)
    known = defaultdict(list)
    for trip in trips_of(run):
        known[trip["terminal_id"]].append(trip)
    compared = 0
    for terminal, rows in positions.items():
        stretches = []
        for index, (at, _, load) in enumerate(rows):
            if load == "full" and (index == 0 or rows[index - 1][2] != "full"):
                stretches.append([at, at])
            elif load == "full":
                stretches[-1][1] = at
        for trip in known[terminal]:
            near = [s for s in stretches if abs((s[0] - _at(trip["loaded_at"])).total_seconds()) <= 31]
            assert len(near) == 1, trip
            assert 0 <= (_at(trip["unloaded_at"]) - near[0][1]).total_seconds() <= 31
            compared += 1
    assert compared > 20


def test_honest_loads_stay_on_the_approved_route_and_detours_leave_it(run: Run) -> None:
    routes = {
        row["permit_id"]: shape_of(row["route"], row["datum"])
        for row in rows_of(run, "disposal_permits")
        if row["route"]
    }
    positions = _positions(run)
    beyond: dict[bool, list[float]] = {True: [], False: []}
    for trip in trips_of(run):
        if trip["permit_id"] in routes and trip["terminal_id"] in positions and trip["planted"] != "drift_at_site":
            begin, end = _at(trip["loaded_at"]), _at(trip["arrived_at"])
            places = [place for at, place, _ in positions[trip["terminal_id"]] if begin <= at <= end]
            apart = shapely.distance(shapely.points(np.array(places)), routes[trip["permit_id"]])
            # A planted drift is a single fix; the share of a whole way is not moved by it.
            beyond["off_route" in trip["findings"]].append(float((apart > 150).mean()))
    assert min(beyond[True]) > 0.2
    assert np.median(beyond[False]) == 0
    assert max(beyond[False]) < 0.1


def test_loads_end_where_the_key_says_and_dumps_lie_in_no_site(run: Run) -> None:
    sites = {
        (row["day"], row["site_id"]): shape_of(row["polygon"], row["datum"]) for row in rows_of(run, "waste_sites")
    }
    for trip in trips_of(run):
        place = shapely.Point(np.array(trip["destination"]) * SCALE_M)
        day = str(_at(trip["loaded_at"]).astimezone(UTC).date())
        inside = {site for (of, site), shape in sites.items() if of == max(day, str(START)) and shape.contains(place)}
        wanted = {trip["destination_site_id"]} if trip["destination_site_id"] else set()
        assert inside == wanted, trip
        assert ("suspected_dump" in trip["findings"]) == (not wanted and not trip["is_wrong_datum"])


def test_polygons_do_not_overlap_and_a_site_is_filed_on_the_third_day(run: Run) -> None:
    rows = rows_of(run, "waste_sites")
    today = [row for row in rows if row["day"] == str(START)]
    shapes = [shape_of(row["polygon"], row["datum"]) for row in today]
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    assert (left == right).all()
    filed = {day: sum(bool(row["filed_on"]) for row in rows if row["day"] == str(day)) for day in DATES}
    assert filed[DATES[0]] == filed[DATES[1]] == filed[DATES[2]] - 1
    assert {row["datum"] for row in today} == {"WGS84", "GCJ02"}
    assert any(row["polygon"].startswith("{") for row in today)


def test_a_dark_terminal_sends_nothing_and_some_say_why_before(run: Run) -> None:
    positions, alarms = _positions(run), frames_of(run, "terminal_events")
    dark = [trip for trip in trips_of(run) if trip["planted"] in ("dark_after_power_off", "dark_silently")]
    dark = [trip for trip in dark if trip["fault_from"] and trip["seen"] == "whole"]
    for trip in dark:
        begin, end = _at(trip["fault_from"]), _at(trip["fault_until"])
        assert (end - begin).total_seconds() >= 1_200
        assert _at(trip["loaded_at"]) < begin < end < _at(trip["unloaded_at"])
        told = [
            frame
            for frame in alarms
            if frame["terminal"] == trip["terminal_id"]
            and frame["alarm"] & (1 << 8 | 1 << 5)
            and abs((frame["at"] - begin).total_seconds()) <= 120
        ]
        assert bool(told) == (trip["planted"] == "dark_after_power_off") == ("terminal_dark" in trip["findings"])
        assert not [at for at, _, _ in positions.get(trip["terminal_id"], []) if begin <= at < end]
    assert {trip["planted"] for trip in dark} == {"dark_after_power_off", "dark_silently"}


def test_overspeed_is_told_by_bit_and_speed_for_more_than_a_minute(run: Run) -> None:
    alarms = frames_of(run, "terminal_events")
    for trip in trips_of(run):
        fast = [
            frame["at"]
            for frame in alarms
            if frame["terminal"] == trip["terminal_id"] and frame["alarm"] & 2 and frame["speed"] > 80
        ]
        fast = [at for at in fast if _at(trip["loaded_at"]) <= at <= _at(trip["arrived_at"])]
        if "overspeed" in trip["findings"]:
            assert (max(fast) - min(fast)).total_seconds() >= 60
        else:
            assert len(fast) < 2


def test_a_wrong_datum_and_encrypted_places_are_only_in_the_frames_the_key_names(run: Run) -> None:
    frames = frames_of(run, "truck_gps")
    wrong = {trip["terminal_id"]: trip for trip in trips_of(run) if trip["is_wrong_datum"]}
    for terminal, trip in wrong.items():
        stood = [
            frame["place"]
            for frame in frames
            if frame["terminal"] == terminal and _at(trip["arrived_at"]) < frame["at"] < _at(trip["unloaded_at"])
        ]
        shifted = gcj02(np.array(trip["destination"][:1]), np.array(trip["destination"][1:]))
        apart = np.hypot(*((np.median(np.array(stood), axis=0) - np.concatenate(shifted)) * SCALE_M))
        assert apart < 1.0
    encrypted = Counter(frame["terminal"] for frame in frames if frame["status"] & 1 << 5)
    told = {trip["terminal_id"] for trip in trips_of(run) if trip["planted"] == "encrypted_coordinates"}
    assert set(encrypted) == told
    planted = sum(day["fleet"]["planted_fixes"]["encrypted"] for day in run.days.values())
    assert planted >= sum(encrypted.values()) >= planted - 8 * len(told)  # some were sent in blind-area batches


def test_load_events_lie_beside_the_trips_they_accuse(run: Run) -> None:
    events = []
    places = {row["camera_id"]: (row["longitude"], row["latitude"], row["datum"]) for row in rows_of(run, "cameras")}
    for entry in run.landed("detection_events", "ndjson"):
        refused = run.refused_lines(entry)
        for number, line in enumerate(run.lines(entry), start=1):
            message = json.loads(line) if number not in refused else {}
            if message.get("event_type") in ("truck_uncovered", "truck_spillage"):
                x, y, datum = places[message["camera_id"]]
                point = shape_of(f"POINT ({x} {y})", datum)
                events.append((_at(message["detected_at"]), point))
    positions = _positions(run)
    checked = 0
    for trip in trips_of(run):
        if "uncovered_or_spilling" not in trip["findings"] or trip["terminal_id"] not in positions:
            continue
        begin, end = _at(trip["loaded_at"]), _at(trip["unloaded_at"])
        near = [
            point
            for seen, point in events
            for at, place, _ in positions[trip["terminal_id"]]
            if begin <= at <= end
            and abs((seen - at).total_seconds()) < 300
            and point.distance(shapely.Point(place)) < 300
        ]
        assert near, trip
        checked += 1
    accused = [trip for trip in trips_of(run) if "uncovered_or_spilling" in trip["findings"]]
    assert accused
    assert checked == sum(trip["terminal_id"] in positions for trip in accused)


def test_the_mass_balance_is_that_of_trips_and_receipts(run: Run) -> None:
    receipts: dict[str, list[float]] = defaultdict(list)
    for row in rows_of(run, "settlement_receipts"):
        receipts[row["permit_id"]].append(float(row["volume_m3"]))
    hauled: dict[str, float] = defaultdict(float)
    for trip in trips_of(run):
        if trip["permit_id"] and trip["is_registered"] and not trip["is_wrong_datum"]:
            hauled[trip["permit_id"]] += trip["capacity_m3"]
    balance = key_of(run, DATES[-1])["mass_balance"]["permits"]
    for permit, sums in balance.items():
        assert sums["receipts"] == len(receipts[permit])
        assert sums["receipts_m3"] == pytest.approx(sum(receipts[permit]), abs=0.01)
        assert sums["hauled_m3"] == pytest.approx(hauled[permit])
    assert sum(sums["receipts"] for sums in balance.values()) == sum(map(len, receipts.values()))
    assert any(sums["receipts_m3"] != sums["hauled_m3"] for sums in balance.values())


def test_night_construction_is_legal_at_some_sites_and_not_at_others(run: Run) -> None:
    permitted = {row["site_id"] for row in rows_of(run, "night_work_permits")}
    types = Counter()
    for day in DATES:
        told = key_of(run, day)["night_construction"]
        verdicts = Counter(incident["verdict"] for incident in told["incidents"])
        assert told["counts"] == dict(verdicts)
        assert run.days[str(day)]["events"]["310117"]["incidents"]["night_construction"] == sum(verdicts.values())
        types += verdicts
        for incident in told["incidents"]:
            if incident["verdict"] == "permitted":
                assert incident["site_id"] in permitted
    assert types["permitted"] and types["unpermitted"]


def test_a_kind_of_violation_added_shifts_none_before_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    district = District.found(SEED, SCALES["tiny"], tmp_path, START, DAYS, None)
    haulage = Haulage.found(district, found_trucks(SEED, district.scale, district.terrain))
    mine = np.flatnonzero(haulage.trucks.part == 0)
    works, draw = np.ones(mine.size, dtype=bool), np.zeros(mine.size, dtype=np.int64)

    def planted(day: date) -> Any:
        return trip_orders.give_orders(haulage, mine, works, draw, day, 0)

    before = [planted(day) for day in DATES]
    monkeypatch.setattr(trip_orders, "ORDERED", (*trip_orders.ORDERED, "one_more"))
    after = [planted(day) for day in DATES]
    new = len(trip_orders.ORDERED) - 1
    assert any((orders.planted == new).any() for orders in after)
    for old, orders in zip(before, after, strict=True):
        same = orders.planted != new
        for name in ("planted", "permit", "origin", "destination", "x", "y", "detour_deg", "speed_ms"):
            assert np.array_equal(getattr(old, name)[same], getattr(orders, name)[same]), name
