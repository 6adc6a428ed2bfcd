"""SQLite keeps the bytes of deleted rows in free pages, of expired persons too, until it is vacuumed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from lake.settings import Settings


def vacuum(catalog: Path) -> None:
    """Rewrite an SQLite catalog without its free pages, beside any reader; the caller holds the writer lock.

    In a process of its own: two SQLite libraries in one process (Python's and DuckDB's) drop each other's file
    locks (sqlite.org/howtocorrupt.html, section 2.2.1).
    """
    command = [sys.executable, "-m", "lake.vacuum", str(catalog)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[1])


def _vacuum_here(catalog: str) -> None:
    timeout = Settings.current().busy_timeout_ms / 1000
    with closing(sqlite3.connect(catalog, timeout=timeout, isolation_level=None)) as db:
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


if __name__ == "__main__":
    _vacuum_here(sys.argv[1])
