"""Building an edition aside: a DuckDB file with the published tables of the warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path

import duckdb

from lake.bookkeeping import Edition
from lake.commit import one_state
from lake.engine import sql_name, sql_text
from lake.lakes import WAREHOUSE, detach
from lake.official_values import OFFICIAL, VALUES, new_history
from lake.published_contract import (
    EDITIONS,
    HISTORY,
    RESTATEMENTS,
    PublishedTable,
    built_tables,
    published_tables,
    written_tables,
)
from lake.relations import table_columns, table_names
from lake.restatements import write_history, write_restatements

SCHEMA = "published"
BUILT = "built"


@contextmanager
def building(con: duckdb.DuckDBPyConnection, path: Path, edition: Edition, known: list[Edition]) -> Iterator[str]:
    """Build the file of `edition` at `path` and give it, attached, to the body as catalog `built`.

    Holds every table of the warehouse schema `published`, each in the order of its key (of `kpi_values` the official
    rows, see `lake/official_values.py`), and what was published before: `editions` (those `known` and this one),
    `kpi_value_history` and `restatements`. The caller has checked that the contract's tables exist (`missing_parts`)
    and noted what changes (`propose`, `note_changes`).
    """
    path.unlink(missing_ok=True)
    con.execute(f"ATTACH {sql_text(path)} AS {BUILT}")
    try:
        contract = published_tables()
        with one_state(con):
            for table in table_names(con, WAREHOUSE, SCHEMA):
                if table not in written_tables():
                    _copy(con, table, contract.get(table), edition.edition)
            _write_editions(con, [*known, edition])
            told = f"{BUILT}.main"
            write_history(con, f"{told}.{HISTORY}", new_history(edition.edition), f"{told}.{EDITIONS}")
            write_restatements(con, f"{told}.{RESTATEMENTS}", f"{told}.{HISTORY}")
            for table, wanted in contract.items():
                con.execute(f"COMMENT ON TABLE {BUILT}.main.{sql_name(table)} IS {sql_text(wanted.description)}")
        yield BUILT
    finally:
        detach(con, BUILT)  # writes the whole file: no journal stays beside it


def missing_parts(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables and columns of the contract that the warehouse does not have."""
    with one_state(con):
        return _missing_parts(con)


def _missing_parts(con: duckdb.DuckDBPyConnection) -> list[str]:
    present = table_columns(con, WAREHOUSE, SCHEMA)
    problems = []
    for table, wanted in built_tables().items():
        if table not in present:
            problems.append(f"{table}: the warehouse has no such published table")
            continue
        problems += [
            f"{table}.{column}: the published table has no such column"
            for column in wanted.columns
            if column not in present[table] and column not in wanted.filled
        ]
    return problems


def _copy(con: duckdb.DuckDBPyConnection, table: str, wanted: PublishedTable | None, edition: str) -> None:
    source = relation(table)
    columns = [row[0] for row in con.execute(f"DESCRIBE {source}").fetchall() if row[0] != "edition"]
    filled = wanted.filled if wanted is not None else ()
    names = [sql_name(name) for name in columns if name not in filled]
    if "edition" in filled:
        names.append(f"{sql_text(edition)} AS edition")
    names += [sql_name(name) for name in columns if name in filled]
    key = [sql_name(name) for name in (wanted.key if wanted else ()) if name in columns]
    order = ", ".join(key) or "ALL"
    con.execute(
        f"CREATE TABLE {BUILT}.main.{sql_name(table)} AS SELECT {', '.join(names)} FROM {source} ORDER BY {order}"
    )


def relation(table: str) -> str:
    """What a published table is read from: the warehouse's table of its name, but of the KPIs their official values."""
    return OFFICIAL if table == VALUES else f"{WAREHOUSE}.{SCHEMA}.{sql_name(table)}"


def _write_editions(con: duckdb.DuckDBPyConnection, editions: list[Edition]) -> None:
    con.execute(
        f"""CREATE TABLE {BUILT}.main.{EDITIONS} (edition VARCHAR, published_at TIMESTAMP, content_hash VARCHAR,
            code_version VARCHAR, reason VARCHAR, bronze_snapshot BIGINT)"""
    )
    con.executemany(
        f"INSERT INTO {BUILT}.main.{EDITIONS} VALUES (?, ?, ?, ?, ?, ?)", [astuple(edition) for edition in editions]
    )
