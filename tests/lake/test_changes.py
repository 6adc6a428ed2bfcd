from datetime import date

import duckdb
import pytest

from lake.changes import changed_dates
from lake.commit import commit
from lake.lakes import BRONZE, current_snapshot

Con = duckdb.DuckDBPyConnection
D1, D2, D3 = date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)


@pytest.fixture
def events(con: Con) -> int:
    """A partitioned table with three rows on each of two days; returns the snapshot after."""
    con.execute("CREATE TABLE bronze.events (id INTEGER, business_date DATE, _file_sha256 VARCHAR, _line BIGINT)")
    con.execute("ALTER TABLE bronze.events SET PARTITIONED BY (business_date)")
    insert(con, D1)
    return insert(con, D2)


def write(con: Con, sql: str, **extra: str) -> int:
    with commit(con, BRONZE, author="test", message="test", extra=extra):
        con.execute(sql)
    return current_snapshot(con, BRONZE)


def insert(con: Con, day: date) -> int:
    return write(con, f"INSERT INTO bronze.events SELECT i, DATE '{day}', 'f', i FROM range(3) r(i)")


def changed(con: Con, since: int | None, **more: int) -> set[date]:
    upto = more.get("upto", current_snapshot(con, BRONZE))
    return changed_dates(con, since=since, upto=upto, tables=["events"])["events"]


def test_rows_inserted_after_the_snapshot_name_their_dates_alone(con: Con, events: int) -> None:
    insert(con, D3)
    assert changed(con, events) == {D3}
    assert changed(con, events - 1) == {D2, D3}


def test_rows_deleted_after_the_snapshot_name_their_dates(con: Con, events: int) -> None:
    write(con, f"DELETE FROM bronze.events WHERE business_date = DATE '{D1}'")
    write(con, f"DELETE FROM bronze.events WHERE business_date = DATE '{D2}' AND id = 1")
    assert changed(con, events) == {D1, D2}


def test_nothing_after_the_snapshot_is_no_date(con: Con, events: int) -> None:
    assert changed(con, events) == set()


def test_changes_after_the_upper_snapshot_wait_for_the_next_build(con: Con, events: int) -> None:
    insert(con, D3)
    assert changed(con, events - 1, upto=events) == {D2}


def test_expired_detail_is_not_a_change(con: Con, events: int) -> None:
    write(con, f"DELETE FROM bronze.events WHERE business_date = DATE '{D1}'", action="retention")
    assert changed(con, events) == set()


def test_a_date_both_corrected_and_expired_is_a_change(con: Con, events: int) -> None:
    insert(con, D1)
    write(con, f"DELETE FROM bronze.events WHERE business_date = DATE '{D1}'", action="retention")
    assert changed(con, events) == {D1}


def test_compaction_is_not_a_change(con: Con, events: int) -> None:
    insert(con, D1)
    after = write(con, f"DELETE FROM bronze.events WHERE business_date = DATE '{D2}' AND id = 1")
    con.execute("CALL ducklake_rewrite_data_files('bronze', 'events', delete_threshold => 0)")
    con.execute("CALL ducklake_merge_adjacent_files('bronze')")
    assert current_snapshot(con, BRONZE) > after
    assert changed(con, after) == set()
    assert changed(con, events) == {D1, D2}


def test_without_a_snapshot_every_live_date_is_given_and_said_so(con: Con, events: int) -> None:
    write(con, f"DELETE FROM bronze.events WHERE business_date = DATE '{D1}'")
    found = changed_dates(con, since=None, upto=current_snapshot(con, BRONZE), tables=["events"])
    assert found == {"events": {D2}}
    assert found.everything


def test_an_expired_change_feed_falls_back_to_every_live_date(con: Con, events: int) -> None:
    lost = insert(con, D3)
    insert(con, D3)
    con.execute(f"CALL ducklake_expire_snapshots('bronze', versions => [{events}, {lost}])")
    found = changed_dates(con, since=events, upto=current_snapshot(con, BRONZE), tables=["events"])
    assert found == {"events": {D1, D2, D3}}
    assert found.everything


def test_the_feed_still_answers_when_only_its_starting_snapshot_was_expired(con: Con, events: int) -> None:
    insert(con, D3)
    con.execute(f"CALL ducklake_expire_snapshots('bronze', versions => [{events}])")
    found = changed_dates(con, since=events, upto=current_snapshot(con, BRONZE), tables=["events"])
    assert found == {"events": {D3}}
    assert not found.everything


def test_a_table_that_does_not_exist_yet_has_no_dates_and_a_new_one_has_its_own(con: Con, events: int) -> None:
    upto = write(con, f"CREATE TABLE bronze.trucks AS SELECT 1 AS id, DATE '{D3}' AS business_date")
    assert changed_dates(con, since=events, upto=upto, tables=["trucks", "cameras"]) == {
        "trucks": {D3},
        "cameras": set(),
    }
