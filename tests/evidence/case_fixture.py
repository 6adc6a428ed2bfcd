"""A small installation with one case: a truck that left its route, from the files it was told in to the judged trip."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa

from haulage.tables import TABLES, ensure_tables
from lake.commit import commit
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import WAREHOUSE, attach
from lake.writer_lock import writer_lock
from sample_district.wire.jtt808_frames import (
    BATCH,
    LOCATION,
    batch_body,
    capture_line,
    location_body,
    message,
    seal,
    status_word,
    subpackages,
)
from tests.ingestion.landed import CAMERA_HEADER, CAMERAS, event, land, ndjson, rows

SHANGHAI = timezone(timedelta(hours=8))
DAY = date(2026, 11, 22)
BEGIN = datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI)
PLATE, PHONE = "沪DF2817", "13917550342"
OTHER_PLATE, OTHER_PHONE = "沪DG9035", "13564417788"
TRIP, CSV_TRIP = "1f0c9a7e2b3d4c5d6e7f8a9b0c1d2e3f", "2a0c9a7e2b3d4c5d6e7f8a9b0c1d2e3f"
CAPTURE, PACKED, TABLE = (
    "truck_gps_2026-11-22_p01.jtt808",
    "truck_gps_2026-11-22_p02.jtt808.gz",
    "truck_gps_2026-11-22_p03.csv",
)
BUILDING = "POLYGON ((121.2030 31.0035, 121.2068 31.0030, 121.2072 31.0062, 121.2034 31.0066, 121.2030 31.0035))"
TIP = "POLYGON ((121.2870 31.0555, 121.2925 31.0550, 121.2930 31.0592, 121.2874 31.0596, 121.2870 31.0555))"
ROUTE = "LINESTRING (121.2052 31.0048, 121.2205 31.0052, 121.2330 31.0200, 121.2520 31.0310, 121.2720 31.0420, 121.2898 31.0572)"
_WAY = [(121.2052, 31.0048), (121.2205, 31.0052), (121.2330, 31.0200), (121.2400, 31.0480), (121.2620, 31.0600), (121.2898, 31.0572)]  # fmt: skip
CAMERA = "31011700101320000001"


def place(share: float) -> tuple[float, float]:
    """A point of the way driven, by share of its length."""
    lengths = [math.dist(a, b) for a, b in itertools.pairwise(_WAY)]
    left = share * sum(lengths)
    for (a, b), length in zip(itertools.pairwise(_WAY), lengths, strict=True):
        if left <= length:
            return a[0] + (b[0] - a[0]) * left / length, a[1] + (b[1] - a[1]) * left / length
        left -= length
    return _WAY[-1]


def body(second: int, **more: Any) -> bytes:
    """A report `second` seconds after departure; the trip lasts 2,400 s."""
    longitude, latitude = place(second / 2400)
    speed = 0.0 if second in (0, 2400) else 34 + 14 * math.sin(second / 210) + 6 * math.sin(second / 37)
    fields = {
        "reported_at": BEGIN + timedelta(seconds=second), "longitude": longitude, "latitude": latitude,
        "speed_kmh": speed, "heading_deg": 52, "altitude_m": 4, "mileage_km": 1000 + second / 200,
        "status": status_word(acc_on=True, is_positioned=True, load_state="full" if second < 2400 else "empty"),
    }  # fmt: skip
    return location_body(**{**fields, **more})


def frame(second: int, phone: str = PHONE, **more: Any) -> str:
    sealed = seal(message(LOCATION, phone, second // 30, body(second, **more)))
    return capture_line(BEGIN + timedelta(seconds=second, milliseconds=700), sealed)


def capture() -> bytes:
    """The first 1,500 s, another truck's reports between them, one fix far away, one without satellites."""
    lines = []
    for second in range(0, 1530, 30):
        more: dict[str, Any] = {}
        if second == 600:
            more = {"longitude": 121.35, "latitude": 31.12}
        if second == 900:
            more = {"status": status_word(acc_on=True, is_positioned=False, load_state="full"), "alarm": 1 << 4}
        if second == 1500:
            more = {"alarm": 1 << 8}
        lines += [frame(second, **more), frame(second, OTHER_PHONE)]
    return "".join(f"{line}\n" for line in lines).encode()


def packed_capture() -> bytes:
    """After a silence: what was stored in a blind area, sent in parts, then single reports to the end."""
    stored = batch_body([body(second) for second in range(1980, 2190, 30)])
    parts = subpackages(BATCH, PHONE, 700, stored, size=120)
    at = BEGIN + timedelta(seconds=2190)
    lines = [capture_line(at + timedelta(milliseconds=n), part) for n, part in enumerate(parts)]
    lines.insert(1, frame(2190, OTHER_PHONE))
    lines += [frame(second) for second in range(2190, 2430, 30)]
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def table() -> bytes:
    """Another truck's trip as its platform sends CSV: plate and terminal in every line."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(
        ["plate_no", "terminal_id", "reported_at", "longitude", "latitude", "speed_kmh", "load_state", "datum"]
    )
    for second in range(0, 1200, 30):
        longitude, latitude = place(second / 2400)
        at = (BEGIN + timedelta(hours=3, seconds=second)).strftime("%Y-%m-%d %H:%M:%S")
        lines.writerow(
            [
                OTHER_PLATE,
                OTHER_PHONE,
                at,
                f"{longitude:.6f}",
                f"{latitude:.6f}",
                62 + second % 90 // 2,
                "full",
                "WGS84",
            ]
        )
    return text.getvalue().encode()


def sheet(records: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    lines = csv.DictWriter(text, records[0], lineterminator="\n")
    lines.writeheader()
    lines.writerows(records)
    return text.getvalue().encode()


def make_case(home: Home) -> None:
    """Land the registers, the positions and the camera events, and write what haulage and dbt make of them."""
    truck = {
        "carrier": "云间渣土运输有限公司",
        "approved_on": "2025-01-01",
        "valid_until": "2027-12-31",
        "capacity_m3": 15,
    }
    register = [
        {"plate_no": PLATE, "terminal_id": PHONE, **truck},
        {"plate_no": OTHER_PLATE, "terminal_id": OTHER_PHONE, **truck},
    ]
    site = {
        "kind": "construction",
        "township_code": "310117001",
        "datum": "WGS84",
        "filed_on": "2025-03-01",
        "closed_on": "",
    }
    sites = [
        {**site, "site_id": "S-001", "name": "中山中路北侧地块", "polygon": BUILDING},
        {**site, "site_id": "R-009", "name": "洞泾消纳场", "polygon": TIP, "kind": "receiving"},
    ]
    permit = {
        "permit_id": "P-2026-0118", "site_id": "S-001", "carrier": truck["carrier"], "receiving_site_id": "R-009",
        "volume_m3": 12000, "valid_from": "2026-11-01", "valid_until": "2026-12-31", "hour_from": 9, "hour_until": 16,
        "route": ROUTE, "datum": "WGS84", "trucks": f"{PLATE};{OTHER_PLATE}", "revoked_on": "",
    }  # fmt: skip
    longitude, latitude = place(0.6)
    camera = f"{CAMERA},310117001,{longitude + 0.0008},{latitude},WGS84,dome,2024-01-01,\n"
    seen = {"camera_id": CAMERA, "snapshot_uri": f"vp://snapshots/{PLATE}/1.jpg", "confidence": 0.87}
    events = [
        event(1, event_type="truck_uncovered", detected_at=(BEGIN + timedelta(seconds=1430)).isoformat(), **seen),
        event(2, event_type="truck_uncovered", detected_at=(BEGIN + timedelta(seconds=1445)).isoformat(), **seen),
        event(3, event_type="illegal_parking", detected_at=(BEGIN + timedelta(seconds=1440)).isoformat(), **seen),
        event(4, event_type="truck_spillage", detected_at=(BEGIN + timedelta(hours=5)).isoformat(), **seen),
    ]  # fmt: skip
    given = [
        ("trucks", "trucks_2026-11-22.csv", sheet(register)),
        ("waste_sites", "waste_sites_2026-11-22.csv", sheet(sites)),
        ("disposal_permits", "disposal_permits_2026-11-22.csv", sheet([permit])),
        ("cameras", CAMERAS, (CAMERA_HEADER + camera).encode()),
        ("detection_events", "detection_events_2026-11-22_p01.ndjson", ndjson(events)),
        ("truck_gps", CAPTURE, capture()),
        ("truck_gps", PACKED, packed_capture()),
        ("truck_gps", TABLE, table()),
    ]
    for feed, name, content in given:
        report = land(home, feed, name, content)
        assert (report.status, report.quarantined) == ("landed", 0), (name, report)
    keys = {
        row["terminal_key"]: row["truck_key"] for row in rows(home, "SELECT terminal_key, truck_key FROM bronze.trucks")
    }
    (mine,) = rows(home, "SELECT DISTINCT terminal_key FROM bronze.truck_gps WHERE alarm_bits = 256")
    _judge(
        home,
        keys[mine["terminal_key"]],
        next(key for terminal, key in keys.items() if terminal != mine["terminal_key"]),
    )


def _judge(home: Home, truck: str, other: str) -> None:
    with writer_lock(home, WAREHOUSE, purpose="test"), open_engine(home) as con:
        attach(con, home, WAREHOUSE)
        ensure_tables(con, WAREHOUSE)
        with commit(con, WAREHOUSE, author="test", message="a judged trip"):
            _insert(
                con,
                "trips",
                [
                    _trip(truck, is_open=True, ended_at=_utc(1500)),
                    _trip(truck, processed_date=date(2026, 11, 23)),
                    _csv_trip(other),
                ],
            )
            _insert(con, "gaps", [{
                "processed_date": DAY, "business_date": DAY, "gap_id": "g1", "vehicle_key": truck, "trip_id": TRIP,
                "started_at": _utc(1500), "ended_at": _utc(1980), "gap_s": 480, "was_loaded": True,
                "after_power_off": True, "longitude": 121.25, "latitude": 31.05, "is_open": False,
            }])  # fmt: skip
            con.execute(f"CREATE SCHEMA {WAREHOUSE}.intermediate")
            con.execute(f"CREATE SCHEMA {WAREHOUSE}.published")
            con.execute(
                f"""CREATE TABLE {WAREHOUSE}.intermediate.int_trip_findings (business_date DATE, trip_id VARCHAR,
                    finding VARCHAR, confidence VARCHAR, measure DOUBLE, evidence_from TIMESTAMP, evidence_until TIMESTAMP)"""
            )
            found = [
                (DAY, TRIP, "off_route", "high", 4.213, _utc(840), _utc(2280)),
                (DAY, TRIP, "terminal_dark", "low", 480.0, _utc(1500), _utc(1980)),
                (DAY, CSV_TRIP, "overspeed", "medium", 540.0, _utc(10800), _utc(11970)),
            ]
            con.executemany(
                f"INSERT INTO {WAREHOUSE}.intermediate.int_trip_findings VALUES (?, ?, ?, ?, ?, ?, ?)", found
            )
            book = Path(__file__).parents[2] / "dbt_project" / "seeds" / "kpi_definitions.csv"
            con.execute(
                f"""CREATE TABLE {WAREHOUSE}.published.kpi_definitions AS
                    SELECT * REPLACE (effective_from::DATE AS effective_from, effective_to::DATE AS effective_to)
                    FROM read_csv('{book}', all_varchar = true)"""
            )


def _insert(con: Any, name: str, records: list[dict[str, Any]]) -> None:
    columns = {column: [record.get(column) for record in records] for column in TABLES[name]}
    con.register("fixture_rows", pa.table(columns))
    con.execute(f"INSERT INTO {WAREHOUSE}.haulage.{name} BY NAME FROM fixture_rows")
    con.unregister("fixture_rows")


def _utc(second: int) -> datetime:
    return (BEGIN + timedelta(seconds=second)).astimezone(UTC).replace(tzinfo=None)


def _trip(truck: str, **more: Any) -> dict[str, Any]:
    return {
        "processed_date": DAY, "business_date": DAY, "trip_id": TRIP, "vehicle_key": truck, "truck_key": truck,
        "carrier": "云间渣土运输有限公司", "capacity_m3": 15.0, "is_registered": True, "started_at": _utc(0),
        "ended_at": _utc(2400), "origin_site_id": "S-001", "origin_site_kind": "construction",
        "origin_longitude": 121.2052, "origin_latitude": 31.0048, "destination_site_id": "R-009",
        "destination_site_kind": "receiving", "destination_filed": True, "destination_longitude": 121.2898,
        "destination_latitude": 31.0572, "end_kind": "unloaded", "load_source": "sensor", "permit_id": "P-2026-0118",
        "permit_state": "valid", "permit_receiving_site_id": "R-009", "is_permitted_truck": True, "hours_outside_s": 0,
        "distance_km": 12.4, "fixes": 64, "observed_share": 0.81, "route_known": True, "off_route_km": 4.213,
        "off_route_share": 0.34, "off_route_longest_km": 3.9, "overspeed_s": 0, "top_speed_kmh": 53.0, "max_gap_s": 480,
        "gap_started_at": _utc(1500), "gap_ended_at": _utc(1980), "gap_after_power_off": True, "gap_km": 2.1,
        "drift_fixes": 1, "wrong_datum_suspected": False, "line_first": 1, "line_last": 12, "is_open": False, **more,
    }  # fmt: skip


def _csv_trip(truck: str) -> dict[str, Any]:
    base = {"trip_id": CSV_TRIP, "started_at": _utc(10800), "ended_at": _utc(11970), "destination_site_id": None}
    ended = {"destination_longitude": 121.24, "destination_latitude": 31.045, "end_kind": "lost", "overspeed_s": 540}
    return _trip(truck, **base, **ended, top_speed_kmh=106.0, fixes=40, observed_share=0.98, drift_fixes=0)


def entitle(home: Home, *, roles: str = "[waste_enforcement]", user: str | None = None) -> Path:
    """Entitle the user who runs the tests."""
    home.registers.mkdir(mode=0o700, exist_ok=True)
    path = home.registers / "entitled.yaml"
    from evidence.entitlement import current_user

    path.write_text(f"{user or current_user()}: {{name: 王丽, unit: 渣土办, roles: {roles}}}\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def entries(home: Home) -> list[dict[str, Any]]:
    """The lines of the register."""
    text = (home.registers / "retrievals.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
