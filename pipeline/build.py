"""From the bronze lake to the marts: dbt over the business dates that changed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import duckdb
import structlog

from geography.install import install_default
from haulage.day import process_days
from haulage.tables import beside_unbuilt, forget_unbuilt, unbuilt_dates
from ingestion.bronze_tables import BOOKKEEPING_TABLES, ensure_bronze_tables, feed_columns
from ingestion.contracts import Contract, all_contracts
from lake.bookkeeping import (
    Build,
    ensure_bookkeeping,
    last_build,
    last_passed_build,
    record_build,
    write_changed_dates,
)
from lake.commit import commit, one_state
from lake.engine import open_engine, use_threads
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, attach, current_snapshot, detach
from lake.table_statistics import note_empty_tables
from lake.writer_lock import HeldLock, writer_lock
from pipeline.affected_models import affected_models
from pipeline.code_version import code_version
from pipeline.dbt_run import DbtRun, dates_to_rebuild, parsed_meanwhile, run_dbt
from pipeline.rebuild_plan import Dates, RebuildPlan, plan_rebuild

log = structlog.get_logger(__name__)

# Accepted rows one run of dbt takes: a district day (17 million) or a month of a small one. A long rebuild is cut into
# such parts, so that its memory is that of one part whatever its length.
ROWS_PER_PART = 20_000_000


@dataclass(frozen=True)
class BuildReport:
    """What a build did. `dates` are the business dates rebuilt; `failures` name the dbt nodes that did not pass."""

    status: Literal["passed", "failed", "unchanged"]
    build_id: str | None
    bronze_snapshot: int
    code_version: str
    dates: list[date] = field(default_factory=list)
    nodes: dict[str, int] = field(default_factory=dict)
    failures: list[dict[str, str]] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        return 1 if self.status == "failed" else 0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "dates": [day.isoformat() for day in self.dates]}


def build(home: Home, *, full: bool = False, run_id: str | None = None, now: datetime | None = None) -> BuildReport:
    """Build everything that changed since the last build that passed; `full` rebuilds every live date.

    Nothing changed: returns without starting dbt. Failed: recorded, and the next build takes the same dates again.
    Dates whose detail has expired keep the figures they have. Raises lake.writer_lock.WriterBusy when another writer
    keeps the warehouse too long.
    """
    clock = time.monotonic()
    started = now or datetime.now(UTC)
    build_id = run_id or f"{started:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"
    contracts = all_contracts()
    home.ensure()
    prepare_bronze(home, contracts, now=started)
    rules = code_version()
    with writer_lock(home, WAREHOUSE, purpose=f"build {build_id}") as lock, open_engine(home, threads=1) as con:
        attach(con, home, WAREHOUSE)
        ensure_bookkeeping(con)
        attach(con, home, BRONZE, read_only=True)
        snapshot = current_snapshot(con, BRONZE)
        passed, last = last_passed_build(con), last_build(con)
        new_rules = passed is None or last is None or {passed.code_version, last.code_version} != {rules}
        with one_state(con):
            plan = _plan(con, contracts, passed, last, snapshot, everything=full or new_rules)
        detach(con, BRONZE)
        use_threads(con, plan.rows_of(plan.changed))
        dbt_will_run = full or new_rules or not plan.is_empty
        with parsed_meanwhile(home, bronze_snapshot=snapshot) if dbt_will_run else nullcontext():
            plan = plan.with_haulage(*_find_trips(con, home, plan, snapshot))
        if plan.is_empty and not (full or new_rules):
            log.info("build: nothing changed", run_id=build_id, bronze_snapshot=snapshot)
            return BuildReport("unchanged", None, snapshot, rules, seconds=round(time.monotonic() - clock, 3))
        _write_feeds(con, contracts)
        _write_frozen_dates(con, plan.frozen)
        attempt: Any = {"build_id": build_id, "bronze_snapshot": snapshot, "started_at": started, "code_version": rules}
        # Failed until it has passed: of a killed build some parts may be made, and they must not be published alone.
        record_build(con, **attempt, finished_at=started, status="failed", dates=plan.changed)
        note_empty_tables(con, WAREHOUSE)
        run = _run_parts(con, home, plan, snapshot, build_id, lock, new_rules=new_rules)
        note_empty_tables(con, WAREHOUSE)  # as many of a district that has no such feed stay
        seconds = time.monotonic() - clock
        status: Literal["passed", "failed"] = "passed" if run.passed else "failed"
        ended = started + timedelta(seconds=seconds)
        record_build(con, **attempt, finished_at=ended, status=status, dates=plan.changed)
        with commit(con, WAREHOUSE, author="build", message=f"build {build_id} has ended"):
            con.execute(
                f"DELETE FROM {WAREHOUSE}.main.builds WHERE build_id = ? AND finished_at = started_at", [build_id]
            )
            if run.passed:
                forget_unbuilt(con, WAREHOUSE)
    report = BuildReport(
        status, build_id, snapshot, rules, plan.dates, run.nodes, run.failures, run.warnings, round(seconds, 3)
    )
    for failure in report.failures:
        log.error("build: node failed", run_id=build_id, **failure)
    log.info("build ended", run_id=build_id, status=status, dates=len(report.dates), seconds=report.seconds)
    return report


def _find_trips(
    con: duckdb.DuckDBPyConnection, home: Home, plan: RebuildPlan, snapshot: int
) -> tuple[set[date], set[date]]:
    """Stops, trips and gaps of the dates on which trucks or registers changed, as of the snapshot that dbt will read.

    Returns the dates that models have not seen yet: those of a build that failed or was killed are among them. And the
    dates beside them.
    """
    attach(con, home, BRONZE, snapshot=snapshot)
    process_days(con, plan.truck_dates)
    detach(con, BRONZE)
    return unbuilt_dates(con, WAREHOUSE), beside_unbuilt(con, WAREHOUSE)


def prepare_bronze(home: Home, contracts: Sequence[Contract], *, now: datetime) -> None:
    """What models read exists before the first file of its feed has landed: tables, and a map."""
    install_default(home, now=now)
    with open_engine(home, temp=False) as con:
        attach(con, home, BRONZE, read_only=True)
        if _has_tables(con, contracts):  # as nearly always: then the build need not wait for a landing
            return
    with writer_lock(home, BRONZE, purpose="tables of the feeds"), open_engine(home, threads=1) as con:
        attach(con, home, BRONZE)
        ensure_bronze_tables(con, contracts)


def _has_tables(con: duckdb.DuckDBPyConnection, contracts: Sequence[Contract]) -> bool:
    found = set(
        con.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = ?", [BRONZE]).fetchall()
    )
    wanted = {table: tuple(columns) for table, columns in BOOKKEEPING_TABLES.items()}
    wanted |= {contract.feed: tuple(feed_columns(contract)) for contract in contracts}
    return all((table, column) in found for table, columns in wanted.items() for column in columns)


def _plan(
    con: duckdb.DuckDBPyConnection,
    contracts: Sequence[Contract],
    passed: Build | None,
    last: Build | None,
    snapshot: int,
    *,
    everything: bool,
) -> RebuildPlan:
    """What changed since the build that passed last, and what the builds that failed since then were to build."""
    carried: Dates = {}
    if last is not None and last.status == "failed":
        carried = {feed: {date.fromisoformat(day) for day in days} for feed, days in last.dates.items()}
    return plan_rebuild(
        con,
        contracts,
        since=None if passed is None else passed.bronze_snapshot,
        upto=snapshot,
        everything=everything,
        carried=carried,
    )


def _run_parts(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    plan: RebuildPlan,
    snapshot: int,
    build_id: str,
    lock: HeldLock,
    *,
    new_rules: bool,
) -> DbtRun:
    parts = plan.parts(ROWS_PER_PART)
    run = DbtRun(0)
    command = ["build", "--exclude-resource-type", "unit_test"]
    if new_rules:  # seeds may have other columns than before; tables by date or case are kept in any case
        command += ["--full-refresh"]
    else:  # views and seeds are as the last build left them, and so is what no change reaches
        command += ["--exclude", "config.materialized:view", "resource_type:seed"]
        affected = affected_models(plan.changed)
        command += ["--select", *affected] if affected else []
    for number, part in enumerate(parts, start=1):
        write_changed_dates(con, part)
        days = sorted(set().union(*(days for feed, days in part.items() if not feed.startswith("_"))))
        log.info("build", run_id=build_id, part=number, of=len(parts), dates=[str(day) for day in days[:31]])
        run = run_dbt(
            home,
            command,
            bronze_snapshot=snapshot,
            run_id=build_id,
            pass_fds=(lock.fileno,),
            dates=dates_to_rebuild(part, plan.frozen),
            rows=plan.rows_of(part),
        )
        if not run.passed:
            break
    return run


def _write_feeds(con: duckdb.DuckDBPyConnection, contracts: Sequence[Contract]) -> None:
    """What the contracts say of the feeds, for the models and the portal's catalogue."""
    rows = [
        (c.feed, c.version, c.owner, c.description, c.schedule, c.mode, c.retention_days, c.has_personal_data)
        for c in contracts
    ]
    with commit(con, WAREHOUSE, author="build", message="feeds by contract", extra={"action": "feeds"}):
        con.execute(
            f"""CREATE TABLE IF NOT EXISTS {WAREHOUSE}.main.feeds (feed VARCHAR, version VARCHAR, owner VARCHAR,
                description VARCHAR, schedule VARCHAR, mode VARCHAR, retention_days INTEGER,
                has_personal_data BOOLEAN)"""
        )
        con.execute(f"DELETE FROM {WAREHOUSE}.main.feeds")
        con.executemany(f"INSERT INTO {WAREHOUSE}.main.feeds VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _write_frozen_dates(con: duckdb.DuckDBPyConnection, frozen: Dates) -> None:
    rows = sorted((feed, day) for feed, days in frozen.items() for day in days)
    table = f"{WAREHOUSE}.main.frozen_dates"
    with commit(con, WAREHOUSE, author="build", message="expired dates", extra={"action": "frozen_dates"}):
        con.execute(f"CREATE TABLE IF NOT EXISTS {table} (feed VARCHAR, business_date DATE)")
        con.execute(f"DELETE FROM {table}")
        con.execute(
            f"INSERT INTO {table} SELECT unnest(?::VARCHAR[]), unnest(?::DATE[])",
            [[feed for feed, _ in rows], [day for _, day in rows]],
        )
