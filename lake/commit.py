"""A commit to a lake: all or nothing, saying who did what, its files on disk before the catalog names them."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from lake.engine import sql_name
from lake.settings import Settings

# File times come from the kernel's coarse clock, which may lag the one Python reads.
_CLOCK_SLACK_S = 2.0
_SYNCED_EVERY_S = 1.0


@contextmanager
def commit(
    con: duckdb.DuckDBPyConnection, name: str, *, author: str, message: str, extra: Mapping[str, Any] | None = None
) -> Iterator[None]:
    """One transaction on the attached lake `name`, with a commit message; rolled back when the body raises.

    `extra` becomes the snapshot's extra_info as JSON, e.g. `{"action": "land", "feed": ..., "run_id": ...}`.
    New Parquet files are synced before the commit: after a power cut a lake must not name a half-written file
    (duckdb/ducklake issue 680). The caller holds the lake's writer lock.
    """
    started = time.time()
    folder = _data_folder(con, name)
    con.execute("BEGIN TRANSACTION")
    try:
        yield
        con.execute(
            f"CALL {sql_name(name)}.set_commit_message(?, ?, extra_info => ?)",
            [author, message, json.dumps(dict(extra or {}), ensure_ascii=False, sort_keys=True, default=str)],
        )
        if Settings.current().sync_files:
            sync_new_files(folder, since=started)
        con.execute("COMMIT")
    except BaseException:
        _rollback(con)
        raise


@contextmanager
def synced_meanwhile(folder: Path) -> Iterator[None]:
    """Sync the new files below `folder` while the block writes them: a commit at its end then waits for the last alone.

    Not instead of what the commit does: a file may be synced here before it is whole, and an error is left to the commit.
    """
    ended = threading.Event()

    def sync() -> None:
        since = time.time()
        while not ended.wait(_SYNCED_EVERY_S):
            now = time.time()
            with suppress(OSError):  # one that was there a moment ago was taken back: the others are looked for again
                sync_new_files(folder, since=since)
                since = now

    syncing = threading.Thread(target=sync, name="sync", daemon=True)
    syncing.start()
    try:
        yield
    finally:
        ended.set()
        syncing.join()


@contextmanager
def one_state(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One transaction for many queries of the lakes: they see one state, which DuckLake looks up once.

    What the body writes to another attached file is written when it ends, and not at all when it raises.
    """
    con.execute("BEGIN TRANSACTION")
    try:
        yield
        con.execute("COMMIT")
    except BaseException:
        _rollback(con)
        raise


def sync_new_files(folder: Path, *, since: float) -> int:
    """fsync the Parquet files below `folder` written after the epoch second `since`; returns how many.

    Leaf folders whose entries have not changed since then are not read, so that the thousandth day costs as
    little as the first.
    """
    oldest = since - _CLOCK_SLACK_S
    synced = 0
    status = os.stat(folder)
    changed = status.st_mtime >= oldest
    if not changed and status.st_nlink == 2:  # no sub-folders (file systems that do not count them say 1)
        return 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                synced += sync_new_files(Path(entry.path), since=since)
            elif changed and entry.stat().st_mtime >= oldest:
                _fsync(entry.path)
                synced += 1
    if changed:
        _fsync(str(folder))
    return synced


def _data_folder(con: duckdb.DuckDBPyConnection, name: str) -> Path:
    row = con.execute("SELECT data_path FROM ducklake_settings(?)", [name]).fetchone()
    if row is None:
        raise ValueError(f"no lake is attached as {name!r}")
    return Path(row[0])


def _fsync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _rollback(con: duckdb.DuckDBPyConnection) -> None:
    try:
        con.execute("ROLLBACK")
    except duckdb.TransactionException:
        pass  # COMMIT failed and ended the transaction itself
