"""Real data of other places, each through contract and adapter alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.landing import land_files
from lake.home import Home
from lake.reader import query

EXAMPLES = Path(__file__).parents[2] / "examples" / "feeds"
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch, home: Home) -> Home:
    monkeypatch.setenv("YUNJIAN_CONTRACTS", str(EXAMPLES))
    return home


def accounting(report: object) -> dict[str, object]:
    (file,) = report.as_json()["files"]  # type: ignore[attr-defined]
    assert file["received"] == file["accepted"] + file["quarantined"] + file["duplicate"]
    return file


def rows(home: Home, sql: str) -> list[dict[str, object]]:
    return query(home, sql)["rows"]  # type: ignore[no-any-return]


def test_bus_positions_of_a_british_city_land_by_their_contract(examples: Home, shared_data: Path) -> None:
    file = accounting(land_files(examples, "bus_positions", [shared_data / "real/liverpool_bus_route14.csv"], now=NOW))
    assert (file["status"], file["received"], file["quarantined"]) == ("landed", 1533, 0)
    seen = rows(
        examples,
        "SELECT count(*) AS n, count(DISTINCT vehicle_key) AS vehicles, min(length(vehicle_key)) AS digits,"
        " min(reported_at)::VARCHAR AS first, max(longitude) AS east FROM bronze.bus_positions",
    )[0]
    assert seen["n"] == file["accepted"]
    assert seen["digits"] == 64
    assert seen["first"] == "2026-01-26 15:55:12"  # already UTC
    assert -3 < float(str(seen["east"])) < -2.8


def test_elevator_requests_of_new_york_land_by_their_contract(examples: Home, shared_data: Path) -> None:
    source = shared_data / "real/nyc_311_elevator_2024.parquet"
    file = accounting(land_files(examples, "property_requests", [source], now=NOW))
    assert (file["status"], file["received"], file["accepted"], file["quarantined"]) == ("landed", 22504, 22504, 0)
    seen = rows(
        examples,
        "SELECT count(*) FILTER (closed_at IS NULL) AS open, count(*) FILTER (longitude IS NULL) AS nowhere,"
        " max(requested_at)::VARCHAR AS last FROM bronze.property_requests",
    )[0]
    assert seen["nowhere"] == 20
    assert 0 < int(str(seen["open"])) <= 295  # the city's own status and closing time disagree on a few
    assert seen["last"] == "2024-12-31 14:24:11"  # 09:24:11 in New York


def test_cases_of_boston_land_by_their_contract_and_give_the_citys_own_flags(examples: Home, shared_data: Path) -> None:
    file = accounting(land_files(examples, "city_cases", [shared_data / "real/boston_311_first_10.csv"], now=NOW))
    assert (file["status"], file["received"], file["accepted"], file["quarantined"]) == ("landed", 10, 10, 0)
    # Closed by the target, or not past it yet; what has no target cannot be late.
    judged = rows(
        examples,
        "SELECT city_flag, coalesce(coalesce(closed_at, business_date) <= deadline_at, true) AS is_on_time,"
        " filed_at::VARCHAR AS filed, deadline_at IS NULL AS has_no_target FROM bronze.city_cases ORDER BY filed_at",
    )
    assert [row["city_flag"] == "ONTIME" for row in judged] == [row["is_on_time"] for row in judged]
    assert sum(row["city_flag"] == "OVERDUE" for row in judged) == 2
    assert sum(bool(row["has_no_target"]) for row in judged) == 4
    assert judged[0]["filed"] == "2022-01-01 05:16:00"  # 00:16 in Boston


def test_published_jtt808_frames_are_taken_or_refused_with_their_reason(home: Home, shared_data: Path) -> None:
    frames = json.loads((shared_data / "jtt808/frames.json").read_text())
    lines = [
        f"2026-11-22T12:00:00+08:00 {frame['hex']}"
        for kind in ("location_0x0200", "batch_0x0704", "bad_checksum")
        for frame in frames[kind]
    ]
    capture = home.root / "truck_gps_2026-11-22_1.jtt808"
    capture.write_text("\n".join(lines) + "\n")
    file = accounting(land_files(home, "truck_gps", [capture], now=NOW))
    reasons = {
        r["reason"]: r["n"]
        for r in rows(home, "SELECT reason, count(*) AS n FROM bronze.quarantine GROUP BY reason ORDER BY reason")
    }
    assert reasons["bad_checksum"] == 3
    impossible = [f for f in frames["location_0x0200"] if not f["decoded"]["plausible"]]
    assert reasons["position_impossible"] >= len(impossible)
    positions = rows(
        home, "SELECT round(latitude, 6) AS lat, round(longitude, 6) AS lon FROM bronze.truck_gps ORDER BY ALL"
    )
    landed = {(p["lat"], p["lon"]) for p in positions}
    expected = {
        (f["decoded"]["lat"], f["decoded"]["lon"]) for f in frames["location_0x0200"] if f["decoded"]["plausible"]
    }
    assert expected <= landed
    assert file["accepted"] == len(positions)
