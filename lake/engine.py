"""Opening DuckDB the one way this platform opens it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from lake.extensions import extension_directory, open_signed
from lake.home import Home
from lake.scratch import scratch_path
from lake.settings import MOST_THREADS, Settings


def open_engine(
    home: Home, *, memory_limit: str | None = None, threads: int | None = None, temp: bool = True
) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB in UTC that loads only the extensions of the wheels.

    `memory_limit` ("2GB") and `threads` default to the settings; `use_threads` changes the latter later. With `temp` it
    may spill to a folder of its own under `home.tmp`: two processes that share one spill folder overwrite each other's
    files. Without, it is for a look at little, and has one thread.
    """
    settings = Settings.current()
    config: dict[str, str | bool | int | float | list[str]] = {
        "extension_directory": str(extension_directory()),
        "autoinstall_known_extensions": False,
        "allow_community_extensions": False,
        "memory_limit": memory_limit or settings.memory_limit,
        "threads": threads or settings.threads or (MOST_THREADS if temp else 1),
        "temp_directory": str(scratch_path(home, "duckdb")) if temp else "",
    }
    con = open_signed(config)
    con.execute("SET GLOBAL TimeZone = 'UTC'")  # so that its cursors, too, are in UTC
    return con


def use_threads(con: duckdb.DuckDBPyConnection, rows: int) -> None:
    """Let `con` go on with as many threads as work on this many rows deserves (`Settings.threads_for`)."""
    con.execute(f"SET threads = {Settings.current().threads_for(rows)}")


def sql_text(value: str | Path) -> str:
    """A value as an SQL string literal, for statements such as ATTACH that take no parameters."""
    return "'" + str(value).replace("'", "''") + "'"


def sql_name(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
