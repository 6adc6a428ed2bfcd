"""What the landing of several files shares, and the record each of them leaves in the lake."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import Self

import duckdb

from ingestion.accounting import Ledger
from ingestion.adapters import FileRejected, Reader
from ingestion.bronze_commit import FileRecord, commit_rejection
from ingestion.contracts import Contract
from ingestion.expectations import Expectations
from ingestion.file_names import visible_name
from ingestion.gate import GateResult
from ingestion.receiving import Received
from ingestion.report import FileReport
from ingestion.rules.compiler import SHANGHAI_HOURS
from lake.home import Home
from lake.lakes import BRONZE
from lake.writer_lock import writer_lock


@dataclass(frozen=True)
class LandingRun:
    """What the files of one call share. `now` is naive UTC."""

    home: Home
    con: duckdb.DuckDBPyConnection
    contract: Contract
    run_id: str
    now: datetime
    expectations: Expectations

    @property
    def today(self) -> date:
        """The Shanghai date of `now`."""
        return (self.now + timedelta(hours=SHANGHAI_HOURS)).date()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.con.close()
        self.expectations.prune()


@dataclass
class Arrival:
    """A received file and what its name says; `received_at` is naive UTC. `kept`: its bytes have their place."""

    received: Received
    name_date: date | None
    received_at: datetime | None
    kept: bool = False

    @property
    def sha256(self) -> str:
        return self.received.sha256


class ChangedWhileRead(FileRejected):
    """Somebody wrote to the file while it was read: it waits for the next run."""

    def __init__(self) -> None:
        super().__init__("changed_while_read", "the file changed while it was read; it is taken up by the next run")


class GateStopped(FileRejected):
    """The batch gate keeps a readable file out of the lake."""

    def __init__(self, stopped: GateResult, verdicts: Sequence[GateResult]) -> None:
        super().__init__(f"gate:{stopped.expectation}", f"observed {stopped.observed}")
        self.verdicts = verdicts


def file_record(run: LandingRun, arrival: Arrival, file_date: date, reader: Reader, ledger: Ledger) -> FileRecord:
    """The record of a landed file."""
    extra = list(reader.extra_columns)
    return FileRecord(
        file_sha256=arrival.sha256,
        feed=run.contract.feed,
        file_name=arrival.received.name,
        bytes=arrival.received.size,
        format=reader.format,
        contract_version=run.contract.version,
        file_date=file_date,
        received_at=arrival.received_at,
        status="landed",
        reason=None,
        received=ledger.total("received"),
        accepted=ledger.total("accepted"),
        quarantined=ledger.total("quarantined"),
        duplicate=ledger.total("duplicate"),
        late=ledger.total("late"),
        extra_columns=json.dumps(extra, ensure_ascii=False) if extra else None,
        run_id=run.run_id,
        landed_at=run.now,
    )


def reject(run: LandingRun, name: str, arrival: Arrival | None, problem: FileRejected) -> FileReport:
    """Record that a file was rejected, once for the same bytes and reason. Its bytes, if any, stay in landing."""
    told = visible_name(name)
    record = FileRecord(
        file_sha256=arrival.sha256 if arrival else None,
        feed=run.contract.feed,
        file_name=told,
        bytes=arrival.received.size if arrival else None,
        format=None,
        contract_version=run.contract.version,
        file_date=arrival.name_date if arrival else None,
        received_at=arrival.received_at if arrival else None,
        status="rejected",
        reason=problem.reason,
        received=0,
        accepted=0,
        quarantined=0,
        duplicate=0,
        late=0,
        extra_columns=None,
        run_id=run.run_id,
        landed_at=run.now,
    )
    with writer_lock(run.home, BRONZE, purpose=f"rejecting {run.contract.feed} {told}"):
        known = run.con.execute(
            f"SELECT 1 FROM {BRONZE}.landing_files WHERE feed = ? AND file_name = ? AND reason = ? "
            "AND status = 'rejected' AND file_sha256 IS NOT DISTINCT FROM ?",
            [record.feed, told, problem.reason, record.file_sha256],
        ).fetchone()
        if known is None:
            commit_rejection(run.con, record, problem.verdicts if isinstance(problem, GateStopped) else ())
    return FileReport(told, record.file_sha256, "rejected", reason=problem.reason, detail=problem.detail or None)
