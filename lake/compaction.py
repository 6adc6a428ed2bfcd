"""Small files into large ones, old snapshots and the files that only they needed off the disk."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

import duckdb
import structlog

from lake.engine import sql_name, sql_text
from lake.lakes import current_snapshot

log = structlog.get_logger(__name__)


def merge_small_files(con: duckdb.DuckDBPyConnection, name: str) -> int:
    """Merge adjacent small files within their partitions; returns how many went in. Readers notice nothing."""
    return sum(
        row[0]
        for row in con.execute(
            f"SELECT files_processed FROM ducklake_merge_adjacent_files({sql_text(name)})"
        ).fetchall()
    )


def rewrite_deleted(con: duckdb.DuckDBPyConnection, name: str, tables: Iterable[str]) -> int:
    """Write anew the files of `tables` (`table` or `schema.table`) that still hold deleted rows.

    A deletion in DuckLake is a list beside the file: without this a file that also holds kept rows would hold
    the expired ones for ever.
    """
    processed = 0
    for table in tables:
        schema, _, short = table.rpartition(".")
        rows = con.execute(
            f"""SELECT files_processed FROM ducklake_rewrite_data_files({sql_text(name)}, {sql_text(short)},
                schema => {sql_text(schema or "main")}, delete_threshold => 0)"""
        ).fetchall()
        processed += sum(row[0] for row in rows)
    return processed


def with_deleted_rows(con: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """The tables (`schema.table`) that have files with deleted rows in them."""
    rows = con.execute(
        f"""SELECT DISTINCT t.schema_name || '.' || t.table_name FROM duckdb_tables() AS t
            JOIN ducklake_table_info({sql_text(name)}) AS i USING (table_name)
            WHERE t.database_name = ? AND i.delete_file_count > 0 ORDER BY 1""",
        [name],
    ).fetchall()
    return [str(row[0]) for row in rows]


def expire_snapshots(
    con: duckdb.DuckDBPyConnection,
    name: str,
    *,
    before: datetime,
    pinned: Collection[int],
    feed_from: int | None = None,
    dry_run: bool = False,
) -> list[int]:
    """End time travel to snapshots taken before `before`; returns them.

    Kept are those `pinned`, those from `feed_from` on (a change feed still to be read) and the current one.
    """
    keep = {*pinned, current_snapshot(con, name)}
    rows = con.execute(
        f"SELECT snapshot_id FROM {sql_name(name)}.snapshots() WHERE snapshot_time < ? ORDER BY 1", [before]
    ).fetchall()
    old = [int(row[0]) for row in rows if row[0] not in keep]
    expired = [snapshot for snapshot in old if feed_from is None or snapshot < feed_from]
    if expired and not dry_run:
        con.execute(f"CALL ducklake_expire_snapshots({sql_text(name)}, versions => {expired})")
    return expired


def clean_files(
    con: duckdb.DuckDBPyConnection,
    name: str,
    *,
    before: datetime,
    pinned: Collection[int],
    dry_run: bool = False,
) -> tuple[list[str], list[str]]:
    """Remove files that no snapshot has needed since `before`, and orphans of killed writers older than that.

    Returns (files removed, problems). DuckLake's own clean-up has flagged files still in use
    (duckdb/ducklake issue 815) and can take a concurrent writer's (916): so the caller holds the writer lock,
    each clean-up is first run dry, and nothing at all is removed when it names a file of the current or a
    pinned snapshot.
    """
    live = _live_files(con, name, {*pinned, current_snapshot(con, name)})
    removed: list[str] = []
    problems: list[str] = []
    for function in ("ducklake_cleanup_old_files", "ducklake_delete_orphaned_files"):
        named = _clean(con, function, name, before, dry_run=True)
        wrong = sorted(path for path in named if Path(path).name in live)
        if wrong:
            log.error("clean-up names files in use", lake=name, function=function, files=wrong[:3], count=len(wrong))
            problems.append(f"{name}: {function} names {len(wrong)} file(s) in use, first {wrong[0]}: none removed")
        elif dry_run or not named:
            removed += named
        else:
            removed += _clean(con, function, name, before, dry_run=False)
    return removed, problems


def _clean(con: duckdb.DuckDBPyConnection, function: str, name: str, before: datetime, *, dry_run: bool) -> list[str]:
    rows = con.execute(
        f"SELECT path FROM {function}({sql_text(name)}, dry_run => {dry_run}, older_than => {sql_text(before.isoformat())}::TIMESTAMPTZ)"
    ).fetchall()
    return [str(row[0]) for row in rows]


def _live_files(con: duckdb.DuckDBPyConnection, name: str, snapshots: Collection[int]) -> set[str]:
    """Names (they are unique) of all data and delete files that the tables have at the given snapshots."""
    files: set[str] = set()
    known = {int(row[0]) for row in con.execute(f"SELECT snapshot_id FROM {sql_name(name)}.snapshots()").fetchall()}
    tables = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ?", [name]
    ).fetchall()
    for snapshot in sorted(known.intersection(snapshots)):
        for schema, table in tables:
            try:
                rows = con.execute(
                    f"""SELECT data_file, delete_file FROM ducklake_list_files({sql_text(name)}, {sql_text(table)},
                        schema => {sql_text(schema)}, snapshot_version => {snapshot})"""
                ).fetchall()
            except duckdb.CatalogException:
                continue  # the table is younger than the snapshot
            files.update(Path(path).name for row in rows for path in row if path)
    return files
