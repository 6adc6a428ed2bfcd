import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from lake.commit import commit, sync_new_files, synced_meanwhile
from lake.home import Home
from lake.lakes import BRONZE, current_snapshot
from lake.writer_lock import writer_lock

Con = duckdb.DuckDBPyConnection


@pytest.fixture(autouse=True)
def _table(con: Con) -> None:
    con.execute("CREATE TABLE bronze.events (id INTEGER)")


def test_a_commit_says_who_what_and_why(con: Con) -> None:
    with commit(con, BRONZE, author="landing", message="车辆 truck_gps", extra={"action": "land", "file": "a.csv"}):
        con.execute("INSERT INTO bronze.events VALUES (1)")
    author, message, extra = con.execute(
        "SELECT author, commit_message, commit_extra_info FROM bronze.snapshots() ORDER BY snapshot_id DESC LIMIT 1"
    ).fetchone() or (None, None, None)
    assert (author, message) == ("landing", "车辆 truck_gps")
    assert json.loads(str(extra)) == {"action": "land", "file": "a.csv"}


def test_an_error_leaves_nothing_behind_and_the_connection_usable(con: Con) -> None:
    before = current_snapshot(con, BRONZE)
    with pytest.raises(ZeroDivisionError), commit(con, BRONZE, author="a", message="m"):
        con.execute("INSERT INTO bronze.events VALUES (1)")
        raise ZeroDivisionError
    assert con.execute("SELECT count(*) FROM bronze.events").fetchone() == (0,)
    assert current_snapshot(con, BRONZE) == before
    with commit(con, BRONZE, author="a", message="m"):
        con.execute("INSERT INTO bronze.events VALUES (1)")


def test_an_sql_error_is_raised_as_it_is_and_rolled_back(con: Con) -> None:
    with pytest.raises(duckdb.ConversionException), commit(con, BRONZE, author="a", message="m"):
        con.execute("INSERT INTO bronze.events VALUES (1)")
        con.execute("INSERT INTO bronze.events SELECT 'x'::INTEGER")
    assert con.execute("SELECT count(*) FROM bronze.events").fetchone() == (0,)


def test_new_files_are_on_disk_before_the_commit_names_them(con: Con, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def spy(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        assert con.execute("SELECT count(*) FROM ducklake_list_files('bronze', 'events')").fetchone() == (0,)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", spy)
    with commit(con, BRONZE, author="a", message="m"):
        con.execute("INSERT INTO bronze.events VALUES (1)")
    live = con.execute("SELECT data_file FROM ducklake_list_files('bronze', 'events')").fetchall()
    assert live and live[0][0] in synced
    assert str(Path(live[0][0]).parent) in synced  # the folder's entry must survive the power cut too


def test_only_what_changed_since_the_transaction_began_is_synced(tmp_path: Path) -> None:
    for day in ("2026-11-01", "2026-11-02"):
        partition = tmp_path / "main" / "events" / f"business_date={day}"
        partition.mkdir(parents=True)
        (partition / "old.parquet").write_bytes(b"old")
    now = time.time()
    for path in [tmp_path, *tmp_path.rglob("*")]:
        os.utime(path, (now - 900, now - 900))
    assert sync_new_files(tmp_path, since=now) == 0
    (tmp_path / "main/events/business_date=2026-11-02/new.parquet").write_bytes(b"new")
    assert sync_new_files(tmp_path, since=now) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from lake.commit import commit
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import attach
from lake.writer_lock import writer_lock
home = Home(Path(sys.argv[1]))
with open_engine(home) as con, writer_lock(home, "bronze", purpose="test"):
    attach(con, home, "bronze")
    with commit(con, "bronze", author="a", message="m"):
        con.execute("INSERT INTO bronze.events SELECT * FROM range(1000)")
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_writer_killed_before_its_commit_leaves_no_row_and_no_lock(home: Home, con: Con) -> None:
    child = subprocess.run([sys.executable, "-c", KILLED, str(home.root)], cwd=Path(__file__).parents[2], check=False)
    assert child.returncode == -signal.SIGKILL
    assert con.execute("SELECT count(*) FROM bronze.events").fetchone() == (0,)
    with writer_lock(home, BRONZE, purpose="the next", timeout_s=0), commit(con, BRONZE, author="a", message="m"):
        con.execute("INSERT INTO bronze.events VALUES (1)")
    assert con.execute("SELECT count(*) FROM bronze.events").fetchone() == (1,)


def test_files_are_synced_while_they_are_written_also_when_one_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lake.commit._SYNCED_EVERY_S", 0.01)
    synced: list[str] = []
    real = os.fsync

    def spy(descriptor: int) -> None:
        name = Path(os.readlink(f"/proc/self/fd/{descriptor}")).name
        synced.append(name)
        if name == "taken_back" and synced.count(name) == 1:
            raise FileNotFoundError(name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", spy)
    with synced_meanwhile(tmp_path):
        for name in ("taken_back", "second"):
            (tmp_path / name).write_text("x")
            waited = time.monotonic()
            while name not in synced and time.monotonic() < waited + 60:
                time.sleep(0.01)
    assert {"taken_back", "second"} <= set(synced)
    threads = [thread.name for thread in threading.enumerate()]
    assert "sync" not in threads
