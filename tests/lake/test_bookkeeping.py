from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

from lake.bookkeeping import (
    Build,
    BuildStatus,
    ensure_bookkeeping,
    last_build,
    last_passed_build,
    record_build,
    write_changed_dates,
)

Con = duckdb.DuckDBPyConnection
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def _tables(con: Con) -> None:
    ensure_bookkeeping(con)


def build(con: Con, number: int, status: BuildStatus) -> Build:
    return record_build(
        con,
        build_id=f"b{number}",
        bronze_snapshot=number,
        started_at=NOON + timedelta(hours=number),
        finished_at=NOON + timedelta(hours=number, minutes=5),
        status=status,
        code_version="abc",
        dates={"truck_gps": {DAY}},
    )


def test_making_the_tables_again_changes_nothing(con: Con) -> None:
    build(con, 1, "passed")
    ensure_bookkeeping(con)
    assert last_build(con) is not None


def test_before_the_first_build_there_is_none(con: Con) -> None:
    assert last_build(con) is None
    assert last_passed_build(con) is None


def test_the_last_passed_build_is_not_a_later_failed_one(con: Con) -> None:
    passed = build(con, 1, "passed")
    failed = build(con, 2, "failed")
    assert last_passed_build(con) == passed
    assert last_build(con) == failed
    assert passed.dates == {"truck_gps": ["2026-11-22"]}


def test_moments_are_stored_in_utc_whatever_their_zone(con: Con) -> None:
    stored = build(con, 1, "passed")
    assert stored.started_at == datetime(2026, 11, 23, 13)


def test_the_dates_to_build_are_replaced_not_added(con: Con) -> None:
    write_changed_dates(con, {"truck_gps": {DAY}, "cameras": {DAY}})
    write_changed_dates(con, {"truck_gps": {DAY + timedelta(days=1)}, "cameras": set()})
    assert con.execute("FROM warehouse.main.changed_dates").fetchall() == [("truck_gps", date(2026, 11, 23))]
    write_changed_dates(con, {})
    assert con.execute("FROM warehouse.main.changed_dates").fetchall() == []
