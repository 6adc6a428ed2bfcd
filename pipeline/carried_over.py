"""What a rebuild takes from the old lakes because landing does not have it, each only where it can still be read.

the map         installed by `yunjian geography import`; without it the shipped map is installed
expired dates   which, and when; so that rows stay expired
accounting      of files whose bytes are gone with their rows
figures         of dates whose detail has expired: nobody can compute them again
editions, history, restatements, approvals   what was published and who agreed to a change of it
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import duckdb
import structlog

from lake.bookkeeping import ensure_bookkeeping
from lake.commit import commit
from lake.content_hash import column_types
from lake.engine import open_engine, sql_name
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, LakeMissing, attach
from lake.relations import table_names
from lake.writer_lock import writer_lock

log = structlog.get_logger(__name__)
_OLD = "old"
_EXTRA = {"action": "rebuild"}
_LEDGER = ("value_history", "restatements", "restatement_approvals", "editions")
_ACCOUNTING = {"data_accounting", "quarantine_reasons", "batch_gates"}
_DATED_LAYERS = ("intermediate", "marts", "published")


def carry_map(home: Home, target: Home) -> None:
    """The installed map, with its history."""
    with _both(home, target, BRONZE) as con:
        tables = [table for table in _old_tables(con, "main") if table.startswith("geography_")]
        if tables:
            with commit(con, BRONZE, author="rebuild", message="the installed map", extra=_EXTRA):
                for table in tables:
                    con.execute(f"CREATE TABLE {BRONZE}.main.{table} AS FROM {_OLD}.main.{table}")


def expiries(home: Home, feed: str) -> list[tuple[datetime, tuple[date, ...]]]:
    """When business dates of a feed expired, and which, oldest first."""
    with open_engine(home, temp=False) as con:
        if not _attach_old(con, home, BRONZE) or "expired_dates" not in _old_tables(con, "main"):
            return []
        rows = con.execute(
            f"""SELECT expired_at, list(business_date ORDER BY business_date) FROM {_OLD}.main.expired_dates
                WHERE feed = ? GROUP BY ALL ORDER BY ALL""",
            [feed],
        ).fetchall()
    return [(at, tuple(days)) for at, days in rows]


def replayed_feeds(home: Home) -> set[str]:
    """The feeds of which refused rows have been accepted by a replay."""
    with open_engine(home, temp=False) as con:
        if not _attach_old(con, home, BRONZE) or "quarantine" not in _old_tables(con, "main"):
            return set()
        rows = con.execute(f"SELECT DISTINCT feed FROM {_OLD}.main.quarantine WHERE state = 'replayed'").fetchall()
    return {str(feed) for (feed,) in rows}


def carry_landing(home: Home, target: Home) -> None:
    """The bookkeeping of files that could not be landed again: their bytes are gone, or were never kept."""
    with _both(home, target, BRONZE) as con:
        old, new = set(_old_tables(con, "main")), set(table_names(con, BRONZE, "main"))
        if not {"landing_files", "landing_accounting"} <= old & new:
            return
        con.execute(
            f"""CREATE TEMP TABLE lost AS SELECT DISTINCT feed, file_sha256 FROM {_OLD}.main.landing_files AS o
                WHERE NOT EXISTS (SELECT 1 FROM {BRONZE}.main.landing_files AS n
                                  WHERE n.feed = o.feed AND n.file_sha256 IS NOT DISTINCT FROM o.file_sha256)"""
        )
        with commit(con, BRONZE, author="rebuild", message="accounting of files without bytes", extra=_EXTRA):
            for table in ("landing_files", "landing_accounting", "batch_gates", "quarantine"):
                if table in old & new:
                    con.execute(
                        f"""INSERT INTO {BRONZE}.main.{table} BY NAME SELECT o.* FROM {_OLD}.main.{table} AS o
                            SEMI JOIN lost AS l
                            ON l.feed = o.feed AND l.file_sha256 IS NOT DISTINCT FROM o.file_sha256"""
                    )


def carry_history(home: Home, target: Home) -> None:
    """What the old warehouse alone remembers: figures of expired dates, and everything about past editions."""
    with _both(home, target, WAREHOUSE) as con:
        if not _old_tables(con, "main"):
            return
        ensure_bookkeeping(con)
        with commit(con, WAREHOUSE, author="rebuild", message="figures and editions of before", extra=_EXTRA):
            _carry_frozen_figures(con)
            for table in _LEDGER:
                if table in _old_tables(con, "main"):
                    con.execute(f"INSERT INTO {WAREHOUSE}.main.{table} BY NAME FROM {_OLD}.main.{table}")


def forget_snapshots(target: Home, *, keep: str | None) -> None:
    """The editions of before were made from snapshots of the old lake, which are not those of the new one.

    `keep` is the edition that was made from the new one, if any.
    """
    with writer_lock(target, WAREHOUSE, purpose="rebuilding"), open_engine(target) as con:
        attach(con, target, WAREHOUSE)
        with commit(con, WAREHOUSE, author="rebuild", message="snapshots of before", extra=_EXTRA):
            con.execute(
                f"UPDATE {WAREHOUSE}.main.editions SET bronze_snapshot = NULL WHERE edition IS DISTINCT FROM ?", [keep]
            )


def _carry_frozen_figures(con: duckdb.DuckDBPyConnection) -> None:
    if "frozen_dates" not in _old_tables(con, "main"):
        return
    frozen = f"SELECT DISTINCT business_date FROM {_OLD}.main.frozen_dates"
    if con.execute(f"{frozen} LIMIT 1").fetchone() is None:
        return
    for layer in _DATED_LAYERS:
        stored = _stored(con, WAREHOUSE, layer) & _stored(con, _OLD, layer)
        # The accounting is made whole from the new lake, with what `carry_landing` brought.
        for table in sorted(stored - _ACCOUNTING):
            name = f"{sql_name(layer)}.{sql_name(table)}"
            if "business_date" in column_types(con, _OLD, layer, table):
                con.execute(f"DELETE FROM {WAREHOUSE}.{name} WHERE business_date IN ({frozen})")
                con.execute(
                    f"INSERT INTO {WAREHOUSE}.{name} BY NAME FROM {_OLD}.{name} WHERE business_date IN ({frozen})"
                )


def _stored(con: duckdb.DuckDBPyConnection, catalog: str, schema: str) -> set[str]:
    rows = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = ?", [catalog, schema]
    ).fetchall()
    return {str(name) for (name,) in rows}


def _old_tables(con: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    return table_names(con, _OLD, schema)


def _attach_old(con: duckdb.DuckDBPyConnection, home: Home, name: str) -> bool:
    """Attach a lake of `home` as `old`; false, with a warning, when it is not there or cannot be read."""
    try:
        attach(con, home, name, read_only=True, alias=_OLD)
        table_names(con, _OLD, "main")
    except LakeMissing:
        return False
    except duckdb.Error as error:
        log.warning("the old lake cannot be read: nothing of it is carried over", lake=name, error=str(error)[:300])
        return False
    return True


@contextmanager
def _both(home: Home, target: Home, name: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that writes lake `name` of `target` and has that of `home` as `old` (empty when unreadable)."""
    with writer_lock(target, name, purpose="rebuilding"), open_engine(target) as con:
        attach(con, target, name)
        if not _attach_old(con, home, name):
            if con.execute("SELECT 1 FROM duckdb_databases() WHERE database_name = ?", [_OLD]).fetchone():
                con.execute(f"DETACH {_OLD}")
            con.execute(f"ATTACH ':memory:' AS {_OLD}")
        yield con
