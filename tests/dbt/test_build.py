"""build(): what it rebuilds, what it leaves alone, and what it says when a check fails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lake.home import Home
from lake.lakes import BRONZE
from pipeline.build import build
from tests.dbt.bronze_fixture import DAY, EAST, NEXT_DAY, NORTH, WEST, Bronze, at, detection, fix
from tests.dbt.conftest import files_of

pytestmark = pytest.mark.timeout(1200)  # six runs of dbt, which neighbours can slow down tenfold

PUBLISHED = (
    "kpi_values",
    "event_counts",
    "event_funnel",
    "case_performance",
    "cameras_to_recalibrate",
    "repeat_places",
    "camera_coverage",
    "waste_trips",
    "waste_conformance",
    "mass_balance",
    "suspected_dumps",
    "night_construction",
    "track_quality",
    "population_counts",
    "kpi_definitions",
    "townships",
    "event_types",
    "feeds",
)


def published(ask: Any, home: Home) -> dict[str, list[tuple[Any, ...]]]:
    return {table: ask(home, f"FROM published.{table} ORDER BY ALL") for table in PUBLISHED}


def kpi(ask: Any, home: Home, code: str, area: str, day: Any = DAY) -> tuple[Any, ...]:
    rows = ask(
        home,
        "SELECT value, status FROM published.kpi_values WHERE (kpi_code, area_code, business_date) = (?, ?, ?)",
        code,
        area,
        day,
    )
    assert len(rows) == 1
    return rows[0]


def test_every_kpi_has_a_row_for_each_date_and_area_it_applies_to(built: Any, ask: Any) -> None:
    home, report = built
    assert report.status == "passed", report.failures
    assert report.dates == [DAY, NEXT_DAY]
    missing = ask(
        home,
        """SELECT k.kpi_code FROM published.kpi_definitions k JOIN published.kpi_values v USING (kpi_code, rule_version)
           GROUP BY k.kpi_code, k.areas HAVING count(*) <> CASE k.areas WHEN 'townships' THEN 8 ELSE 2 END""",
    )
    assert missing == []
    assert ask(home, "SELECT count(DISTINCT kpi_code) FROM published.kpi_values") == [(60,)]


def test_a_dark_township_is_withheld_and_a_quiet_one_is_zero(built: Any, ask: Any) -> None:
    home, _ = built
    assert kpi(ask, home, "incidents_total", WEST) == (1.0, "ok")
    assert kpi(ask, home, "incidents_red_light", WEST) == (0.0, "ok")
    assert kpi(ask, home, "incidents_red_light", EAST) == (None, "withheld_low_coverage")
    # The northern township has an incident and no camera of its own: what it misses is unknown.
    assert kpi(ask, home, "incidents_total", NORTH) == (None, "withheld_low_coverage")
    assert ask(home, "SELECT incidents FROM published.event_counts WHERE area_code = ?", NORTH) == [(1,), (1,)]


def test_a_small_count_is_hidden_in_every_kpi_made_of_it(built: Any, ask: Any) -> None:
    home, _ = built
    assert kpi(ask, home, "residents_overseas", WEST) == (None, "suppressed_small_count")
    assert kpi(ask, home, "residents_registered", WEST) == (None, "suppressed_small_count")
    assert kpi(ask, home, "residents_total", WEST) == (93.0, "ok")
    assert kpi(ask, home, "migrant_share", WEST)[1] == "ok"


def test_fleet_figures_follow_from_the_fixes(built: Any, ask: Any) -> None:
    home, _ = built
    assert kpi(ask, home, "trucks_reporting_rate", "310117") == (0.5, "ok")
    # 196 gaps between reports with the engine on: 20 of two minutes and 9 of one minute, the others of the 30 s due.
    assert kpi(ask, home, "gps_completeness", "310117") == (196 / (196 + 20 * 3 + 9), "ok")
    assert kpi(ask, home, "waste_truck_night_km", "310117")[0] == pytest.approx(0.858, abs=0.001)


def test_cases_are_judged_at_the_end_of_each_day(built: Any, ask: Any) -> None:
    home, _ = built
    district = "310117"
    assert kpi(ask, home, "cases_filed", district) == (2.0, "ok")
    assert kpi(ask, home, "cases_due", district) == (2.0, "ok")
    assert kpi(ask, home, "cases_overdue", EAST) == (1.0, "ok")
    assert kpi(ask, home, "case_closing_rate", district) == (0.5, "ok")
    assert kpi(ask, home, "case_on_time_rate", district) == (0.5, "ok")
    # The slow case of the day before is closed, too late for its deadline; today's is open and overdue.
    assert kpi(ask, home, "cases_open", district, NEXT_DAY) == (1.0, "ok")
    assert kpi(ask, home, "cases_overdue", district, NEXT_DAY) == (1.0, "ok")
    assert kpi(ask, home, "case_rework_rate", district, NEXT_DAY) == (0.25, "ok")
    assert kpi(ask, home, "case_rework_rate", district) == (0.0, "ok")  # not known on that day
    # Nothing fell due in the northern township: a rate of nothing has no value.
    assert kpi(ask, home, "case_on_time_rate", NORTH) == (None, "no_data")
    assert kpi(ask, home, "cases_filed", NORTH) == (0.0, "ok")


def test_trips_are_judged_by_what_was_measured(built: Any, ask: Any) -> None:
    home, _ = built
    told = """SELECT origin_site_id, destination_site_id, permit_id, verdict, findings, confidence
        FROM published.waste_trips WHERE business_date = ? ORDER BY started_hour, distance_km"""
    assert ask(home, told, DAY) == [
        ("B1", "R1", "P1", "compliant", "", "high"),
        ("B1", None, "P1", "violation", "suspected_dump", "high"),
        ("B1", None, "P1", "not_judged", "", "low"),
    ]
    assert kpi(ask, home, "waste_trips", "310117") == (3.0, "ok")
    assert kpi(ask, home, "waste_conformance_rate", WEST) == (0.5, "ok")
    # Half the trucks were heard from and two of three trips judged: too little to say that there was only one dump.
    assert kpi(ask, home, "waste_suspected_dumps", NORTH) == (None, "withheld_low_coverage")
    assert ask(home, "SELECT area_code, shanghai_hour, dumps FROM published.suspected_dumps") == [(NORTH, 10, 1)] * 2
    assert kpi(ask, home, "waste_receipt_gap_share", "310117")[0] == pytest.approx((45 - 14) / 45)
    night = "SELECT incidents, unpermitted FROM published.night_construction WHERE area_code = ?"
    assert ask(home, night, EAST) == [(1, 1)] * 2


def test_the_balance_of_a_month_adds_the_days_of_it(built: Any, ask: Any) -> None:
    home, _ = built
    columns = "month::VARCHAR, permit_id, declared_m3, trips, hauled_m3, received_m3, receipts_m3, difference_rank"
    assert ask(home, f"SELECT {columns} FROM published.mass_balance ORDER BY permit_id") == [
        ("2026-03-01", "P1", 500.0, 6, 90.0, 30.0, 28.0, 1),
        ("2026-03-01", "P2", None, 0, 0.0, 0.0, 0.0, 2),
    ]


def test_published_trips_name_no_truck(built: Any, ask: Any) -> None:
    home, _ = built
    tables = "('waste_trips', 'waste_conformance', 'mass_balance', 'suspected_dumps', 'night_construction')"
    columns = f"""SELECT column_name FROM duckdb_columns()
        WHERE database_name = 'warehouse' AND schema_name = 'published' AND table_name IN {tables}"""
    assert not [name for (name,) in ask(home, columns) if "vehicle" in name or "truck" in name or "terminal" in name]


def test_nothing_changed_is_told_without_starting_dbt(built: Any, ask: Any) -> None:
    home, first = built
    again = build(home)
    assert (again.status, again.dates, again.exit_code) == ("unchanged", [], 0)
    assert again.code_version == first.code_version
    assert len(ask(home, "FROM main.builds")) == 1


@pytest.fixture(scope="module")
def story(built: Any, ask: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same files in another order over three builds, the second of which fails; then detail expires."""
    told: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YUNJIAN_HOME", str(tmp_path_factory.mktemp("story") / "var"))
        home = Home.current().ensure()
        bronze = Bronze(home)
        told["home"] = home
        now = at(NEXT_DAY, "23:00")
        # The second day first and without its last event; the events of the first day not at all.
        late: list[Any] = []
        for feed, day, rows in files_of(NEXT_DAY):
            if feed == "detection_events":
                late.append((feed, day, rows[-1:]))
                rows = rows[:-1]
            bronze.land(feed, day, rows)
        told["first"] = build(home, now=now)
        told["before"] = ask(home, "SELECT max(snapshot_id) FROM ducklake_snapshots('warehouse')")[0][0]

        for feed, day, rows in files_of(DAY):
            if feed == "cases":  # what is open on a day moves the days after it, too
                late.append((feed, day, rows))
            else:
                bronze.land(feed, day, rows)
        bronze.misaccount("truck_gps", DAY, +1)
        told["failed"] = build(home, now=now + timedelta(minutes=5))
        told["after"] = ask(home, "SELECT max(snapshot_id) FROM ducklake_snapshots('warehouse')")[0][0]
        told["after_failure"] = build_status(ask, home)

        bronze.misaccount("truck_gps", DAY, -1)
        for feed, day, rows in late:
            bronze.land(feed, day, rows)
        told["mended"] = build(home, now=now + timedelta(minutes=10))
        told["published"] = published(ask, home)

        bronze.expire("detection_events", DAY)
        bronze.land("detection_events", DAY, [detection("stray", "w1", at(DAY, "15:00"))])
        bronze.land("truck_gps", DAY, [fix("k2", at(DAY, "12:00"), 121.2)])
        told["expired"] = build(home, now=now + timedelta(minutes=20))
    return told


def build_status(ask: Any, home: Home) -> list[tuple[Any, ...]]:
    return ask(home, "SELECT status FROM main.builds ORDER BY finished_at")


def test_any_order_of_arrival_gives_the_same_published_rows(story: Any, built: Any, ask: Any) -> None:
    home, _ = built
    assert story["mended"].status == "passed", story["mended"].failures
    assert story["published"] == published(ask, home)


def test_a_table_is_rebuilt_on_no_other_dates_than_those_of_its_feeds(story: Any, ask: Any) -> None:
    # Positions came for the first day alone: its trucks may have been seen about midnight with those of the next one.
    assert story["failed"].dates == [DAY, NEXT_DAY]
    touched = ask(
        story["home"],
        f"""SELECT DISTINCT business_date FROM ducklake_table_changes('warehouse', 'intermediate', 'int_incidents',
            {story["before"] + 1}, {story["after"]})""",
    )
    assert touched == [(DAY,)]


def test_a_failed_check_is_named_and_its_dates_are_taken_again(story: Any) -> None:
    failed = story["failed"]
    assert (failed.status, failed.exit_code, failed.dates) == ("failed", 1, [DAY, NEXT_DAY])
    assert [failure["node"].split(".")[2] for failure in failed.failures] == ["accounting_balances"]
    assert story["after_failure"] == [("passed",), ("failed",)]
    assert (story["mended"].status, story["mended"].dates) == ("passed", [DAY, NEXT_DAY])


def test_history_outlives_its_expired_detail(story: Any, ask: Any) -> None:
    home = story["home"]
    assert story["expired"].status == "passed", story["expired"].failures
    before = [row for row in story["published"]["event_counts"] if row[0] == DAY]
    assert ask(home, "FROM published.event_counts WHERE business_date = ? ORDER BY ALL", DAY) == before
    for table in ("int_detections_located", "int_incidents"):
        assert ask(home, f"SELECT DISTINCT business_date FROM intermediate.{table}") == [(NEXT_DAY,)]
    # What did not expire goes on: the second truck has reported meanwhile.
    assert kpi(ask, home, "trucks_reporting_rate", "310117") == (1.0, "ok")
    assert kpi(ask, home, "incidents_total", WEST) == (1.0, "ok")


def test_a_build_reads_bronze_as_of_one_snapshot(story: Any, ask: Any) -> None:
    reports = [story[name] for name in ("first", "failed", "mended", "expired")]
    snapshots = [report.bronze_snapshot for report in reports]
    assert snapshots == sorted(snapshots)
    latest = ask(story["home"], f"SELECT max(snapshot_id) FROM ducklake_snapshots('{BRONZE}')")[0][0]
    assert snapshots[-1] == latest
