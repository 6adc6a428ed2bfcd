"""Both lakes from landing alone: the same content, or nothing is replaced."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from lake.home import Home
from lake.lakes import BRONZE, LAKES, lake_exists
from lake.reader import query
from lake.retention import expire_rows
from lake.serving import kept_editions
from pipeline.build import build
from pipeline.explain import explain
from pipeline.publish import publish_edition
from pipeline.rebuild import rebuild
from pipeline.relanding import reland
from pipeline.restate import approve_restatements, list_restatements
from tests.ingestion.landed import land
from tests.pipeline.district import CLOSED, DAY, LATER, NOW, at, lakes, land_events, served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
EVENTS = "SELECT * FROM bronze.detection_events ORDER BY ALL"
PEOPLE = (
    "id_number,name,phone,sex,birth_date,household_type,township_code,community_code,registered_on,valid_until,status\n"
)


def rows(home: Home, sql: str) -> list[dict[str, Any]]:
    return list(query(home, sql)["rows"])


def identity(number: int) -> str:
    """An invented identity number with its check digit (GB 11643)."""
    digits = f"31011719900101{number:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11]


@pytest.fixture
def storied(district: Home) -> Home:
    """The district after a month: a late file, an expired date, a pending change approved, another one pending."""
    earlier = DAY.replace("22", "20")
    land_events(district, "p02", [at(9, 5) | {"detected_at": f"{earlier}T09:00:00+08:00"}])
    assert build(district, now=LATER).status == "passed"
    publish_edition(district, now=LATER)
    with lakes(district) as con:
        retention = {"detection_events": 2}
        assert expire_rows(con, BRONZE, retention_days=retention, now=NOW) == {
            "detection_events": [date.fromisoformat(earlier)]
        }
    # Without its rows: bytes that gave only expired rows are deleted.
    (gone,) = [
        path for path in (district.landing / "detection_events").glob("??/*.ndjson") if earlier in path.read_text()
    ]
    gone.unlink()
    land_events(district, "p03", [at(15, 3)], now=CLOSED)
    assert build(district, now=CLOSED).status == "passed"
    publish_edition(district, now=CLOSED)
    approve_restatements(
        district,
        kpi_code="incidents_total",
        month=date.fromisoformat(DAY),
        approved_by="Wang Li",
        reason="found",
        now=CLOSED,
    )
    assert list_restatements(district, state="pending")
    return district


def test_the_same_content_takes_the_old_lakes_place_and_the_past_survives(storied: Home, tmp_path: Path) -> None:
    past = ("restatements", "kpi_value_history")
    before = {table: served(storied, f"FROM {table} ORDER BY ALL") for table in past}
    events, files = (
        rows(storied, EVENTS),
        rows(storied, "SELECT * EXCLUDE (run_id) FROM bronze.landing_files ORDER BY ALL"),
    )
    kept = kept_editions(storied)
    told: list[str] = []
    report = rebuild(storied, now=CLOSED + timedelta(days=1), tell=told.append)
    assert report.status == "verified", report
    assert (report.replaced, report.files, report.without_bytes) == (True, 4, 1)
    assert report.content_hash == report.published_hash
    assert any("landed 1 of" in line for line in told)
    # The rows of bronze with file and line, and what is known of each file, are those of before.
    assert rows(storied, EVENTS) == events
    assert rows(storied, "SELECT * EXCLUDE (run_id) FROM bronze.landing_files ORDER BY ALL") == files
    # The published file was not touched; nothing is left beside the lakes.
    assert kept_editions(storied) == kept
    assert sorted(path.name for path in storied.root.iterdir() if "rebuild" in path.name or "before" in path.name) == []
    # Expired rows stay expired, also when they come again, and their figures stay published.
    assert rows(storied, "SELECT feed FROM bronze.expired_dates") == [{"feed": "detection_events"}]

    # What comes next goes on from there: the ledger knows what was published, and what is pending.
    land_events(storied, "p04", [at(17, 4)], now=CLOSED + timedelta(days=2))
    assert build(storied, now=CLOSED + timedelta(days=2)).status == "passed"
    assert publish_edition(storied, now=CLOSED + timedelta(days=2))["status"] == "published"
    known = served(storied, "FROM restatements ORDER BY ALL")
    assert {row[0] for row in before["restatements"]} <= {row[0] for row in known}
    approved = served(storied, "SELECT approved_by, state FROM restatements WHERE state = 'approved'")
    assert set(approved) == {("Wang Li", "approved")}
    newest = served(storied, "SELECT max(edition) FROM editions")[0][0]
    causes = served(storied, "SELECT DISTINCT cause FROM restatements WHERE edition = ?", newest)
    assert causes == [("late_file",)]
    first = before["kpi_value_history"][0]
    assert first[:10] in [row[:10] for row in served(storied, "FROM kpi_value_history")]
    answer = explain(storied, "incidents_total", "310117", date.fromisoformat(DAY))
    assert len([s for s in answer["sources"] if s["feed"] == "detection_events"]) == 3


def test_lakes_that_are_lost_are_made_from_landing_and_the_serving_file(district: Home, tmp_path: Path) -> None:
    people = PEOPLE + "".join(
        f"{identity(number)},某人,13800000{number:03},M,1990-01-01,registered,310117001,310117001001,2020-01-01,,active\n"
        for number in range(30)
    )
    report = land(district, "population_records", f"population_records_{DAY}.csv", people.encode(), now=NOW)
    assert report.accepted == 30
    assert build(district, now=LATER).status == "passed"
    assert publish_edition(district, now=LATER)["status"] == "published"
    assert served(district, "SELECT count(*) FROM restatements") != [(0,)]
    persons = rows(district, "SELECT * FROM bronze.population_records ORDER BY ALL")
    for path in district.lake.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    again = rebuild(district, now=LATER + timedelta(hours=1), tell=lambda _: None)
    assert (again.status, again.replaced) == ("verified", True)
    # Sealed bytes are opened with the keys of the installation: the same pseudonyms.
    assert rows(district, "SELECT * FROM bronze.population_records ORDER BY ALL") == persons
    with lakes(district) as con:
        assert con.execute("SELECT count(*), count(bronze_snapshot) FROM warehouse.main.editions").fetchone() == (2, 0)
        row = con.execute("SELECT count(*) FROM warehouse.main.restatements").fetchone()
        assert row is not None and row[0] > 0


def test_lakes_that_would_say_something_else_are_left_beside_the_old_ones(district: Home) -> None:
    victim = next((district.landing / "detection_events").glob("??/*.ndjson"))
    victim.write_text("\n".join(victim.read_text().splitlines()[1:]) + "\n")  # landing was tampered with
    events = rows(district, EVENTS)
    report = rebuild(district, now=LATER, tell=lambda _: None)
    assert (report.status, report.replaced, report.exit_code) == ("differs", False, 1)
    differing = {entry["table"]: (entry["only_before"], entry["only_now"]) for entry in report.differences}
    assert differing["kpi_values"][0] > 0
    (problem,) = report.problems
    assert "bytes in landing are not those received" in problem
    assert rows(district, EVENTS) == events
    assert all(lake_exists(Home(report.place), name) for name in LAKES)

    with pytest.raises(ValueError, match="already holds a lake"):
        rebuild(district, into=report.place, now=LATER, tell=lambda _: None)


@pytest.mark.parametrize("taken", ["one lake", "both", "both, and one new one in place"])
def test_a_rebuild_killed_while_it_swaps_is_mended_by_the_next(district: Home, taken: str) -> None:
    events = rows(district, EVENTS)
    aside = district.root / "lake-before-20261123T000000Z"
    aside.mkdir()
    for path in district.lake.glob("bronze*" if taken == "one lake" else "[bw]*"):
        path.rename(aside / path.name)
    if taken != "one lake":
        (aside / ".taken").touch()
    if taken == "both, and one new one in place":
        (district.lake / "bronze.sqlite").write_bytes(b"new")
        (district.lake / "bronze").mkdir()
    with pytest.raises(RuntimeError, match="stop here"):
        rebuild(district, now=LATER, tell=stop)
    assert rows(district, EVENTS) == events
    assert all(lake_exists(district, name) for name in LAKES)
    assert not aside.exists()


def stop(_: str) -> None:
    raise RuntimeError("stop here")


def test_lakes_on_a_server_are_not_rebuilt(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUNJIAN_BRONZE_CATALOG", "postgres:dbname=x")
    with pytest.raises(ValueError, match="PostgreSQL"):
        rebuild(home, now=NOW)


def test_rows_that_lay_in_the_future_when_they_came_are_refused_again(district: Home, tmp_path: Path) -> None:
    record = at(9, 7) | {"detected_at": "2026-11-24T09:00:00+08:00"}
    refused = land_events(district, "p05", [record], now=NOW)
    assert refused.quarantined == 1
    target = Home(tmp_path / "again").ensure()
    done = reland(district, target, tell=lambda _: None)
    assert (done.files, done.without_bytes) == (4, 0)
    same = "SELECT feed, file_name, line, reason, quarantined_at FROM bronze.quarantine ORDER BY ALL"
    assert rows(target, same) == rows(district, same)
