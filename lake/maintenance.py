"""The nightly care of both lakes: what must go goes, what is small is merged, what is needed stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, TypedDict

import duckdb
import structlog

from lake.bookkeeping import known_editions, last_passed_build
from lake.compaction import clean_files, expire_snapshots, merge_small_files, rewrite_deleted, with_deleted_rows
from lake.engine import open_engine, sql_name
from lake.home import Home
from lake.lakes import BRONZE, LAKES, WAREHOUSE, attach, catalog_file, lake_exists
from lake.retention import expire_rows
from lake.scratch import sweep
from lake.serving import kept_editions
from lake.settings import Settings
from lake.table_statistics import restate_statistics
from lake.vacuum import vacuum
from lake.writer_lock import writer_lock

log = structlog.get_logger(__name__)


class Pins(NamedTuple):
    """Bronze snapshots that must stay: those of editions and the last passed build, and all from `feed_from` on."""

    snapshots: frozenset[int]
    feed_from: int | None


_NO_PINS = Pins(frozenset(), None)


class LakeReport(TypedDict):
    """What was done to one lake (or would be, in a dry run)."""

    expired: dict[str, list[str]]
    files_merged: int
    snapshots_expired: int
    snapshots_pinned: list[int]
    files_removed: int


class MaintenanceReport(TypedDict):
    """`lakes` by name; `problems` are for people to look at, and nothing was lost by them."""

    dry_run: bool
    lakes: dict[str, LakeReport]
    problems: list[str]


def maintain(
    home: Home,
    *,
    retention_days: Mapping[str, int],
    now: datetime,
    warehouse_retention_days: Mapping[str, int] | None = None,
    dry_run: bool = False,
) -> MaintenanceReport:
    """Retention, compaction, snapshot expiry and clean-up of both lakes, each under its writer lock.

    `retention_days` by bronze table (feed), `warehouse_retention_days` by `schema.table` of the warehouse's
    tables that hold detail. `now` is an aware moment. Snapshots older than the setting `snapshot_days` end,
    save those that kept editions were made from, and those since the last passed build, whose changes the next
    build reads; both end after `pin_days`, because an old snapshot keeps rows that retention has deleted. Files go `cleanup_grace_days` later, so that a long
    query finishes. With `dry_run` nothing is changed.
    """
    report: MaintenanceReport = {"dry_run": dry_run, "lakes": {}, "problems": []}
    limits: dict[str, Mapping[str, int]] = {BRONZE: retention_days, WAREHOUSE: warehouse_retention_days or {}}
    pins = _pinned_snapshots(home, now)
    for name in LAKES:
        if lake_exists(home, name):
            with writer_lock(home, name, purpose=f"maintaining the {name} lake"), open_engine(home) as con:
                attach(con, home, name)
                mine = pins if name == BRONZE else _NO_PINS
                lake, problems = _maintain(con, name, limits[name], mine, now, dry_run=dry_run)
                con.close()
                if (catalog := catalog_file(home, name)) and not dry_run:
                    vacuum(catalog)
            report["lakes"][name] = lake
            report["problems"] += problems
    if not dry_run:
        sweep(home, now)
    log.info("lakes maintained", **report)
    return report


def _maintain(
    con: duckdb.DuckDBPyConnection,
    name: str,
    retention_days: Mapping[str, int],
    pins: Pins,
    now: datetime,
    *,
    dry_run: bool,
) -> tuple[LakeReport, list[str]]:
    settings = Settings.current()
    expired = expire_rows(con, name, retention_days=retention_days, now=now, dry_run=dry_run)
    merged = 0
    if not dry_run:
        if name == BRONZE:
            rewrite_deleted(con, name, _existing(con, name, [*expired, "quarantine"]))
        else:  # a build deletes the expired dates of what it has of them, at any time
            rewrite_deleted(con, name, with_deleted_rows(con, name))
        merged = merge_small_files(con, name)
        restate_statistics(con, name)  # wider than compaction left them, for the older snapshots
    snapshots = expire_snapshots(
        con,
        name,
        before=now - timedelta(days=settings.snapshot_days),
        pinned=pins.snapshots,
        feed_from=pins.feed_from,
        dry_run=dry_run,
    )
    removed, problems = clean_files(
        con, name, before=now - timedelta(days=settings.cleanup_grace_days), pinned=pins.snapshots, dry_run=dry_run
    )
    if not dry_run:
        restate_statistics(con, name)  # narrower now, without what expired
    lake = LakeReport(
        expired={table: [day.isoformat() for day in days] for table, days in expired.items()},
        files_merged=merged,
        snapshots_expired=len(snapshots),
        snapshots_pinned=sorted(pins.snapshots),
        files_removed=len(removed),
    )
    return lake, problems


def _pinned_snapshots(home: Home, now: datetime) -> Pins:
    if not (lake_exists(home, WAREHOUSE) and lake_exists(home, BRONZE)):
        return _NO_PINS
    with open_engine(home) as con:
        attach(con, home, BRONZE, read_only=True)
        attach(con, home, WAREHOUSE, read_only=True)
        files = set(kept_editions(home))
        try:
            wanted = {int(e.bronze_snapshot or 0) for e in known_editions(con) if e.edition in files}
            build = last_passed_build(con)
        except duckdb.CatalogException:
            return _NO_PINS  # nothing has been built yet
        rows = con.execute(
            f"SELECT snapshot_id, snapshot_time < ? FROM {sql_name(BRONZE)}.snapshots()",
            [now - timedelta(days=Settings.current().pin_days)],
        ).fetchall()
    young = {int(snapshot) for snapshot, is_old in rows if not is_old}
    released = sorted({int(snapshot) for snapshot, is_old in rows if is_old} & wanted)
    if released:
        log.warning("pins released: their editions cannot be rebuilt any more", snapshots=released)
    if build is None:
        return Pins(frozenset(wanted & young), None)
    since = [snapshot for snapshot in young if snapshot >= build.bronze_snapshot]
    return Pins(frozenset((wanted | {build.bronze_snapshot}) & young), min(since, default=None))


def _existing(con: duckdb.DuckDBPyConnection, name: str, tables: list[str]) -> list[str]:
    rows = con.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = ?", [name]
    ).fetchall()
    present = {row[0] for row in rows}
    return [table for table in tables if (table if "." in table else f"main.{table}") in present]
