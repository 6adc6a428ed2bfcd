"""A small warehouse and bronze lake in a publishable state, made from the contract of the published tables."""

from datetime import UTC, date, datetime

import duckdb

from lake.bookkeeping import BuildStatus, ensure_bookkeeping, record_build
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, attach, current_snapshot
from lake.published_contract import built_tables
from lake.table_statistics import note_empty_tables

NOW = datetime(2026, 11, 23, 1, 5, 46, tzinfo=UTC)
DAY = date(2026, 11, 22)
TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}


def open_lakes(home: Home) -> duckdb.DuckDBPyConnection:
    con = open_engine(home, threads=1)  # small statements: two threads take twice their time
    attach(con, home, BRONZE)
    attach(con, home, WAREHOUSE)
    return con


def furnish(con: duckdb.DuckDBPyConnection) -> None:
    """Both lakes as after one landed file of ten rows and a passed build of one day."""
    con.execute(
        """CREATE TABLE bronze.landing_files (file_sha256 VARCHAR, feed VARCHAR, file_name VARCHAR, status VARCHAR,
           received BIGINT, accepted BIGINT, quarantined BIGINT, duplicate BIGINT, late BIGINT)"""
    )
    con.execute(
        """CREATE TABLE bronze.landing_accounting (file_sha256 VARCHAR, feed VARCHAR, business_date DATE,
           received BIGINT, accepted BIGINT, quarantined BIGINT, duplicate BIGINT, late BIGINT)"""
    )
    con.execute("INSERT INTO bronze.landing_files VALUES ('f1', 'truck_gps', 'a.csv', 'landed', 10, 7, 2, 1, 3)")
    con.execute(
        "INSERT INTO bronze.landing_accounting VALUES ('f1', 'truck_gps', ?, 9, 7, 1, 1, 3), "
        "('f1', 'truck_gps', NULL, 1, 0, 1, 0, 0)",
        [DAY],
    )
    con.execute("CREATE SCHEMA warehouse.published")
    for name, table in built_tables().items():
        columns = {c: k for c, k in table.columns.items() if c not in table.filled}
        typed = ", ".join(f"{column} {TYPES[kind]}" for column, kind in columns.items())
        con.execute(f"CREATE TABLE warehouse.published.{name} ({typed})")
    insert(con, "kpi_definitions", kpi_code="incidents_total", rule_version="1", better="lower")
    kpi(con, "310117", value=12.0)
    kpi(con, "310117001", status="suppressed_small_count", numerator=None, denominator=None)
    insert(
        con,
        "data_accounting",
        feed="truck_gps",
        business_date=DAY,
        received=10,
        accepted=7,
        quarantined=2,
        duplicate=1,
        late=3,
        files=1,
    )
    note_empty_tables(con, WAREHOUSE)  # as a build does
    ensure_bookkeeping(con)
    built(con)


def built(con: duckdb.DuckDBPyConnection, status: BuildStatus = "passed", at: datetime = NOW) -> None:
    record_build(
        con,
        build_id=f"b-{at:%H%M%S}-{status}",
        bronze_snapshot=current_snapshot(con, BRONZE),
        started_at=at,
        finished_at=at,
        status=status,
        code_version="abc",
        dates={},
    )


def insert(con: duckdb.DuckDBPyConnection, table: str, **values: object) -> None:
    places = ", ".join("?" * len(values))
    con.execute(
        f"INSERT INTO warehouse.published.{table} ({', '.join(values)}) VALUES ({places})", list(values.values())
    )


def kpi(con: duckdb.DuckDBPyConnection, area: str, **values: object) -> None:
    """One row of kpi_values; a good one unless `values` say otherwise."""
    row: dict[str, object] = {
        "kpi_code": "incidents_total",
        "area_code": area,
        "business_date": DAY,
        "numerator": 12.0,
        "denominator": 1.0,
        "coverage": 0.9,
        "status": "ok",
        "rule_version": "1",
    }
    insert(con, "kpi_values", **{**row, **values})
