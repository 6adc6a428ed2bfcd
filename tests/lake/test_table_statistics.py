"""What DuckLake knows of tables that never had a row."""

from __future__ import annotations

from typing import Any

import duckdb

from lake.home import Home
from lake.lakes import WAREHOUSE, metadata_schema
from lake.table_statistics import note_empty_tables
from tests.lake.district import open_lakes

COLUMNS = "i INTEGER, v VARCHAR, d DOUBLE, x VARCHAR, t TIMESTAMP, b BOOLEAN, e DECIMAL(9, 2), day DATE"
ROWS = (
    "(5, 'q', 1.5, NULL, '2026-01-01', true, 1.25, '2026-01-01'), (7, NULL, 2.5, NULL, '2026-01-02', NULL, 2, NULL)",
    "(50, 'q', 'nan', 'now', '2027-01-01', false, 100, NULL)",
)


def known(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    catalog = metadata_schema(WAREHOUSE)
    return con.execute(
        f"""SELECT s.* EXCLUDE (table_id), c.* EXCLUDE (table_id)
            FROM {catalog}.ducklake_table AS t
            JOIN {catalog}.ducklake_table_stats AS s USING (table_id)
            LEFT JOIN {catalog}.ducklake_table_column_stats AS c USING (table_id)
            WHERE t.table_name = ? ORDER BY c.column_id""",
        [table],
    ).fetchall()


def test_the_first_rows_give_the_statistics_they_would_have_given_otherwise(home: Home) -> None:
    with open_lakes(home) as con:
        con.execute(f"CREATE TABLE warehouse.main.noted ({COLUMNS})")
        note_empty_tables(con, WAREHOUSE)
        con.execute(f"CREATE TABLE warehouse.main.other ({COLUMNS})")
        assert [row[1] for row in known(con, "noted")] == [0] * 8
        assert con.execute("SELECT count(*), min(i) FROM warehouse.main.noted WHERE v = 'q'").fetchall() == [(0, None)]
        for rows in ROWS:
            for table in ("noted", "other"):
                con.execute(f"INSERT INTO warehouse.main.{table} VALUES {rows}")
            assert known(con, "noted") == known(con, "other")
        find = "SELECT i FROM warehouse.main.noted WHERE v = 'q' AND d > 1 ORDER BY i"
        assert con.execute(find).fetchall() == [(5,), (50,)]


def test_tables_that_have_or_had_rows_are_left_alone(home: Home) -> None:
    with open_lakes(home) as con:
        con.execute(f"CREATE TABLE warehouse.main.full ({COLUMNS})")
        con.execute(f"INSERT INTO warehouse.main.full VALUES {ROWS[0]}")
        before = known(con, "full")
        note_empty_tables(con, WAREHOUSE)
        assert known(con, "full") == before
        con.execute("DELETE FROM warehouse.main.full")
        emptied = known(con, "full")
        note_empty_tables(con, WAREHOUSE)
        assert known(con, "full") == emptied


def test_an_empty_table_is_read_with_one_question_for_its_statistics_instead_of_one_a_column(home: Home) -> None:
    with open_lakes(home) as con:
        con.execute(f"CREATE TABLE warehouse.main.empty ({COLUMNS})")

        def asked() -> int:
            con.execute("CALL truncate_duckdb_logs()")
            con.execute(
                "SELECT min(i), max(v) FROM warehouse.main.empty WHERE d > 1 AND x = 'now' AND e > 2"
            ).fetchall()
            row = con.execute(
                "SELECT count(*) FROM duckdb_logs WHERE type = 'QueryLog' AND message LIKE '%ducklake_table_stats%record_count%'"
            ).fetchone()
            return row[0] if row else 0

        con.execute("CALL enable_logging('QueryLog')")
        before = asked()
        note_empty_tables(con, WAREHOUSE)
        con.execute("SELECT count(*) FROM warehouse.main.empty").fetchall()
        assert asked() < before
