import shutil
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, LakeMissing, attach, catalog_file, current_snapshot, lake_exists

ROOT = Path(__file__).parents[2]
Con = duckdb.DuckDBPyConnection

CREATE = """
import sys
from pathlib import Path
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import attach
home = Home(Path(sys.argv[1]))
with open_engine(home) as con:
    attach(con, home, "bronze")
    print(con.execute("SELECT count(*) FROM bronze.snapshots()").fetchone()[0])
"""


def test_a_reader_of_a_lake_not_yet_made_is_told_so_and_makes_nothing(home: Home) -> None:
    with open_engine(home) as con, pytest.raises(LakeMissing, match="no bronze lake"):
        attach(con, home, BRONZE, read_only=True)
    assert list(home.lake.iterdir()) == []
    assert not lake_exists(home, BRONZE)


def test_processes_that_start_together_make_one_lake_and_one_set_of_extensions(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("YUNJIAN_EXTENSION_DIRECTORY", str(tmp_path / "extensions"))
    command = [sys.executable, "-c", CREATE, str(home.root)]
    children = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    # The last line: a child that had to wait for the lock says so first.
    outcomes = [(child.communicate()[0].split()[-1], child.returncode) for child in children]
    assert outcomes == [("1", 0)] * 4
    left_over = [path for path in (tmp_path / "extensions").rglob("*") if path.name.startswith(".")]
    assert left_over == []


def test_the_catalog_and_its_journal_are_for_the_owner_alone(home: Home, con: Con) -> None:
    con.execute("CREATE TABLE bronze.events (id INTEGER)")
    files = sorted(home.lake.glob("bronze.sqlite*"))
    assert catalog_file(home, BRONZE) in files
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_pinned_snapshot_shows_one_state_while_the_lake_moves_on(home: Home, con: Con) -> None:
    con.execute("CREATE TABLE bronze.events AS SELECT 1 AS id")
    pinned = current_snapshot(con, BRONZE)
    con.execute("INSERT INTO bronze.events VALUES (2)")
    with open_engine(home) as reader:
        attach(reader, home, BRONZE, snapshot=pinned, alias="then")
        assert reader.execute('FROM "then".events').fetchall() == [(1,)]
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            reader.execute('INSERT INTO "then".events VALUES (3)')


def test_rows_lie_in_parquet_files_and_never_in_the_catalog(con: Con) -> None:
    con.execute("CREATE TABLE bronze.events AS SELECT 1 AS id")
    assert con.execute("SELECT count(*) FROM ducklake_list_files('bronze', 'events')").fetchone() == (1,)


def test_a_data_root_that_moved_still_opens_and_takes_new_rows(home: Home, tmp_path: Path) -> None:
    with open_engine(home) as con:
        attach(con, home, BRONZE)
        con.execute("CREATE TABLE bronze.events AS SELECT 1 AS id")
    moved = Home(tmp_path / "elsewhere")
    shutil.move(home.root, moved.root)
    with open_engine(moved) as con:
        attach(con, moved, BRONZE)
        con.execute("INSERT INTO bronze.events VALUES (2)")
        assert con.execute("FROM bronze.events ORDER BY id").fetchall() == [(1,), (2,)]
        files = con.execute("SELECT data_file FROM ducklake_list_files('bronze', 'events')").fetchall()
    assert all(Path(file).is_relative_to(moved.root) for (file,) in files)


def test_a_name_that_is_no_lake_is_refused(home: Home) -> None:
    with open_engine(home) as con, pytest.raises(ValueError, match="no lake is called 'gold'"):
        attach(con, home, "gold")
