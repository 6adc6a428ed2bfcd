"""The feeds of construction-waste haulage, from file to bronze: geometry, lists of plates, hours, alarms."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from geography.datum import from_wgs84
from ingestion.quarantine import list_quarantine, refused_rows
from ingestion.replay import replay
from lake.home import Home
from sample_district.wire.jtt808_frames import LOCATION, capture_line, location_body, message, seal, status_word
from tests.ingestion.landed import NOW, assert_balanced, land, rows

PERMITS, SITES = "disposal_permits_2026-11-22.csv", "waste_sites_2026-11-22.csv"
SQUARE = "POLYGON ((121.2 31, 121.21 31, 121.21 31.01, 121.2 31.01, 121.2 31))"
ROUTE = "LINESTRING (121.2 31, 121.25 31.02, 121.3 31.1)"


def permit(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "permit_id": f"p{number}", "site_id": "s1", "carrier": "one", "receiving_site_id": "r1", "volume_m3": 1000,
        "valid_from": "2026-11-01", "valid_until": "2026-12-31", "hour_from": "", "hour_until": "", "route": ROUTE,
        "datum": "", "trucks": "", "revoked_on": "", **fields,
    }  # fmt: skip


def site(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "site_id": f"s{number}", "kind": "construction", "name": "北侧地块", "township_code": "310117001",
        "polygon": SQUARE, "datum": "", "filed_on": "2025-01-01", "closed_on": "", **fields,
    }  # fmt: skip


def table(records: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    lines = csv.DictWriter(text, records[0], lineterminator="\n")
    lines.writeheader()
    lines.writerows(records)
    return text.getvalue().encode()


def test_a_polygon_in_any_datum_and_form_is_stored_as_wgs84_text(home: Home) -> None:
    ring = np.array([[121.2, 31.0], [121.21, 31.0], [121.21, 31.01], [121.2, 31.01], [121.2, 31.0]])
    records = [site(1)]
    for number, datum in enumerate(("WGS84", "GCJ02", "BD09"), 2):
        shifted = shapely.Polygon(np.column_stack(from_wgs84(ring[:, 0], ring[:, 1], datum)))
        both = shapely.to_geojson(shapely.MultiPolygon([shifted])), shapely.to_wkt(shifted, rounding_precision=-1)
        records += [site(number * 10 + i, polygon=text, datum=datum) for i, text in enumerate(both)]
    report = land(home, "waste_sites", SITES, table(records))
    assert (report.accepted, report.quarantined) == (7, 0)
    landed = rows(home, "SELECT polygon, filed_on::VARCHAR AS filed_on FROM bronze.waste_sites ORDER BY site_id")
    assert landed[0] == {"polygon": SQUARE, "filed_on": "2025-01-01"}
    for row in landed:
        assert np.abs(shapely.get_coordinates(shapely.from_wkt(row["polygon"])) - ring).max() < 1e-9
    assert "datum" not in rows(home, "SELECT * FROM bronze.waste_sites")[0]


BAD = {
    "crossing": ("POLYGON ((121 31, 122 32, 122 31, 121 32, 121 31))", "geometry_not_simple"),
    "huge": (f"POLYGON (({','.join(['121.123456 31.123456'] * 5000)}))", "geometry_too_large"),
    "vertices": (f"POLYGON (({','.join(['1 1'] * 10_001)}))", "geometry_too_many_vertices"),
    "nan": ("POLYGON ((121 31, nan 31, 122 32, 121 31))", "geometry_not_finite"),
    "empty": ("POLYGON EMPTY", "geometry_empty"),
    "line": (ROUTE, "geometry_wrong_type"),
    "collection": (f"GEOMETRYCOLLECTION ({SQUARE})", "geometry_wrong_type"),
    "deep": ('{"type": "Polygon", "coordinates": ' + "[" * 30_000, "geometry_unreadable"),
    "paris": ("POLYGON ((2 48, 2.1 48, 2.1 48.1, 2 48))", "geometry_out_of_region"),
}


def test_each_bad_geometry_is_quarantined_with_line_field_and_rule_and_its_neighbours_land(home: Home) -> None:
    records = [site(0), *(site(i, polygon=text) for i, (text, _) in enumerate(BAD.values(), 1)), site(99)]
    report = land(home, "waste_sites", SITES, table(records))
    assert (report.accepted, report.quarantined) == (2, len(BAD))
    found = refused_rows(home, "waste_sites")
    assert [(row["line"], row["field"], row["rule"], row["reason"]) for row in found] == [
        (line, "polygon", rule, "geometry_invalid") for line, (_, rule) in enumerate(BAD.values(), 3)
    ]
    assert found[0]["raw"].startswith("s1,construction,") and "121 32" in found[0]["raw"]
    assert_balanced(home)


def test_a_geometry_column_reads_the_same_out_of_parquet(home: Home) -> None:
    records = [site(1), site(2, polygon="nonsense"), site(3, polygon=None)]
    content = io.BytesIO()
    columns = {name: [str(r[name] or "") or None for r in records] for name in records[0]}
    pq.write_table(pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}), content)
    report = land(home, "waste_sites", SITES.replace("csv", "parquet"), content.getvalue())
    assert (report.accepted, report.quarantined) == (1, 2)
    assert [(row["line"], row["rule"]) for row in refused_rows(home, "waste_sites")] == [
        (2, "geometry_unreadable"), (3, "required_missing"),
    ]  # fmt: skip
    assert replay(home, "waste_sites", NOW)["still_open"] == 2
    assert_balanced(home)


def test_a_permit_without_route_or_trucks_lands_and_one_of_a_broken_route_does_not(home: Home) -> None:
    records = [permit(1, route=""), permit(2, route="LINESTRING (121 31)"), permit(3, route=SQUARE)]
    report = land(home, "disposal_permits", PERMITS, table(records))
    assert (report.accepted, report.quarantined) == (1, 2)
    assert rows(home, "SELECT route, truck_keys FROM bronze.disposal_permits") == [{"route": None, "truck_keys": None}]
    assert [(r["line"], r["field"], r["rule"]) for r in refused_rows(home, "disposal_permits")] == [
        (3, "route", "geometry_unreadable"), (4, "route", "geometry_wrong_type"),
    ]  # fmt: skip


def test_the_trucks_of_a_permit_have_the_pseudonyms_of_the_register_and_of_receipts(home: Home) -> None:
    plates = ["沪A12345", "沪EB0071", "HU-C9"]
    register = [{"plate_no": plate, "terminal_id": "", "carrier": "one"} for plate in plates]
    land(home, "trucks", "trucks_2026-11-22.csv", table(register))
    records = [permit(1, trucks=" hu-c9 ;沪A12345; 沪eb0071;沪A12345;"), permit(2, trucks="沪A12345")]
    land(home, "disposal_permits", PERMITS, table(records))
    receipt = {"receipt_id": "q1", "permit_id": "p1", "plate_no": "沪a12345", "weighed_at": "2026-11-22 10:00:00",
               "volume_m3": 15, "mass_t": 22.5}  # fmt: skip
    land(home, "settlement_receipts", "settlement_receipts_2026-11-22.csv", table([receipt]))
    keys = sorted(row["truck_key"] for row in rows(home, "SELECT truck_key FROM bronze.trucks"))
    listed = rows(home, "SELECT truck_keys FROM bronze.disposal_permits ORDER BY permit_id")
    assert listed[0]["truck_keys"] == ";".join(keys)
    (settled,) = rows(home, "SELECT truck_key, weighed_at FROM bronze.settlement_receipts")
    assert listed[1]["truck_keys"] == settled["truck_key"] and settled["truck_key"] in keys
    assert settled["weighed_at"] == datetime(2026, 11, 22, 2)
    dump = json.dumps(rows(home, "SELECT * FROM bronze.disposal_permits"), default=str, ensure_ascii=False)
    # What no hash can hold by chance: each plate has one of them.
    assert "沪" not in dump and "HU-" not in dump.upper()


def test_a_list_of_plates_that_is_none_is_refused_and_sealed(home: Home) -> None:
    bad = [";", "沪A1；沪A2", "沪A1,沪A2", "沪A1;;沪A2", "沪A1; ;沪A2", "x" * 17]
    records = [permit(0), *(permit(i, trucks=trucks) for i, trucks in enumerate(bad, 1))]
    report = land(home, "disposal_permits", PERMITS, table(records))
    assert (report.accepted, report.quarantined) == (1, len(bad))
    found = refused_rows(home, "disposal_permits")
    assert [(r["line"], r["field"], r["reason"], r["raw"]) for r in found] == [
        (line, "trucks", "pattern_mismatch", None) for line in range(3, 3 + len(bad))
    ]
    opened = refused_rows(home, "disposal_permits", unseal=True)
    assert all(trucks in row["raw"] for trucks, row in zip(bad, opened, strict=True))


HOURS = [("22", "5"), ("0", "24"), ("23", "24"), ("", "")]
BAD_HOURS = [
    ("24", "5", "hour_from", "out_of_range"), ("22", "0", "hour_until", "out_of_range"),
    ("22", "", "hour_until", "required_missing"), ("", "5", "hour_from", "required_missing"),
    ("22.5", "5", "hour_from", "not_a_number"), ("-1", "25", "hour_from", "out_of_range"),
]  # fmt: skip


@pytest.mark.parametrize("feed", ["disposal_permits", "night_work_permits"])
def test_hours_may_cross_midnight_and_come_both_or_not_at_all(home: Home, feed: str) -> None:
    cases = [*HOURS, *((start, end) for start, end, _, _ in BAD_HOURS)]
    records = [permit(i, hour_from=a, hour_until=b) for i, (a, b) in enumerate(cases)]
    if feed == "night_work_permits":
        names = ("site_id", "valid_from", "valid_until", "hour_from", "hour_until")
        records = [{"night_permit_id": r["permit_id"], **{name: r[name] for name in names}} for r in records]
    land(home, feed, f"{feed}_2026-11-22.csv", table(records))
    landed = rows(home, f"SELECT hour_from, hour_until FROM bronze.{feed} ORDER BY _line")
    assert [(row["hour_from"], row["hour_until"]) for row in landed] == [(22, 5), (0, 24), (23, 24), (None, None)]
    assert [(row["line"], row["field"], row["reason"]) for row in refused_rows(home, feed)] == [
        (i, field, reason) for i, (_, _, field, reason) in enumerate(BAD_HOURS, 2 + len(HOURS))
    ]
    assert_balanced(home)


def test_a_permit_that_ends_before_it_begins_is_refused(home: Home) -> None:
    records = [permit(1, valid_until="2026-10-31"), permit(2, valid_until="2026-11-01"), permit(3, valid_until="")]
    land(home, "disposal_permits", PERMITS, table(records))
    (refused,) = refused_rows(home, "disposal_permits")
    assert (refused["line"], refused["field"], refused["reason"]) == (2, "valid_until", "period_reversed")


def test_the_capacity_of_a_truck_may_be_told_or_not(home: Home) -> None:
    land(home, "trucks", "trucks_2026-11-21.csv", b"plate_no,carrier\nA1,one\n")
    land(home, "trucks", "trucks_2026-11-22.csv", b"plate_no,carrier,capacity_m3\nA1,one,14.5\nA2,one,-1\n")
    landed = rows(home, "SELECT capacity_m3 FROM bronze.trucks ORDER BY business_date")
    assert [row["capacity_m3"] for row in landed] == [None, 14.5]
    assert [row["reason"] for row in refused_rows(home, "trucks")] == ["out_of_range"]


def _frame(minute: int, alarm: int) -> str:
    body = location_body(
        reported_at=datetime(2026, 11, 22, 2, minute, tzinfo=UTC), longitude=121.2, latitude=31.0, altitude_m=5,
        speed_kmh=91.5, heading_deg=90, alarm=alarm,
        status=status_word(acc_on=True, is_positioned=True, load_state="full"),
    )  # fmt: skip
    frame = seal(message(LOCATION, "13900001234", minute, body, edition=2013))
    return capture_line(datetime(2026, 11, 22, 2, minute, 3, tzinfo=UTC), frame)


def test_alarms_land_from_a_capture_and_reports_without_one_are_refused_by_name(home: Home) -> None:
    alarms = [1 << 8, 0, 1 << 1, 1 << 5 | 1 << 4, 0, 1 << 31]
    lines = [_frame(minute, alarm) for minute, alarm in enumerate(alarms)]
    capture = "\n".join([*lines, lines[0], "2026-11-22T10:00:00+08:00 7e00"]).encode()
    report = land(home, "terminal_events", "terminal_events_2026-11-22.jtt808", capture)
    assert (report.accepted, report.quarantined, report.duplicate) == (4, 3, 1)
    landed = rows(home, "SELECT * FROM bronze.terminal_events ORDER BY occurred_at")
    assert [row["alarm_bits"] for row in landed] == [256, 2, 48, 1 << 31]
    assert (landed[0]["occurred_at"], landed[0]["received_at"]) == (
        datetime(2026, 11, 22, 2), datetime(2026, 11, 22, 2, 0, 3),
    )  # fmt: skip
    assert (landed[0]["longitude"], landed[0]["speed_kmh"], landed[0]["status_bits"]) == (121.2, 91.5, 771)
    assert len(landed[0]["terminal_key"]) == 64
    found = [(row["line"], row["field"], row["reason"]) for row in refused_rows(home, "terminal_events")]
    assert found == [(2, "alarm_bits", "no_alarm"), (5, "alarm_bits", "no_alarm"), (8, "frame", "truncated_frame")]
    assert_balanced(home)


def test_alarms_land_from_csv_too_under_the_pseudonym_of_the_track(home: Home) -> None:
    header = "terminal_id,occurred_at,longitude,latitude,datum,speed_kmh,alarm_bits,status_bits\n"
    lines = [
        f"0013900001234,2026-11-22 10:00:00,121.2,31.0,GCJ02,0,{bits},3\n" for bits in ("256", "0", "-1", "", "1.5")
    ]
    report = land(home, "terminal_events", "terminal_events_2026-11-22.csv", (header + "".join(lines)).encode())
    assert (report.accepted, report.quarantined) == (1, 4)
    found = [(row["line"], row["reason"]) for row in refused_rows(home, "terminal_events")]
    assert found == [(3, "no_alarm"), (4, "out_of_range"), (5, "required_missing"), (6, "not_a_number")]
    land(home, "truck_gps", "truck_gps_2026-11-22.jtt808", _frame(0, 0).encode() + b"\n")
    (track,) = rows(home, "SELECT terminal_key FROM bronze.truck_gps")
    (alarm,) = rows(home, "SELECT terminal_key, longitude FROM bronze.terminal_events")
    assert alarm["terminal_key"] == track["terminal_key"]
    assert 121.19 < alarm["longitude"] < 121.197  # converted


def test_published_frames_land_as_alarms_exactly_where_their_alarm_word_says_so(home: Home, shared_data: Path) -> None:
    frames = json.loads((shared_data / "jtt808" / "frames.json").read_text())
    decoded = [f["decoded"] for f in frames["location_0x0200"]]
    everything = [*frames["location_0x0200"], *frames["batch_0x0704"], *frames["bad_checksum"]]
    lines = "".join(f"2026-11-22T09:02:03+08:00 {frame['hex']}\n" for frame in everything)
    report = land(home, "terminal_events", "terminal_events_2026-11-22.jtt808", lines.encode())
    assert report.received == report.accepted + report.quarantined + report.duplicate
    oldest, latest = datetime(2015, 1, 1, tzinfo=UTC), datetime(2026, 11, 22, 1, 12, 3, tzinfo=UTC)
    believed = [one for one in decoded if one["plausible"]
                and oldest <= datetime.fromisoformat(one["time_local_gmt8"]) <= latest]  # fmt: skip
    alarming = [one for one in believed if one["alarm"]]
    assert alarming and len(alarming) < len(believed)
    landed = rows(home, f"SELECT alarm_bits, status_bits, longitude, latitude FROM bronze.terminal_events "
                        f"WHERE _line <= {len(decoded)}")  # fmt: skip
    expected = {(one["alarm"], one["status"], one["lon"], one["lat"]) for one in alarming}
    assert {(r["alarm_bits"], r["status_bits"], r["longitude"], r["latitude"]) for r in landed} == expected
    quiet = {line for line, one in enumerate(decoded, 1) if one in believed and not one["alarm"]}
    found = refused_rows(home, "terminal_events", limit=1000)
    assert {r["line"] for r in found if r["reason"] == "no_alarm" and r["line"] <= len(decoded)} == quiet
    assert {"bad_checksum", "position_impossible"} <= {r["reason"] for r in list_quarantine(home, "terminal_events")}
    assert_balanced(home)
