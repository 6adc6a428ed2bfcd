import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from lake.home import Home
from lake.publication import publish
from lake.reader import QueryRefused, Reader, open_reader, query
from tests.lake.district import NOW, open_lakes

Con = duckdb.DuckDBPyConnection
ROOT = Path(__file__).parents[2]
SECRET = "the key of every person"


@pytest.fixture(scope="module")
def open_home(tmp_path_factory: pytest.TempPathFactory, furnished: Path) -> Home:
    """A published installation with a mart and a secret; the tests of this module only read it."""
    home = Home(tmp_path_factory.mktemp("reader") / "var").ensure()
    shutil.copytree(furnished, home.lake, dirs_exist_ok=True)
    (home.secrets / "person.key").write_text(SECRET)
    with open_lakes(home) as con:
        con.execute("CREATE SCHEMA warehouse.marts")
        con.execute("CREATE SCHEMA warehouse.staging")
        con.execute("CREATE TABLE warehouse.marts.stops AS SELECT 7 AS stops")
        con.execute("CREATE VIEW warehouse.staging.files AS SELECT file_name FROM bronze.main.landing_files")
        assert publish(home, reason="t", code_version="c", now=NOW).status == "published"
    return home


@pytest.fixture(scope="module")
def reader(open_home: Home) -> Iterator[Reader]:
    with open_reader(open_home) as reader:
        yield reader


def test_every_layer_is_read_by_its_name(open_home: Home) -> None:
    with open_reader(open_home) as reader:
        assert reader.execute("SELECT file_name FROM bronze.landing_files").fetchall() == [("a.csv",)]
        assert reader.execute("FROM staging.files").fetchall() == [("a.csv",)]
        assert reader.execute("FROM marts.stops").fetchall() == [(7,)]
        assert reader.execute("SELECT count(*) FROM published.kpi_values").fetchall() == [(2,)]
        assert reader.execute("SELECT count(*) > 3 FROM bronze.snapshots()").fetchall() == [(True,)]
        assert reader.execute("SELECT count(*) FROM bronze.landing_files AT (VERSION => 1)").fetchall() == [(0,)]
        assert ("stops", "INTEGER") in [row[:2] for row in reader.execute("DESCRIBE marts.stops").fetchall()]
        assert reader.execute("EXPLAIN ANALYZE FROM marts.stops").fetchall()
        assert reader.execute("FROM Bronze.main.landing_files").fetchall()
        assert reader.execute("SHOW TABLES FROM warehouse.marts").fetchall() == [("stops",)]
        assert reader.execute("SELECT count(*) > 0 FROM information_schema.tables").fetchall() == [(True,)]
        assert reader.execute("WITH mine AS (FROM marts.stops) SELECT mine.stops FROM mine").fetchall() == [(7,)]


READ_A_FILE = [
    "FROM read_csv('/etc/passwd')",
    "FROM read_text('{secret}')",
    "FROM read_blob('{lake}/bronze/../../secrets/person.key')",
    "FROM '{secret}'",
    'FROM "{secret}"',
    "SELECT (SELECT max(content) FROM read_text('{secret}'))",
    "SELECT list_transform([1], x -> (SELECT max(content) FROM read_text('{secret}')))",
    "WITH a AS (FROM glob('{secret}*')) FROM a",
    "SELECT 1 UNION ALL SELECT 2 FROM read_blob('{secret}')",
    "FROM query('FROM read_text(''{secret}'')')",
    "DESCRIBE FROM read_csv('{secret}')",
    "SUMMARIZE FROM read_csv('{secret}')",
    "EXPLAIN ANALYZE FROM read_text('{secret}')",
    "FROM 'http://127.0.0.1:9/x.csv'",
    "FROM read_parquet('{lake}/bronze/**/*.parquet')",
    "FROM sqlite_scan('{lake}/bronze.sqlite', 'ducklake_snapshot')",
    'FROM "{lake}/bronze/main/a".parquet',
    'FROM "{lake}/bronze/main"."a".parquet',
    'DESCRIBE "{lake}/bronze/main/a".parquet',
    'SELECT (SELECT max(file_name) FROM "{lake}/bronze/main/a".parquet)',
    "FROM __ducklake_metadata_bronze.main.ducklake_data_file",
    "FROM duckdb_secrets()",
    "FROM duckdb_settings()",
    "FROM duckdb_databases",
]
CHANGE_SOMETHING = [
    "COPY (SELECT 1) TO '/tmp/out.csv'",
    "COPY (SELECT 1) TO '{lake}/bronze/main/out.parquet'",
    "COPY (SELECT 1) TO '{lake}/bronze.sqlite'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{lake}/bronze/main/out.parquet'",
    "EXPORT DATABASE '{lake}/bronze'",
    "ATTACH '/tmp/other.db'",
    "ATTACH '{lake}/bronze.sqlite' AS again (TYPE sqlite)",
    "DETACH bronze",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET threads = 1",
    "SET memory_limit = '100GB'",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "PRAGMA memory_limit = '100GB'",
    "PRAGMA database_list",
    "CALL ducklake_cleanup_old_files('bronze', cleanup_all => true)",
    "FROM ducklake_cleanup_old_files('bronze', cleanup_all => true)",
    "FROM ducklake_delete_orphaned_files('bronze', cleanup_all => true)",
    "FROM ducklake_expire_snapshots('bronze', versions => [1])",
    "SELECT * FROM range(3) AS r, ducklake_merge_adjacent_files('bronze')",
    "CREATE TABLE mine AS SELECT 1",
    "INSERT INTO bronze.landing_files SELECT * FROM bronze.landing_files",
    "DELETE FROM warehouse.marts.stops",
    "UPDATE published.kpi_values SET value = 0",
    "DROP VIEW marts.stops",
    "SELECT 1; DELETE FROM warehouse.marts.stops",
    "CHECKPOINT",
    "USE warehouse",
]


@pytest.mark.parametrize("attack", READ_A_FILE + CHANGE_SOMETHING)
def test_what_is_not_a_query_of_the_lake_is_refused(open_home: Home, reader: Reader, attack: str) -> None:
    sql = attack.format(secret=open_home.secrets / "person.key", lake=open_home.lake)
    with pytest.raises(QueryRefused):
        reader.execute(sql)


@pytest.mark.parametrize(
    "attack",
    [
        *[attack for attack in READ_A_FILE if "secret}" in attack],
        "FROM read_csv('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "ATTACH '/tmp/other.db'",
        "LOAD httpfs",
        "SET threads = 1",
        "SET enable_external_access = true",
        "INSERT INTO bronze.landing_files SELECT * FROM bronze.landing_files",
        "DELETE FROM warehouse.marts.stops",
        "UPDATE published.kpi_values SET value = 0",
        "CALL ducklake_expire_snapshots('bronze', versions => [1])",
    ],
)
def test_the_connection_itself_refuses_too(open_home: Home, reader: Reader, attack: str) -> None:
    sql = attack.format(secret=open_home.secrets / "person.key", lake=open_home.lake)
    with pytest.raises(duckdb.Error):
        reader._con.execute(sql).fetchall()  # past the guard


def test_a_python_variable_is_not_a_table(open_home: Home) -> None:
    rows = [{"secret": 1}]  # noqa: F841
    with open_reader(open_home) as reader, pytest.raises(duckdb.CatalogException):
        reader.execute("FROM rows")


def test_text_that_looks_like_a_command_is_only_text(open_home: Home) -> None:
    with open_reader(open_home) as reader:
        assert reader.execute("SELECT 'DELETE FROM t; COPY' AS \"read_csv('x')\" -- ; DROP").fetchall()


def test_an_installation_without_anything_can_still_be_asked(home: Home) -> None:
    assert query(home, "SELECT 1 AS one") == {"columns": ["one"], "rows": [{"one": 1}]}
    with pytest.raises(duckdb.CatalogException):
        query(home, "FROM bronze.truck_gps")
    assert list(home.lake.iterdir()) == []


def test_answers_are_safe_for_json(open_home: Home) -> None:
    answer = query(
        open_home,
        """SELECT 1 AS a, 2 AS a, 'nan'::DOUBLE AS n, 1.50::DECIMAL(9,2) AS d, DATE '2026-11-22' AS day,
           TIMESTAMP '2026-11-22 01:02:03' AS at, '\\x01\\xff'::BLOB AS raw, [1, NULL] AS list,
           {'k': DATE '2026-11-22'} AS struct, INTERVAL 1 DAY AS span, uuid() AS id, '车' AS text, 1::HUGEINT AS h""",
    )
    row = json.loads(json.dumps(answer, allow_nan=False, ensure_ascii=False))["rows"][0]
    assert answer["columns"][:2] == ["a", "a_2"]
    assert len(row.pop("id")) == 36
    assert row == {
        "a": 1,
        "a_2": 2,
        "n": None,
        "d": 1.5,
        "day": "2026-11-22",
        "at": "2026-11-22T01:02:03",
        "raw": "01ff",
        "list": [1, None],
        "struct": {"k": "2026-11-22"},
        "span": "1 day, 0:00:00",
        "text": "车",
        "h": 1,
    }


def test_a_limit_ends_the_answer(open_home: Home) -> None:
    assert [row["range"] for row in query(open_home, "FROM range(9)", limit=2)["rows"]] == [0, 1]


def test_a_large_sort_may_spill(open_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUNJIAN_MEMORY_LIMIT", "60MB")
    monkeypatch.setenv("YUNJIAN_THREADS", "1")
    sql = "SELECT count(*) AS n FROM (SELECT md5(i::VARCHAR) AS m FROM range(1500000) r(i) ORDER BY m OFFSET 1)"
    assert query(open_home, sql)["rows"] == [{"n": 1499999}]


WRITE = """
import sys
from pathlib import Path
from lake.commit import commit
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import attach
from lake.writer_lock import writer_lock
home = Home(Path(sys.argv[1]))
with open_engine(home) as con, writer_lock(home, "bronze", purpose="test"):
    attach(con, home, "bronze")
    con.execute("CREATE TABLE bronze.pairs (id INTEGER)")
    print("ready", flush=True)
    for number in range(40):
        with commit(con, "bronze", author="t", message="m"):
            con.execute("INSERT INTO bronze.pairs SELECT 1")
            con.execute("INSERT INTO bronze.pairs SELECT 2")
"""


def test_readers_are_never_blocked_nor_shown_half_a_commit_by_a_writing_process(home: Home) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(home.root)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    seen: list[int] = []
    failures: list[Exception] = []

    def read() -> None:
        try:
            with open_reader(home) as reader:
                while writer.poll() is None:
                    ones, twos = reader.execute(
                        "SELECT count(*) FILTER (id = 1), count(*) FILTER (id = 2) FROM bronze.pairs"
                    ).fetchall()[0]
                    assert ones == twos
                    seen.append(ones)
                seen.append(reader.execute("SELECT count(*) // 2 FROM bronze.pairs").fetchall()[0][0])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.wait() == 0
    assert failures == []
    assert max(seen) == 40
    assert len(set(seen)) > 3  # commits were seen as they came


def test_a_new_edition_is_seen_by_the_next_reader_while_the_old_one_goes_on(home: Home, district: Con) -> None:
    publish(home, reason="t", code_version="c", now=NOW)
    with open_reader(home) as early:
        district.execute("UPDATE warehouse.published.kpi_values SET value = 13 WHERE value = 12")
        assert publish(home, reason="t", code_version="c", now=NOW + timedelta(hours=1)).status == "published"
        told = "SELECT max(value) FROM published.kpi_values"
        assert early.execute(told).fetchall() == [(12.0,)]
        with open_reader(home) as late:
            assert late.execute(told).fetchall() == [(13.0,)]
