"""The tables of the bronze lake that landing writes: one a feed, typed by its contract, and the bookkeeping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from ingestion.contracts import PROVENANCE, Contract
from lake.engine import sql_name
from lake.lakes import BRONZE, metadata_schema
from lake.table_statistics import note_empty_tables

BOOKKEEPING_TABLES: Mapping[str, Mapping[str, str]] = {
    "landing_files": {
        "file_sha256": "VARCHAR",
        "feed": "VARCHAR",
        "file_name": "VARCHAR",
        "bytes": "BIGINT",
        "format": "VARCHAR",
        "contract_version": "VARCHAR",
        "file_date": "DATE",
        "received_at": "TIMESTAMP",
        "status": "VARCHAR",
        "reason": "VARCHAR",
        "received": "BIGINT",
        "accepted": "BIGINT",
        "quarantined": "BIGINT",
        "duplicate": "BIGINT",
        "late": "BIGINT",
        "extra_columns": "VARCHAR",
        "run_id": "VARCHAR",
        "landed_at": "TIMESTAMP",
    },
    "landing_accounting": {
        "file_sha256": "VARCHAR",
        "feed": "VARCHAR",
        "business_date": "DATE",
        "received": "BIGINT",
        "accepted": "BIGINT",
        "quarantined": "BIGINT",
        "duplicate": "BIGINT",
        "late": "BIGINT",
    },
    "quarantine": {
        "feed": "VARCHAR",
        "file_sha256": "VARCHAR",
        "file_name": "VARCHAR",
        "line": "BIGINT",
        "field": "VARCHAR",
        "rule": "VARCHAR",
        "reason": "VARCHAR",
        "all_reasons": "VARCHAR",
        "raw": "VARCHAR",
        "raw_sealed": "VARCHAR",
        "business_date": "DATE",
        "quarantined_at": "TIMESTAMP",
        "state": "VARCHAR",
    },
    "batch_gates": {
        "feed": "VARCHAR",
        "file_sha256": "VARCHAR",
        "business_date": "DATE",
        "expectation": "VARCHAR",
        "consequence": "VARCHAR",
        "success": "BOOLEAN",
        "observed": "VARCHAR",
        "checked_at": "TIMESTAMP",
    },
    "expired_dates": {"feed": "VARCHAR", "business_date": "DATE", "expired_at": "TIMESTAMP"},
}

# DuckLake's names of DuckDB's types. One that is not here is taken for another, and the tables are looked at by DuckDB.
_NAMED_BY_LAKE = {
    "VARCHAR": "varchar",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TINYINT": "int8",
    "SMALLINT": "int16",
    "INTEGER": "int32",
    "BIGINT": "int64",
    "UTINYINT": "uint8",
    "USMALLINT": "uint16",
    "UINTEGER": "uint32",
    "UBIGINT": "uint64",
    "FLOAT": "float32",
    "DOUBLE": "float64",
}


def feed_columns(contract: Contract) -> dict[str, str]:
    """The columns of a feed's bronze table and their DuckDB types, in order."""
    return {**{column.name: column.type for column in contract.stored_columns}, **PROVENANCE}


def ensure_bronze_tables(con: duckdb.DuckDBPyConnection, contracts: Iterable[Contract]) -> None:
    """Create the bookkeeping tables and the tables of `contracts` in the attached bronze lake where missing.

    A contract that gained a column adds it to its table (older rows read NULL). Raises ValueError when a contract
    changed the type of a column or dropped one: that needs a decision about the rows already landed. The caller
    holds the writer lock.
    """
    contracts = list(contracts)
    wanted = {**BOOKKEEPING_TABLES, **{contract.feed: feed_columns(contract) for contract in contracts}}
    if _is_made(con, wanted):  # as nearly always
        return
    existing = _existing(con)
    feeds = {contract.feed for contract in contracts}
    missing = {table: columns for table, columns in wanted.items() if table not in existing}
    if missing:
        _create(con, missing, partitioned=feeds)
        note_empty_tables(con, BRONZE)
    for table, columns in wanted.items():
        if table in existing and existing[table] != dict(columns):
            _extend(con, table, existing[table], columns)


def _is_made(con: duckdb.DuckDBPyConnection, wanted: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether all tables have just these columns, by the lake's own catalog: DuckDB's would be read for all lakes."""
    catalog = metadata_schema(BRONZE)
    rows = con.execute(
        f"""SELECT t.table_name, c.column_name, c.column_type
            FROM {catalog}.ducklake_table AS t
            JOIN {catalog}.ducklake_schema AS s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
            JOIN {catalog}.ducklake_column AS c ON c.table_id = t.table_id AND c.end_snapshot IS NULL
            WHERE t.end_snapshot IS NULL AND s.schema_name = 'main'
            ORDER BY t.table_name, c.column_order"""
    ).fetchall()
    made: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        made.setdefault(table, {})[column] = kind
    return all(
        made.get(table) == {column: _NAMED_BY_LAKE.get(kind, kind) for column, kind in columns.items()}
        for table, columns in wanted.items()
    )


def _create(con: duckdb.DuckDBPyConnection, tables: Mapping[str, Mapping[str, str]], *, partitioned: set[str]) -> None:
    """All tables in one transaction: the first start makes a dozen."""
    con.execute("BEGIN TRANSACTION")
    try:
        for table, columns in tables.items():
            name = f"{BRONZE}.{sql_name(table)}"
            body = ", ".join(f"{sql_name(column)} {kind}" for column, kind in columns.items())
            con.execute(f"CREATE TABLE IF NOT EXISTS {name} ({body})")
            if table in partitioned:
                con.execute(f"ALTER TABLE {name} SET PARTITIONED BY (business_date)")
        con.execute("COMMIT")
    except duckdb.Error:
        con.execute("ROLLBACK")
        raise


def _extend(
    con: duckdb.DuckDBPyConnection, table: str, existing: Mapping[str, str], columns: Mapping[str, str]
) -> None:
    changed = {c: kind for c, kind in existing.items() if columns.get(c) != kind}
    if changed:
        raise ValueError(f"bronze.{table} has {changed}, its contract says { ({c: columns.get(c) for c in changed}) }")
    for column, kind in columns.items():
        if column not in existing:
            con.execute(f"ALTER TABLE {BRONZE}.{sql_name(table)} ADD COLUMN {sql_name(column)} {kind}")


def _existing(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    rows = con.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = ? AND schema_name = 'main' ORDER BY table_name, column_index",
        [BRONZE],
    ).fetchall()
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found
