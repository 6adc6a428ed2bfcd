"""Which tables and views an attached catalog holds."""

from __future__ import annotations

import duckdb


def table_names(con: duckdb.DuckDBPyConnection, catalog: str, schema: str) -> list[str]:
    """Names of the tables and views of one schema, sorted.

    By their columns: `duckdb_tables()` and information_schema tell the sizes of tables, too, for which DuckLake asks
    its catalog table by table (0.1 s for a hundred).
    """
    rows = con.execute(
        """SELECT table_name FROM duckdb_columns() WHERE database_name = $1 AND schema_name = $2
           UNION SELECT view_name FROM duckdb_views() WHERE database_name = $1 AND schema_name = $2
           ORDER BY table_name""",
        [catalog, schema],
    ).fetchall()
    return [row[0] for row in rows]
