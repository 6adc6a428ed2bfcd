"""The catalogs on a real PostgreSQL server, as an installation with several writers sets them."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lake.changes import changed_dates
from lake.commit import commit
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, LakeMissing, attach, catalog_file, current_snapshot, lake_exists
from lake.maintenance import maintain
from lake.publication import publish
from lake.reader import query
from tests.lake.district import DAY, NOW, furnish, open_lakes

PORT = "54329"
pytestmark = pytest.mark.slow


def _server_programs() -> Path | None:
    found = shutil.which("initdb")
    candidates = (
        [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    )
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of its own on a socket in a temporary folder; gives its connection string."""
    programs = _server_programs()
    if programs is None:
        pytest.skip("PostgreSQL's initdb is not installed here (Debian: apt-get install postgresql)")
    # PostgreSQL refuses to run as root.
    other = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="yj-pg-", dir="/tmp"))  # a socket's path must be short
    if other:
        shutil.chown(folder, other)
    data = folder / "data"
    options = f"-p {PORT} -k {folder} -c listen_addresses= -c fsync=off -c max_connections=40"

    def run(*command: str) -> None:
        subprocess.run(command, user=other, cwd=folder, check=True, capture_output=True, env={"PATH": "/usr/bin:/bin"})

    run(str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "yunjian", "-E", "UTF8", "--locale=C")
    run(str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"host={folder} port={PORT} user=yunjian dbname=postgres"
    finally:
        run(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def served_home(home: Home, server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """An installation whose two catalogs are schemas of one PostgreSQL database, empty again afterwards."""
    monkeypatch.setenv("YUNJIAN_BRONZE_CATALOG", f"postgres:{server}")
    monkeypatch.setenv("YUNJIAN_WAREHOUSE_CATALOG", f"postgres:{server}")
    yield home
    with open_engine(home) as con:
        con.execute(f"ATTACH '{server}' AS server (TYPE postgres)")
        for name in ("bronze", "warehouse"):
            con.execute(f"CALL postgres_execute('server', 'DROP SCHEMA IF EXISTS yunjian_{name} CASCADE')")


def test_a_lake_not_yet_made_is_told_so_and_then_made(served_home: Home) -> None:
    assert catalog_file(served_home, BRONZE) is None
    assert not lake_exists(served_home, BRONZE)
    with open_engine(served_home) as con:
        with pytest.raises(LakeMissing):
            attach(con, served_home, BRONZE, read_only=True)
        attach(con, served_home, BRONZE)
    assert lake_exists(served_home, BRONZE)


def test_landing_to_publication_to_maintenance_works_as_on_sqlite(served_home: Home) -> None:
    with open_lakes(served_home) as con:
        furnish(con)
        con.execute("CREATE TABLE bronze.truck_gps AS SELECT 1 AS id, ?::DATE AS business_date", [DAY])
        since = current_snapshot(con, BRONZE)
        with commit(con, BRONZE, author="t", message="m"):
            con.execute("DELETE FROM bronze.truck_gps")
        found = changed_dates(con, since=since, upto=current_snapshot(con, BRONZE), tables=["truck_gps"])
        assert found == {"truck_gps": {DAY}}
    assert publish(served_home, reason="t", code_version="c", now=NOW).status == "published"
    assert query(served_home, "SELECT file_name FROM bronze.landing_files")["rows"] == [{"file_name": "a.csv"}]
    assert query(served_home, "SELECT count(*) AS n FROM published.kpi_values")["rows"] == [{"n": 2}]
    report = maintain(served_home, retention_days={"truck_gps": 30}, now=NOW)
    assert set(report["lakes"]) == {"bronze", "warehouse"}
    assert report["problems"] == []


def test_two_writers_of_different_tables_do_not_fail(served_home: Home) -> None:
    with open_engine(served_home) as con:
        attach(con, served_home, BRONZE)
        for table in ("a", "b"):
            con.execute(f"CREATE TABLE bronze.{table} (id INTEGER)")
    errors: list[Exception] = []

    def write(table: str) -> None:
        try:
            with open_engine(served_home) as con:
                attach(con, served_home, BRONZE)
                for number in range(10):
                    with commit(con, BRONZE, author="t", message="m"):
                        con.execute(f"INSERT INTO bronze.{table} VALUES (?)", [number])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(table,)) for table in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    counts = query(served_home, "SELECT (SELECT count(*) FROM bronze.a) AS a, (SELECT count(*) FROM bronze.b) AS b")
    assert counts["rows"] == [{"a": 10, "b": 10}]
