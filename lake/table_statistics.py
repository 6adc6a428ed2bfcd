"""DuckLake's statistics of each table: there from its start, and kept true to every snapshot that can be read.

Three things of DuckLake 1.0 make this necessary. Of a table that never had a row there are none, and a query of it asks
the catalog for them again at every column and filter. Compaction sets the smallest and largest value of each column from
the current snapshot alone, and a query of an older snapshot that filters beyond them then finds no rows, silently. And
otherwise these only ever widen: after retention the pseudonym of an expired person may stand there for ever.
"""

from __future__ import annotations

from typing import Any

import duckdb

from lake.lakes import metadata_schema

# How the texts in the catalog compare, by the prefix of DuckLake's type names; other types are left alone.
_COMPARED_AS = {
    "VARCHAR": ("varchar", "date", "timestamp", "time", "boolean", "uuid"),
    "HUGEINT": ("int", "uint"),
    "DOUBLE": ("float",),
    "DECIMAL(38, 9)": ("decimal",),
}


def note_empty_tables(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Write down of each table of lake `name` that never had a row that it has none: what DuckLake would note itself.

    Its first rows then give the statistics they would have given otherwise. The caller holds the writer lock.
    """
    catalog = metadata_schema(name)
    without = f"""FROM {catalog}.ducklake_table AS t
        WHERE t.end_snapshot IS NULL AND t.table_id NOT IN (SELECT s.table_id FROM {catalog}.ducklake_table_stats AS s)"""
    con.execute("BEGIN TRANSACTION")
    try:
        con.execute(
            f"""INSERT INTO {catalog}.ducklake_table_column_stats BY NAME
                SELECT c.table_id, c.column_id, false AS contains_null,
                       CASE WHEN c.column_type IN ('float32', 'float64') THEN false END AS contains_nan
                FROM {catalog}.ducklake_column AS c
                WHERE c.end_snapshot IS NULL AND c.table_id IN (SELECT t.table_id {without})"""
        )
        con.execute(
            f"""INSERT INTO {catalog}.ducklake_table_stats BY NAME
                SELECT t.table_id, 0 AS next_row_id, 0 AS record_count, 0 AS file_size_bytes {without}"""
        )
        con.execute("COMMIT")
    except duckdb.Error:
        con.execute("ROLLBACK")
        raise


def restate_statistics(con: duckdb.DuckDBPyConnection, name: str) -> int:
    """Set the extremes of each column of lake `name` to those of all files that some snapshot still has.

    Returns how many columns changed. Columns of which a file does not tell its extremes are left as they are.
    DuckLake has no call for this; the tables are those of its 1.0 specification. The caller holds the writer lock.
    """
    catalog = metadata_schema(name)
    stored = {
        (row[0], row[1]): row[2:]
        for row in con.execute(
            f"""SELECT table_id, column_id, min_value, max_value, contains_null
                FROM {catalog}.ducklake_table_column_stats"""
        ).fetchall()
    }
    changed = 0
    for table, column, smallest, largest, has_null in _extremes(con, catalog):
        before = stored.get((table, column))
        if before is None or (smallest, largest, has_null or before[2]) == before:
            continue
        con.execute(
            f"""UPDATE {catalog}.ducklake_table_column_stats SET min_value = ?, max_value = ?, contains_null = ?
                WHERE table_id = ? AND column_id = ?""",
            [smallest, largest, bool(has_null or before[2]), table, column],
        )
        changed += 1
    return changed


def rows_in_schema(con: duckdb.DuckDBPyConnection, name: str, schema: str) -> int:
    """Rows of the tables in one schema of lake `name`, about: rows deleted since the last compaction still count."""
    catalog = metadata_schema(name)
    row = con.execute(
        f"""SELECT coalesce(sum(s.record_count), 0)::BIGINT
            FROM {catalog}.ducklake_table_stats AS s
            JOIN {catalog}.ducklake_table AS t ON t.table_id = s.table_id AND t.end_snapshot IS NULL
            JOIN {catalog}.ducklake_schema AS h ON h.schema_id = t.schema_id AND h.end_snapshot IS NULL
            WHERE h.schema_name = ?""",
        [schema],
    ).fetchone()
    return int(row[0]) if row else 0


def _extremes(con: duckdb.DuckDBPyConnection, catalog: str) -> list[tuple[Any, ...]]:
    """(table_id, column_id, smallest, largest, has NULLs) over all data files of the catalog, whatever snapshot."""
    found = []
    for compared_as, types in _COMPARED_AS.items():
        is_type = " OR ".join(f"starts_with(lower(column_type), '{prefix}')" for prefix in types)
        found += con.execute(
            f"""
            SELECT f.table_id, f.column_id,
                   arg_min(f.min_value, f.min_value::{compared_as}), arg_max(f.max_value, f.max_value::{compared_as}),
                   bool_or(coalesce(f.null_count, 1) > 0)
            FROM {catalog}.ducklake_file_column_stats f
            SEMI JOIN (
                SELECT table_id, column_id FROM {catalog}.ducklake_column WHERE end_snapshot IS NULL AND ({is_type})
            ) c ON f.table_id = c.table_id AND f.column_id = c.column_id
            GROUP BY ALL
            HAVING count(f.min_value) > 0
               AND bool_and((f.min_value IS NOT NULL AND f.max_value IS NOT NULL) OR f.value_count = 0
                            OR f.null_count = f.value_count)
            """
        ).fetchall()
    return found
