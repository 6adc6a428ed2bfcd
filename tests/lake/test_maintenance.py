import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from lake.bookkeeping import ensure_bookkeeping, record_build
from lake.changes import changed_dates
from lake.commit import commit
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, attach, current_snapshot
from lake.maintenance import MaintenanceReport, maintain
from lake.publication import publish
from lake.retention import first_kept_date
from tests.lake.district import open_lakes

Con = duckdb.DuckDBPyConnection
# Snapshots carry the machine's time, so maintenance runs a while after it, on business dates counted from there.
LATER = (datetime.now(UTC) + timedelta(days=20)).replace(microsecond=0)
TODAY = first_kept_date(0, LATER)
OLD, EDGE, NEW = TODAY - timedelta(days=31), TODAY - timedelta(days=30), TODAY - timedelta(days=1)
SECRET = "a-person-who-was-here"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lakes with a feed of three days, the oldest past its 30 days, and refused rows of the same days, in one file."""
    home = Home(tmp_path_factory.mktemp("records") / "var").ensure()
    with open_lakes(home) as con:
        con.execute("CREATE TABLE bronze.population_records (person_key VARCHAR, business_date DATE)")
        con.execute("ALTER TABLE bronze.population_records SET PARTITIONED BY (business_date)")
        con.execute(
            """CREATE TABLE bronze.quarantine (feed VARCHAR, raw_sealed VARCHAR, business_date DATE,
               quarantined_at TIMESTAMP)"""
        )
        with commit(con, BRONZE, author="landing", message="m", extra={"action": "land"}):
            for day in (OLD, EDGE, NEW):
                con.execute("INSERT INTO bronze.population_records VALUES (?, ?)", [f"{SECRET}-{day}", day])
            con.execute(
                "INSERT INTO bronze.quarantine SELECT 'population_records', ? || d, d, d FROM unnest(?::DATE[]) u(d)",
                [f"{SECRET}-", [OLD, EDGE, NEW]],
            )
            con.execute(
                "INSERT INTO bronze.quarantine VALUES ('population_records', ?, NULL, ?)",
                [f"{SECRET}-{OLD}-undated", OLD],
            )
    return home.lake


@pytest.fixture
def records(home: Home, recorded: Path) -> Iterator[Con]:
    """A writer's connection to a copy of those lakes."""
    shutil.copytree(recorded, home.lake, dirs_exist_ok=True)
    with open_lakes(home) as con:
        yield con


def care(home: Home, *, days: int = 0, dry_run: bool = False) -> MaintenanceReport:
    now = LATER + timedelta(days=days)
    return maintain(home, retention_days={"population_records": 30 + days}, now=now, dry_run=dry_run)


def build_from(con: Con) -> int:
    """Note a passed build of the current bronze snapshot, and return that."""
    ensure_bookkeeping(con)
    start = current_snapshot(con, BRONZE)
    record_build(
        con,
        build_id="b",
        bronze_snapshot=start,
        started_at=LATER,
        finished_at=LATER,
        status="passed",
        code_version="c",
        dates={},
    )
    return start


def days_of(con: Con, table: str) -> Sequence[date]:
    rows = con.execute(f"SELECT business_date FROM bronze.{table} WHERE business_date IS NOT NULL ORDER BY 1")
    return [row[0] for row in rows.fetchall()]


def on_disk(home: Home, text: str) -> bool:
    """Whether any file of the lake, catalogs included, holds the text: Parquet keeps short values readable."""
    found = subprocess.run(["grep", "-rqaF", text, str(home.lake)], check=False)
    return found.returncode == 0


def test_a_date_past_its_days_is_deleted_and_noted_and_the_last_kept_day_is_not(home: Home, records: Con) -> None:
    report = care(home)
    assert report["lakes"][BRONZE]["expired"] == {"population_records": [OLD.isoformat()]}
    assert days_of(records, "population_records") == [EDGE, NEW]
    assert days_of(records, "quarantine") == [EDGE, NEW]
    assert records.execute("SELECT feed, business_date FROM bronze.expired_dates").fetchall() == [
        ("population_records", OLD)
    ]


def test_the_day_ends_in_the_district_not_in_utc() -> None:
    assert first_kept_date(30, datetime(2026, 11, 22, 15, 59, tzinfo=UTC)) == date(2026, 10, 23)
    assert first_kept_date(30, datetime(2026, 11, 22, 16, 0, tzinfo=UTC)) == date(2026, 10, 24)


def test_expired_rows_are_gone_from_the_disk_once_their_grace_has_passed(home: Home, records: Con) -> None:
    assert on_disk(home, f"{SECRET}-{OLD}")
    care(home)
    care(home, days=10)
    assert not on_disk(home, f"{SECRET}-{OLD}")
    assert on_disk(home, f"{SECRET}-{EDGE}")
    assert days_of(records, "population_records") == [EDGE, NEW]
    assert days_of(records, "quarantine") == [EDGE, NEW]


def test_expiry_is_no_change_for_the_next_build(home: Home, records: Con) -> None:
    before = build_from(records)
    records.execute("INSERT INTO bronze.population_records VALUES ('late', ?)", [NEW])
    care(home)
    upto = current_snapshot(records, BRONZE)
    assert upto > before
    found = changed_dates(records, since=before, upto=upto, tables=["population_records"])
    assert found == {"population_records": {NEW}}
    assert not found.everything


def test_a_second_run_finds_nothing_to_do(home: Home, records: Con) -> None:
    care(home)
    again = care(home)
    assert again["lakes"][BRONZE]["expired"] == {}
    assert records.execute("SELECT count(*) FROM bronze.expired_dates").fetchone() == (1,)


def test_a_dry_run_tells_and_changes_nothing(home: Home, records: Con) -> None:
    before = current_snapshot(records, BRONZE)
    files = sorted(home.lake.rglob("*.parquet"))
    report = care(home, dry_run=True)
    assert report["lakes"][BRONZE]["expired"] == {"population_records": [OLD.isoformat()]}
    assert report["lakes"][BRONZE]["snapshots_expired"] > 0
    assert current_snapshot(records, BRONZE) == before
    assert sorted(home.lake.rglob("*.parquet")) == files
    assert days_of(records, "population_records") == [OLD, EDGE, NEW]


def test_small_files_of_a_day_become_one(home: Home, records: Con) -> None:
    for number in range(4):
        records.execute("INSERT INTO bronze.population_records VALUES (?, ?)", [f"p{number}", NEW])
    assert care(home)["lakes"][BRONZE]["files_merged"] >= 5
    files = records.execute(
        "SELECT count(*) FROM ducklake_list_files('bronze', 'population_records') WHERE data_file LIKE ?", [f"%{NEW}%"]
    )
    assert files.fetchone() == (1,)
    assert len(days_of(records, "population_records")) == 2 + 4


def test_a_kept_edition_pins_its_snapshot_until_the_pin_ends(home: Home, district: Con) -> None:
    publish(home, reason="t", code_version="c", now=LATER)
    pinned = current_snapshot(district, BRONZE)
    for _ in range(2):
        district.execute("INSERT INTO bronze.landing_files (feed) VALUES ('later')")
    for days in (0, 5):
        assert care(home, days=days)["lakes"][BRONZE]["snapshots_pinned"] == [pinned]
    with open_engine(home) as con:
        attach(con, home, BRONZE, snapshot=pinned, alias="pinned")
        assert con.execute("SELECT count(*) FROM pinned.landing_files").fetchone() == (1,)
    assert care(home, days=20)["lakes"][BRONZE]["snapshots_pinned"] == []
    with open_engine(home) as con, pytest.raises(duckdb.Error):
        attach(con, home, BRONZE, snapshot=pinned, alias="pinned")


def test_the_last_passed_build_pins_the_snapshot_the_next_one_starts_from(home: Home, records: Con) -> None:
    start = build_from(records)
    records.execute("INSERT INTO bronze.population_records VALUES ('late', ?)", [NEW])
    assert care(home)["lakes"][BRONZE]["snapshots_pinned"] == [start]


def test_detail_in_the_warehouse_is_expired_too(home: Home, records: Con) -> None:
    records.execute("CREATE SCHEMA warehouse.intermediate")
    records.execute("CREATE TABLE warehouse.intermediate.int_tracks (truck VARCHAR, business_date DATE)")
    records.execute("INSERT INTO warehouse.intermediate.int_tracks VALUES ('a', ?), ('b', ?)", [OLD, NEW])
    limits = {"intermediate.int_tracks": 30, "intermediate.not_built_yet": 30}
    report = maintain(home, retention_days={}, warehouse_retention_days=limits, now=LATER)
    assert report["lakes"]["warehouse"]["expired"] == {"intermediate.int_tracks": [OLD.isoformat()]}
    assert records.execute("SELECT truck FROM warehouse.intermediate.int_tracks").fetchall() == [("b",)]


def test_what_a_build_has_deleted_of_an_expired_date_leaves_the_disk_too(home: Home, con: Con) -> None:
    con.execute("CREATE SCHEMA warehouse.intermediate")
    con.execute("CREATE TABLE warehouse.intermediate.truck_days (business_date DATE, truck_key VARCHAR)")
    for day in (OLD, EDGE):
        con.execute("INSERT INTO warehouse.intermediate.truck_days VALUES (?, ?)", [day, f"{SECRET}-{day}"])
    care(home)  # a quiet night merges the days into one file
    con.execute("DELETE FROM warehouse.intermediate.truck_days WHERE business_date = ?", [OLD])
    assert on_disk(home, f"{SECRET}-{OLD}")
    care(home)
    care(home, days=10)
    assert not on_disk(home, f"{SECRET}-{OLD}")
    assert con.execute("SELECT business_date FROM warehouse.intermediate.truck_days").fetchall() == [(EDGE,)]


def test_a_clean_up_that_names_a_file_in_use_removes_nothing(
    home: Home, records: Con, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUNJIAN_CLEANUP_GRACE_DAYS", "25")
    care(home)
    monkeypatch.delenv("YUNJIAN_CLEANUP_GRACE_DAYS")
    monkeypatch.setattr("lake.compaction._live_files", lambda con, name, snapshots: {p.name for p in files})
    files = sorted(home.lake.rglob("*.parquet"))
    report = care(home, days=10)
    assert "in use" in report["problems"][0]
    assert report["lakes"][BRONZE]["files_removed"] == 0
    assert set(files) <= set(home.lake.rglob("*.parquet"))


def test_what_a_killed_writer_left_is_cleaned_up_after_the_grace(home: Home, records: Con) -> None:
    orphan = home.lake / "bronze/main/population_records/ducklake-orphan.parquet"
    orphan.write_bytes(next(home.lake.rglob("*.parquet")).read_bytes())
    left = [home.tmp / "duckdb-999999999-1", home.tmp / "landing-999999999-1"]
    for folder in left:
        folder.mkdir()
        (folder / "unpacked").write_text("in the clear")
    mine = home.tmp / f"landing-{os.getpid()}-0"
    mine.mkdir()
    live = days_of(records, "population_records")
    care(home, dry_run=True)
    assert orphan.exists()
    assert all(folder.exists() for folder in left)
    care(home)
    assert not orphan.exists()
    assert not any(folder.exists() for folder in left)
    assert mine.exists()
    assert days_of(records, "population_records") == live[1:]


def found(con: Con, table: str, condition: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()
    assert row is not None
    return int(row[0])


def test_a_pinned_snapshot_still_finds_its_rows_after_compaction(home: Home, records: Con) -> None:
    # DuckLake alone finds none of these: merging files narrows its statistics to the current snapshot.
    records.execute("INSERT INTO bronze.population_records VALUES (NULL, ?), ('zzz', ?), ('车', ?)", [NEW, NEW, EDGE])
    start = build_from(records)
    records.execute("DELETE FROM bronze.population_records WHERE person_key = 'zzz' OR person_key IS NULL")
    assert care(home)["lakes"][BRONZE]["files_merged"] > 0
    with open_engine(home) as con:
        attach(con, home, BRONZE, snapshot=start, alias="pinned")
        for condition in (
            "person_key = 'zzz'",
            "person_key = '车'",
            "person_key IS NULL",
            f"person_key = '{SECRET}-{OLD}'",
            f"business_date = DATE '{OLD}'",
            f"business_date < DATE '{EDGE}'",
        ):
            assert found(con, "pinned.population_records", condition) == 1, condition
        assert found(con, "pinned.quarantine", f"quarantined_at < '{EDGE}'") == 2


def test_statistics_without_the_expired_lose_no_later_row(home: Home, records: Con) -> None:
    care(home)
    care(home, days=10)
    with open_engine(home) as con:
        attach(con, home, BRONZE)
        con.execute("INSERT INTO bronze.population_records VALUES ('A', ?), ('zzzz', ?)", [OLD, TODAY])
        for condition in ("person_key = 'A'", "person_key = 'zzzz'", f"person_key = '{SECRET}-{NEW}'"):
            assert found(con, "bronze.population_records", condition) == 1, condition
        for day in (OLD, EDGE, NEW, TODAY):
            assert found(con, "bronze.population_records", f"business_date = DATE '{day}'") == 1, day


def test_numbers_are_compared_as_numbers(home: Home, records: Con) -> None:
    records.execute("CREATE TABLE bronze.speeds (n BIGINT, x DOUBLE, d DECIMAL(9, 2), business_date DATE)")
    for value in (9, 10, -5, -40):
        records.execute("INSERT INTO bronze.speeds VALUES (?, ?, ?, ?)", [value, value, value, NEW])
    start = build_from(records)
    records.execute("DELETE FROM bronze.speeds WHERE n IN (10, -40)")
    care(home)
    with open_engine(home) as con:
        attach(con, home, BRONZE, snapshot=start, alias="pinned")
        for column in ("n", "x", "d"):
            assert found(con, "pinned.speeds", f"{column} > 9.5") == 1
            assert found(con, "pinned.speeds", f"{column} < -5.5") == 1


def test_fresh_files_of_no_snapshot_are_left_for_the_grace(home: Home, records: Con) -> None:
    orphan = home.lake / "bronze/main/population_records/ducklake-orphan.parquet"
    orphan.write_bytes(next(home.lake.rglob("*.parquet")).read_bytes())
    maintain(home, retention_days={}, now=datetime.now(UTC) + timedelta(hours=1))
    assert orphan.exists()


def test_an_empty_installation_needs_no_care(home: Home) -> None:
    assert care(home) == {"dry_run": False, "lakes": {}, "problems": []}
    assert list(Path(home.lake).glob("*.sqlite")) == []
