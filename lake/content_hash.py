"""One hash of what published tables say, whatever the order of rows, the files or the engine's threads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from itertools import groupby

import duckdb

from lake.commit import one_state
from lake.engine import sql_name
from lake.published_contract import written_tables
from lake.relations import table_columns, table_names

# Sums of floating numbers differ in their last digits with the order of adding; ten digits are the same.
_FLOAT_FORMAT = "'%.9e'"
# Up to as many the heaps are made here: to plan them takes the engine longer than to read the table.
_FEW_ROWS = 10_000


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
        known = table_columns(con, catalog, schema)
        for table in table_names(con, catalog, schema):
            if table not in written_tables():
                named = f"{sql_name(catalog)}.{sql_name(schema)}.{sql_name(table)}"
                relation = (instead or {}).get(table, named)
                types = (known.get(table) if relation == named else None) or _types(con, relation)
                digest.update(_table_digest(con, table, relation, types).encode())
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


def row_text_of(columns: Mapping[str, str]) -> str:
    """SQL for the texts of these columns (DuckDB types by name) one after the other; of no column, the empty text."""
    # One call, not a chain of `||`: each link of a chain is planned by itself. No text of a value is NULL.
    return f"concat('', {', '.join(value_text(name, kind) for name, kind in columns.items())})" if columns else "''"


def _types(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE {relation}").fetchall()}


def _table_digest(con: duckdb.DuckDBPyConnection, table: str, relation: str, types: Mapping[str, str]) -> str:
    columns = sorted(name for name, kind in types.items() if name != "edition" and not kind.startswith("TIMESTAMP"))
    row_text = row_text_of({name: types[name] for name in columns})
    rows, rows_hash = _rows_digest(con, relation, row_text)
    return "\x1f".join([table, *columns, str(rows), rows_hash]) + "\x1e"


def _rows_digest(con: duckdb.DuckDBPyConnection, relation: str, row_text: str) -> tuple[int, str]:
    """How many rows there are, and a hash of their texts (SQL).

    Rows are put in order by their own hashes, in 256 heaps so that no heap grows large.
    """
    few = con.execute(f"SELECT sha256({row_text}) FROM {relation}").fetchmany(_FEW_ROWS + 1)
    if len(few) <= _FEW_ROWS:
        return len(few), _hash_of_heaps(row_hash for (row_hash,) in few)
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


def _hash_of_heaps(row_hashes: Iterable[str]) -> str:
    heaps = groupby(sorted(row_hashes), key=lambda row_hash: row_hash[:2])
    return _sha256("".join(_sha256("".join(heap)) for _, heap in heaps))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
