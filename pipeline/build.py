"""From the bronze lake to the marts: dbt over the business dates that changed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import duckdb
import structlog

from ingestion.bronze_tables import ensure_bronze_tables
from ingestion.contracts import Contract, all_contracts
from lake.bookkeeping import (
    ensure_bookkeeping,
    last_build,
    last_passed_build,
    record_build,
    write_changed_dates,
)
from lake.commit import commit
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, attach, current_snapshot, detach
from lake.writer_lock import HeldLock, writer_lock
from pipeline.code_version import code_version
from pipeline.dbt_run import DbtRun, run_dbt
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
    prepare_bronze(home, contracts)
    rules = code_version()
    with writer_lock(home, WAREHOUSE, purpose=f"build {build_id}") as lock, open_engine(home) as con:
        attach(con, home, WAREHOUSE)
        ensure_bookkeeping(con)
        attach(con, home, BRONZE, read_only=True)
        snapshot = current_snapshot(con, BRONZE)
        plan = _plan(con, contracts, snapshot, rules, full)
        if plan is None:
            log.info("build: nothing changed", run_id=build_id, bronze_snapshot=snapshot)
            return BuildReport("unchanged", None, snapshot, rules, seconds=round(time.monotonic() - clock, 3))
        detach(con, BRONZE)
        _write_feeds(con, contracts)
        _write_frozen_dates(con, plan.frozen)
        run = _run_parts(con, home, plan, snapshot, build_id, lock)
        seconds = time.monotonic() - clock
        status: Literal["passed", "failed"] = "passed" if run.passed else "failed"
        record_build(
            con,
            build_id=build_id,
            bronze_snapshot=snapshot,
            started_at=started,
            finished_at=started + timedelta(seconds=seconds),
            status=status,
            code_version=rules,
            dates=plan.changed,
        )
    report = BuildReport(
        status, build_id, snapshot, rules, plan.dates, run.nodes, run.failures, run.warnings, round(seconds, 3)
    )
    for failure in report.failures:
        log.error("build: node failed", run_id=build_id, **failure)
    log.info("build ended", run_id=build_id, status=status, dates=len(report.dates), seconds=report.seconds)
    return report


def prepare_bronze(home: Home, contracts: Sequence[Contract]) -> None:
    """The tables that models read exist before the first file of their feed has landed."""
    with writer_lock(home, BRONZE, purpose="tables of the feeds"), open_engine(home) as con:
        attach(con, home, BRONZE)
        ensure_bronze_tables(con, contracts)


def _plan(
    con: duckdb.DuckDBPyConnection, contracts: Sequence[Contract], snapshot: int, rules: str, full: bool
) -> RebuildPlan | None:
    passed, last = last_passed_build(con), last_build(con)
    new_rules = passed is not None and passed.code_version != rules
    carried: Dates = {}
    if last is not None and last.status == "failed":
        carried = {feed: {date.fromisoformat(day) for day in days} for feed, days in last.dates.items()}
    plan = plan_rebuild(
        con,
        contracts,
        since=None if passed is None else passed.bronze_snapshot,
        upto=snapshot,
        everything=full or new_rules,
        carried=carried,
    )
    return None if plan.is_empty and passed is not None and not new_rules and not full else plan


def _run_parts(
    con: duckdb.DuckDBPyConnection, home: Home, plan: RebuildPlan, snapshot: int, build_id: str, lock: HeldLock
) -> DbtRun:
    parts = plan.parts(ROWS_PER_PART)
    run = DbtRun(0)
    for number, part in enumerate(parts, start=1):
        write_changed_dates(con, part)
        days = sorted(set().union(*(days for feed, days in part.items() if not feed.startswith("_"))))
        log.info("build", run_id=build_id, part=number, of=len(parts), dates=[str(day) for day in days[:31]])
        run = run_dbt(
            home,
            ["build", "--exclude-resource-type", "unit_test"],
            bronze_snapshot=snapshot,
            run_id=build_id,
            pass_fds=(lock.fileno,),
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
