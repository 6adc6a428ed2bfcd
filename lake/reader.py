"""Reading the lake as an analyst: everything visible, nothing writable, beside any writer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import duckdb
import structlog

from lake.commit import one_state
from lake.engine import open_engine, sql_name, sql_text
from lake.home import Home
from lake.lakes import BRONZE, LAKES, WAREHOUSE, LakeMissing, attach, catalog_file, data_path
from lake.read_guard import QueryRefused, check_query
from lake.relations import names_by_schema

log = structlog.get_logger(__name__)
PUBLISHED = "published"
_LAYERS = ("haulage", "staging", "intermediate", "marts")
__all__ = ["QueryRefused", "Reader", "open_reader", "query"]


class Reader:
    """A guarded connection: `execute` takes one query at a time and refuses anything else (QueryRefused)."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def execute(self, sql: str, parameters: Sequence[object] | None = None) -> duckdb.DuckDBPyConnection:
        """Run one query; the result is fetched from what is returned, as from a DuckDB connection."""
        check_query(self._con, sql)
        return self._con.execute(sql, parameters)

    def close(self) -> None:
        self._con.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open_reader(home: Home) -> Reader:
    """A reader of `bronze.<table>`, `haulage|staging|intermediate|marts.<table>` and `published.<table>`.

    What does not exist yet (no lake, no edition) is simply absent. Configuration is locked, extensions cannot
    be loaded, and of the file system only the lakes and the published file can be reached. Each query sees the
    latest commit; a new edition is seen by the next reader.
    """
    con = open_engine(home)
    try:
        present = [name for name in LAKES if _attach_if_made(con, home, name)]
        if home.published_file.exists():
            con.execute(f"ATTACH {sql_text(home.published_file)} AS {PUBLISHED} (READ_ONLY)")
        with one_state(con):
            _name_layers(con, with_warehouse=WAREHOUSE in present)
        _lock(con, home)
    except BaseException:
        con.close()
        raise
    return Reader(con)


def query(home: Home, sql: str, limit: int | None = None) -> dict[str, Any]:
    """The answer to one query as `{"columns": [...], "rows": [{column: value}]}`, ready for JSON.

    At most `limit` rows. Times are ISO 8601 (UTC), decimals numbers, binary hexadecimal; NaN and infinities,
    which JSON has not, are NULL. Raises QueryRefused for anything but a query, duckdb.Error for a wrong one.
    """
    with open_reader(home) as reader:
        result = reader.execute(sql)
        columns = _distinct([str(column[0]) for column in result.description or []])
        rows = result.fetchall() if limit is None else result.fetchmany(limit)
    return {"columns": columns, "rows": [dict(zip(columns, map(_json, row), strict=True)) for row in rows]}


def _attach_if_made(con: duckdb.DuckDBPyConnection, home: Home, name: str) -> bool:
    try:
        attach(con, home, name, read_only=True)
    except LakeMissing:
        return False
    return True


def _name_layers(con: duckdb.DuckDBPyConnection, *, with_warehouse: bool) -> None:
    """`marts.x` for `warehouse.marts.x`. Views, because with the warehouse as default catalog `published.x`
    could mean its schema as well as the published file."""
    schemas = set(_LAYERS)
    names = names_by_schema(con, WAREHOUSE) if with_warehouse else {}
    if with_warehouse:
        rows = con.execute(
            "SELECT schema_name FROM information_schema.schemata WHERE catalog_name = ?", [WAREHOUSE]
        ).fetchall()
        schemas |= {row[0] for row in rows} - {"main", PUBLISHED, BRONZE, "information_schema", "pg_catalog"}
    for schema in sorted(schemas):
        con.execute(f"CREATE SCHEMA {sql_name(schema)}")
        for table in names.get(schema, ()):
            name = f"{sql_name(schema)}.{sql_name(table)}"
            try:
                con.execute(f"CREATE VIEW {name} AS FROM {WAREHOUSE}.{name}")
            except duckdb.Error as error:  # a view whose source is gone must not close the rest of the lake
                log.debug("not readable", table=f"{schema}.{table}", error=str(error))


def _lock(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    folders = [str(data_path(home, name)) for name in LAKES]
    catalogs = [str(catalog) for name in LAKES if (catalog := catalog_file(home, name))]
    files = [catalog + suffix for catalog in catalogs for suffix in ("", "-wal", "-shm", "-journal")]
    con.execute("SET python_enable_replacements = false")  # else FROM x reads a caller's Python variable x
    con.execute(f"SET allowed_directories = [{', '.join(map(sql_text, folders))}]")
    con.execute(f"SET allowed_paths = [{', '.join(map(sql_text, [*files, str(home.published_file)]))}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def _distinct(names: list[str]) -> list[str]:
    """Column names made distinct (`id`, `id_2`), since a JSON object has each name once."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        number, fresh = 1, name
        while fresh in seen:
            number += 1
            fresh = f"{name}_{number}"
        seen.add(fresh)
        names[index] = fresh
    return names


def _json(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_json(item) for item in value]
    return str(value)
