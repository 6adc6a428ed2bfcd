"""Which SQL an analyst may run: queries, and nothing that writes, configures or opens files.

DuckDB says of itself that it has no privilege boundary. A locked, read-only connection still runs
`COPY ... TO` into the folders it may read, and `FROM ducklake_cleanup_old_files(...)` is a SELECT that deletes
files: so each statement is parsed by DuckDB first and must be one query over known table functions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb

from lake.lakes import LAKES

# Table functions that only compute, or only read what the reader has attached.
_ALLOWED_FUNCTIONS = frozenset(
    {
        *("range", "generate_series", "unnest", "repeat", "json_each", "json_tree"),
        *("duckdb_tables", "duckdb_columns", "duckdb_views", "duckdb_schemas", "duckdb_functions", "duckdb_types"),
        *("pragma_table_info", "pragma_show"),
        # DuckLake: history and change feed.
        *("snapshots", "current_snapshot", "last_committed_snapshot", "table_changes", "table_insertions"),
        *("table_deletions", "table_info", "list_files", "ducklake_snapshots", "ducklake_current_snapshot"),
        *("ducklake_last_committed_snapshot", "ducklake_table_changes", "ducklake_table_insertions"),
        *("ducklake_table_deletions", "ducklake_table_info", "ducklake_list_files"),
    }
)
# A PostgreSQL catalog's connection text may hold a password; DuckDB shows it in these.
_HIDDEN_RELATIONS = frozenset(
    {"duckdb_databases", "duckdb_settings", "duckdb_secrets", "pragma_database_list", "pg_database"}
)
_EXPLAIN = re.compile(r"\s*explain\s+(analyze\s+)?", re.IGNORECASE)


class QueryRefused(ValueError):
    """The statement is not one that may be run on the read-only lake."""


def check_query(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise QueryRefused unless `sql` is one query (SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN)."""
    query = _EXPLAIN.sub("", sql, count=1) if _EXPLAIN.match(sql) else sql
    row = con.execute("SELECT json_serialize_sql(?::VARCHAR)", [query]).fetchone()
    assert row is not None
    tree = json.loads(row[0])
    if tree.get("error"):
        if tree.get("error_type") == "parser":
            raise QueryRefused(f"this is not SQL DuckDB understands: {tree['error_message']}")
        raise QueryRefused(
            "only queries may be run here (SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN): "
            "the lake is read-only. PIVOT needs its values: PIVOT t ON c IN ('a', 'b')."
        )
    if len(tree["statements"]) != 1:
        raise QueryRefused(f"one query at a time: this holds {len(tree['statements'])}")
    nodes = list(_nodes(tree["statements"]))
    known = _places(con) if any(map(_place, nodes)) else frozenset()
    for node in nodes:
        _check_node(node, known)


def _places(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The names a table may be qualified with: what is attached, and the schemas in it. Not DuckLake's own records."""
    rows = con.execute(
        "SELECT database_name FROM duckdb_databases() UNION SELECT schema_name FROM duckdb_schemas()"
    ).fetchall()
    shown = (name.lower() for (name,) in rows if not name.startswith("__ducklake_metadata_"))
    return frozenset({*shown, *LAKES, "published"})  # also one that is not made yet: DuckDB says so


def _place(node: dict[str, Any]) -> list[str]:
    """The catalog and the schema that a table is named with, if any."""
    if node.get("type") not in ("BASE_TABLE", "SHOW_REF"):
        return []
    return [str(node[part]) for part in ("catalog_name", "schema_name") if node.get(part)]


def _check_node(node: dict[str, Any], known: frozenset[str]) -> None:
    for place in _place(node):
        # Of "folder/name".parquet DuckDB makes the name of a file, which may be one whose rows have expired.
        if place.lower() not in known:
            raise QueryRefused(f"there is no {place} here: query the lake's tables")
    if node.get("type") == "TABLE_FUNCTION":
        name = str((node.get("function") or {}).get("function_name", "")).lower()
        if name not in _ALLOWED_FUNCTIONS:
            raise QueryRefused(f"the table function {name}() may not be used here: query the lake's tables")
    if node.get("type") == "BASE_TABLE":
        name = str(node.get("table_name", ""))
        if name.lower() in _HIDDEN_RELATIONS:
            raise QueryRefused(f"{name} is not shown here")
        if "/" in name or "\\" in name or "://" in name:
            raise QueryRefused(f"files may not be read by name ({name}): query the lake's tables")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of the parsed statement, however deep: sub-queries hide in any expression."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
