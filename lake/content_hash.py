"""One hash of what published tables say, whatever the order of rows, the files or the engine's threads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import duckdb

from lake.commit import one_state
from lake.engine import sql_name
from lake.published_contract import written_tables
from lake.relations import table_names

# Sums of floating numbers differ in their last digits with the order of adding; ten digits are the same.
_FLOAT_FORMAT = "'%.9e'"


def content_hash(
    con: duckdb.DuckDBPyConnection, catalog: str, schema: str, *, instead: Mapping[str, str] | None = None
) -> str:
    """sha256 (64 hex digits) of all tables of `catalog.schema`, each by its name, columns and rows.

    Left out is what says when and not what: columns named `edition`, columns of a TIMESTAMP type, and the tables that
    publication writes of its own past (`editions`, `restatements` ...), which tell of the order of publishing. Numbers
    count to ten significant digits, and whole numbers by value, whatever their type. `instead` names relations (SQL)
    that are read in place of a table of that name.
    """
    digest = hashlib.sha256()
    with one_state(con):
        for table in table_names(con, catalog, schema):
            if table not in written_tables():
                relation = (instead or {}).get(table) or f"{sql_name(catalog)}.{sql_name(schema)}.{sql_name(table)}"
                digest.update(_table_digest(con, table, relation).encode())
    return digest.hexdigest()


def column_types(con: duckdb.DuckDBPyConnection, catalog: str, schema: str, table: str) -> dict[str, str]:
    """DuckDB types by column, in the table's order."""
    return _types(con, f"{sql_name(catalog)}.{sql_name(schema)}.{sql_name(table)}")


def value_text(name: str, data_type: str) -> str:
    """SQL for a value as text that no other row of values can spell: its length, then itself; `-` for NULL."""
    column = sql_name(name)
    if data_type.startswith(("DOUBLE", "FLOAT", "DECIMAL")):
        # Adding zero turns -0.0 into 0.0.
        text = f"printf({_FLOAT_FORMAT}, {column}::DOUBLE + 0.0)"
    else:
        text = f"{column}::VARCHAR"
    return f"coalesce(strlen({text}) || ':' || {text}, '-')"


def _types(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE {relation}").fetchall()}


def _table_digest(con: duckdb.DuckDBPyConnection, table: str, relation: str) -> str:
    types = _types(con, relation)
    columns = sorted(name for name, kind in types.items() if name != "edition" and not kind.startswith("TIMESTAMP"))
    row_text = " || ".join(value_text(name, types[name]) for name in columns) or "''"
    rows, rows_hash = _rows_digest(con, relation, row_text)
    return "\x1f".join([table, *columns, str(rows), rows_hash]) + "\x1e"


def _rows_digest(con: duckdb.DuckDBPyConnection, relation: str, row_text: str) -> tuple[int, str]:
    """How many rows there are, and a hash of their texts (SQL)."""
    # Rows are put in order by their own hashes, in 256 heaps so that no heap grows large.
    row = con.execute(
        f"""
        WITH hashes AS (
            SELECT sha256({row_text}) AS row_hash FROM {relation}
        ),
        heaps AS (
            SELECT left(row_hash, 2) AS heap, count(*) AS rows,
                   sha256(string_agg(row_hash, '' ORDER BY row_hash)) AS heap_hash
            FROM hashes GROUP BY ALL
        )
        SELECT coalesce(sum(rows), 0)::BIGINT, sha256(coalesce(string_agg(heap_hash, '' ORDER BY heap), '')) FROM heaps
        """
    ).fetchone()
    assert row is not None
    return row[0], row[1]
