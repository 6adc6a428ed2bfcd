"""The two lakes (DuckLake): `bronze`, written by landing, and `warehouse`, written by dbt."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import duckdb

from lake.engine import open_engine, sql_name, sql_text
from lake.extensions import load_extension
from lake.home import Home
from lake.settings import Settings
from lake.writer_lock import writer_lock

BRONZE = "bronze"
WAREHOUSE = "warehouse"
LAKES = (BRONZE, WAREHOUSE)
_NO_CREATION = {"CREATE_IF_NOT_EXISTS": "false"}


class LakeMissing(RuntimeError):
    """The lake has not been created yet; the first writer creates it."""


def data_path(home: Home, name: str) -> Path:
    """The folder of a lake's Parquet files, absolute: a relative one breaks under another working directory."""
    return home.lake / _known(name)


def catalog_file(home: Home, name: str) -> Path | None:
    """The SQLite catalog of a lake; None when its catalog is PostgreSQL."""
    return None if _postgres(name) else home.lake / f"{_known(name)}.sqlite"


def attach_path(home: Home, name: str) -> str:
    """What DuckDB attaches: `ducklake:sqlite:<file>` or `ducklake:postgres:<connection>`."""
    return f"ducklake:{_postgres(name) or f'sqlite:{catalog_file(home, name)}'}"


def attach_options(home: Home, name: str, *, read_only: bool = False, snapshot: int | None = None) -> dict[str, str]:
    """The ATTACH options of a lake as SQL text by option name; dbt's profile needs the same facts.

    OVERRIDE_DATA_PATH always: the catalog remembers the folder it was made with, and a data root may move.
    """
    options = {"DATA_PATH": sql_text(f"{data_path(home, name)}/"), "OVERRIDE_DATA_PATH": "true"}
    if _postgres(name):
        options["METADATA_SCHEMA"] = sql_text(_postgres_schema(name))
    else:
        options["META_JOURNAL_MODE"] = sql_text("WAL")
        options["META_BUSY_TIMEOUT"] = str(Settings.current().busy_timeout_ms)
    if snapshot is not None:
        options["SNAPSHOT_VERSION"] = str(int(snapshot))
    if read_only or snapshot is not None:
        options["READ_ONLY"] = "true"
        options.update(_NO_CREATION)
    return options


def attach(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    name: str,
    *,
    read_only: bool = False,
    snapshot: int | None = None,
    alias: str | None = None,
) -> None:
    """Attach lake `name` as `alias` (default: its own name); a writer's attach creates it when missing.

    `snapshot` pins one version and implies read-only. Writers must hold `writer_lock(home, name)` when they
    commit. Raises LakeMissing when a read-only attach finds no lake.
    """
    alias = alias or name
    if read_only or snapshot is not None:
        _attach(con, home, name, alias, attach_options(home, name, read_only=True, snapshot=snapshot))
        return
    options = attach_options(home, name)
    try:
        _attach(con, home, name, alias, {**options, **_NO_CREATION})
    except LakeMissing:
        with writer_lock(home, name, purpose=f"creating the {name} lake"):
            _create_catalog_file(home, name)
            _attach(con, home, name, alias, options)
            # Rows inlined into the catalog would be invisible to the other engines that read the Parquet
            # files, and would outlive retention there.
            con.execute(f"CALL {sql_name(alias)}.set_option('data_inlining_row_limit', 0)")


def detach(con: duckdb.DuckDBPyConnection, alias: str) -> None:
    con.execute(f"DETACH {sql_name(alias)}")


def lake_exists(home: Home, name: str) -> bool:
    """Whether the lake has been created (for a PostgreSQL catalog this asks the server)."""
    catalog = catalog_file(home, name)
    if catalog is not None:
        return catalog.is_file() and catalog.stat().st_size > 0
    with open_engine(home, temp=False) as con:
        try:
            attach(con, home, name, read_only=True)
        except LakeMissing:
            return False
    return True


def current_snapshot(con: duckdb.DuckDBPyConnection, name: str) -> int:
    """The version of the attached lake `name` that a query sees now."""
    row = con.execute(f"SELECT id FROM {sql_name(name)}.current_snapshot()").fetchone()
    if row is None or row[0] is None:
        raise LakeMissing(f"the lake {name} has no snapshot")
    return int(row[0])


def metadata_schema(name: str) -> str:
    """The schema, as quoted SQL, in which an attached lake's own catalog tables can be read."""
    schema = _postgres_schema(name) if _postgres(name) else "main"
    return f"{sql_name(f'__ducklake_metadata_{name}')}.{sql_name(schema)}"


def _postgres_schema(name: str) -> str:
    # Both lakes may share one database.
    return f"yunjian_{name}"


def _attach(con: duckdb.DuckDBPyConnection, home: Home, name: str, alias: str, options: Mapping[str, str]) -> None:
    missing = f"there is no {name} lake under {home.lake} yet: the first writer creates it"
    catalog = catalog_file(home, name)
    creating = options.get("CREATE_IF_NOT_EXISTS") != "false"
    if not creating and catalog is not None and not catalog.is_file():
        raise LakeMissing(missing)  # asked first, because SQLite would leave an empty file behind
    data_path(home, name).mkdir(parents=True, exist_ok=True)
    clause = ", ".join(f"{option} {value}" for option, value in options.items())
    for extension in ("ducklake", "sqlite_scanner" if catalog is not None else "postgres_scanner"):
        load_extension(con, extension)
    try:
        con.execute(f"ATTACH {sql_text(attach_path(home, name))} AS {sql_name(alias)} ({clause})")
    except duckdb.Error as error:
        if "creating a new DuckLake is explicitly disabled" in str(error):
            raise LakeMissing(missing) from error
        raise


def _create_catalog_file(home: Home, name: str) -> None:
    catalog = catalog_file(home, name)
    if catalog is None:
        return
    catalog.parent.mkdir(parents=True, exist_ok=True)
    # Made empty with its final mode before SQLite opens it: the -wal and -shm files take the same mode.
    os.close(os.open(catalog, os.O_CREAT | os.O_RDWR, 0o600))
    catalog.chmod(0o600)


def _postgres(name: str) -> str | None:
    settings = Settings.current()
    return {BRONZE: settings.bronze_catalog, WAREHOUSE: settings.warehouse_catalog}[_known(name)]


def _known(name: str) -> str:
    if name not in LAKES:
        raise ValueError(f"no lake is called {name!r}; there are {', '.join(LAKES)}")
    return name
