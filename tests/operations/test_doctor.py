"""The doctor names what is wrong and the mend, on installations with one thing broken each."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import pytest

from lake.bookkeeping import ensure_bookkeeping, record_build
from lake.engine import open_engine
from lake.lakes import BRONZE, WAREHOUSE, attach, catalog_file
from lake.writer_lock import writer_lock
from operations.doctor import definitions, examination, examine, results, running, storage
from operations.doctor.finding import wrong

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def make_lake(home, name):
    with open_engine(home) as con:
        attach(con, home, name)


def test_an_empty_home_is_healthy_and_every_check_has_a_say(home):
    found = examine(home)
    assert [check["name"] for check in found["checks"]] == list(examination.CHECKS)
    assert [check for check in found["checks"] if check["status"] == "wrong"] == []
    assert found["healthy"]


def test_every_wrong_thing_comes_with_its_mend(home, monkeypatch):
    monkeypatch.setitem(examination.CHECKS, "disk space", lambda _: wrong("0.1 GiB free", "free some"))
    found = examine(home)
    assert not found["healthy"]
    assert {"name": "disk space", "status": "wrong", "found": "0.1 GiB free", "mend": "free some"} in found["checks"]


def test_a_check_that_fails_itself_is_a_finding(home, monkeypatch):
    def broken(_):
        raise OSError("no such device")

    monkeypatch.setitem(examination.CHECKS, "disk space", broken)
    (check,) = [check for check in examine(home)["checks"] if check["name"] == "disk space"]
    assert check["status"] == "wrong"
    assert check["found"] == "OSError: no such device"


def test_a_key_that_others_may_read_is_wrong(home):
    from ingestion.secrets import load_key

    load_key(home)
    assert storage.keys(home).status == "ok"
    key = home.secrets / "person.key"
    key.chmod(0o644)
    found = storage.keys(home)
    assert found.status == "wrong"
    assert str(key) in found.found
    assert "chmod" in found.mend


def test_files_in_a_folder_no_feed_is_called_by_are_wrong(home):
    (home.inbox / "truck-gps").mkdir()
    found = storage.inbox(home)
    assert found.status == "wrong"
    assert "truck-gps" in found.found


def test_what_waits_in_the_inbox_is_counted(home):
    (home.inbox / "trucks").mkdir()
    (home.inbox / "trucks" / "trucks_2026-11-16.csv").write_text("x")
    assert storage.inbox(home).found == "files waiting: trucks 1"


def test_a_readable_lake_is_well_and_one_open_to_others_is_wrong(home):
    assert storage.bronze(home).status == "note"
    make_lake(home, BRONZE)
    assert storage.bronze(home).status == "ok"
    catalog_file(home, BRONZE).chmod(0o644)
    assert storage.bronze(home).status == "wrong"


def test_a_damaged_catalog_is_wrong(home):
    make_lake(home, BRONZE)
    catalog_file(home, BRONZE).write_bytes(b"SQLite format 3\0" + b"rubbish" * 4000)
    (check,) = [check for check in examine(home)["checks"] if check["name"] == "bronze lake"]
    assert check["status"] == "wrong"


def test_who_holds_a_writer_lock_is_named(home):
    make_lake(home, BRONZE)
    assert running.writer_locks(home).found == "free"
    with writer_lock(home, BRONZE, purpose="landing truck_gps"):
        assert "landing truck_gps" in running.writer_locks(home).found


@pytest.mark.parametrize(("status", "verdict"), [("passed", "ok"), ("failed", "wrong")])
def test_a_failed_last_build_is_wrong(home, status, verdict):
    assert results.last_build(home).status == "note"
    with open_engine(home) as con:
        attach(con, home, WAREHOUSE)
        assert results.last_build(home).status == "note", "a warehouse that knows no build yet"
        ensure_bookkeeping(con)
        facts = {"build_id": "b1", "bronze_snapshot": 1, "code_version": "1", "dates": {}}
        record_build(con, **facts, started_at=NOW, finished_at=NOW, status=status)
    assert results.last_build(home).status == verdict


def test_a_published_file_without_an_edition_is_wrong(home):
    assert results.edition(home).status == "note"
    with duckdb.connect(str(home.published_file)) as con:
        con.execute("CREATE TABLE editions (edition VARCHAR, published_at TIMESTAMP)")
        con.execute("CREATE TABLE kpi_values (business_date DATE)")
    assert results.edition(home).status == "wrong"


def test_a_contract_that_cannot_be_read_is_named(home, tmp_path, monkeypatch):
    (tmp_path / "barges.odcs.yaml").write_text("kind: DataContract\n")
    monkeypatch.setenv("YUNJIAN_CONTRACTS", str(tmp_path))
    found = definitions.contracts(home)
    assert found.status == "wrong"
    assert "barges.odcs.yaml" in found.found
