"""Which tables and views an attached catalog holds."""

from __future__ import annotations

import duckdb


def table_names(con: duckdb.DuckDBPyConnection, catalog: str, schema: str) -> list[str]:
    """Names of the tables and views of one schema, sorted."""
    return names_by_schema(con, catalog).get(schema, [])


def names_by_schema(con: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, list[str]]:
    """Names of the tables and views of each schema that has any, sorted.

    By their columns: `duckdb_tables()` and information_schema tell the sizes of tables, too, for which DuckLake asks
    its catalog table by table (0.1 s for a hundred).
    """
    rows = con.execute(
        """SELECT schema_name, table_name FROM duckdb_columns() WHERE database_name = $1
           UNION SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = $1
           ORDER BY schema_name, table_name""",
        [catalog],
    ).fetchall()
    found: dict[str, list[str]] = {}
    for schema, table in rows:
        found.setdefault(schema, []).append(table)
    return found


def table_columns(con: duckdb.DuckDBPyConnection, catalog: str, schema: str) -> dict[str, dict[str, str]]:
    """DuckDB types by column, in the table's order, by table or view of one schema: one question for all of them.

    A view that cannot be read is not among them.
    """
    rows = con.execute(
        """SELECT table_name, column_name, data_type FROM duckdb_columns()
           WHERE database_name = ? AND schema_name = ? ORDER BY table_name, column_index""",
        [catalog, schema],
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found
