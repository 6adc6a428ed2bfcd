"""The landing of one file, step by step."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import structlog

from ingestion import batch as batches
from ingestion.accounting import balance
from ingestion.adapters import ClearFile, FileRejected, names_people, recognise
from ingestion.adapters.ndjson import FORMAT as NDJSON
from ingestion.adapters.opening import open_reader
from ingestion.adapters.plain_copy import plain_copy
from ingestion.adapters.reading import NeedsCarefulReading, NeedsTextReading, Reading
from ingestion.adapters.scanned import ScannedReader
from ingestion.ahead import Begun, take_in
from ingestion.arrivals import keep_bytes, landed_before
from ingestion.batch import Batch, stage
from ingestion.bronze_commit import commit_batch, write_parquet
from ingestion.duplicates import drop_repeats, meet_landed
from ingestion.file_faults import is_of_file, rejecting, told
from ingestion.file_names import date_in, received_in, visible_name
from ingestion.gate import GateResult, check_batch, stopped_by
from ingestion.identities import pseudonymise_batch
from ingestion.landing_run import Arrival, ChangedWhileRead, GateStopped, LandingRun, file_record, reject
from ingestion.lateness import late_by_date
from ingestion.positions import convert_positions
from ingestion.profile import BatchProfile
from ingestion.receiving import NoSuchFile
from ingestion.refusals import collect_refusals
from ingestion.report import FileReport
from ingestion.rules import FileFacts
from ingestion.scan import is_for_scanning, scan_batch
from ingestion.scanning.left_texts import FileChanged
from ingestion.second_look import look_again
from ingestion.unpacking import opened
from lake.commit import one_state
from lake.lakes import BRONZE
from lake.scratch import scratch_folder
from lake.writer_lock import writer_lock

log = structlog.get_logger()


def land_file(run: LandingRun, source: Path, begun: Begun | FileRejected | None = None) -> FileReport:
    """Land one file and say what became of it. `begun`: what has been begun of it, or why nothing could be."""
    try:
        if isinstance(begun, FileRejected):
            raise begun
        begun = begun or take_in(run.home, run.contract, run.now, source)
    except FileRejected as problem:
        if isinstance(problem, NoSuchFile) or not os.path.lexists(source):
            # Nothing came: a mistyped path, or a file that its source took back. The lake has nothing to remember of it.
            return FileReport(visible_name(source.name), None, "rejected", reason=NoSuchFile.REASON, detail=str(source))
        return reject(run, source.name, None, problem)
    received = begun.received
    arrival = Arrival(received, date_in(received.name), received_in(received.name))
    try:
        with one_state(run.con):  # of the lake, asked once
            earlier = landed_before(run, arrival)
            facts = facts_of(run, arrival.received_at, arrival.name_date)
        if earlier is not None:
            keep_bytes(run, arrival)
            return earlier
        with scratch_folder(run.home, "landing") as scratch:
            blamed = rejecting(run.contract.feed, received.name, arrival.name_date, sealed=received.sealed)
            with blamed, opened(received, scratch) as file:
                checked = _check(run, arrival, file, facts, scratch, begun.reader)
            return _commit(run, arrival, checked)
    except (ChangedWhileRead, FileChanged):  # no bytes to keep: neither the former nor the present ones were read whole
        return reject(run, received.name, None, ChangedWhileRead())
    except FileRejected as problem:
        try:
            keep_bytes(run, arrival)
        except ChangedWhileRead as change:
            return reject(run, received.name, None, change)
        return reject(run, received.name, arrival, problem)
    finally:
        begun.abandon()
        batches.clear(run.con)


@dataclass(frozen=True)
class _Checked:
    """A file's rows, read and judged by themselves: what is left is to meet the lake."""

    staged: Batch
    file_date: date
    good: Mapping[date, int]
    refused: Mapping[date, int]
    late: Mapping[date, int]
    profile: BatchProfile | None


def _check(
    run: LandingRun, arrival: Arrival, file: ClearFile, facts: FileFacts, scratch: Path, reader: ScannedReader | None
) -> _Checked:
    """All that depends on the file alone. Nothing of it is in the lake yet, so an error here may be the file's own."""
    staged = read_batch(run, file, facts, scratch, reader=reader)
    good = staged.good_by_date()
    # A file of an append feed without a date in its name is of the latest date it holds.
    latest = max(good, default=run.today) if run.contract.business_date_column else run.today
    file_date = arrival.name_date or latest
    refused = collect_refusals(staged, run.home, file_date)
    convert_positions(staged)
    pseudonymise_batch(staged, run.home)
    staged.arrange()
    drop_repeats(staged, arrival.received_at)
    late = late_by_date(staged, arrival.received_at, file_date)
    profile = _profile(staged, arrival, sum(refused.values()), sum(late.values()))
    return _Checked(staged, file_date, good, refused, late, profile)


def _commit(run: LandingRun, arrival: Arrival, checked: _Checked) -> FileReport:
    """The file's bytes into landing, its rows into the lake, or an error: that one is never the file's own."""
    contract, staged, late, profile = run.contract, checked.staged, checked.late, checked.profile
    # The gate is Python's work, and needs neither the rows nor the engine: what is left goes on beside it.
    is_quick = run.expectations.is_imported
    with ThreadPoolExecutor(1, thread_name_prefix="gate") as beside:
        judged = beside.submit(check_batch, run.expectations, contract, profile, run.now) if profile else None
        keep_bytes(run, arrival)
        if judged and not is_quick:  # nobody else is to wait for an import
            wait([judged])
        repeats = staged.dropped()
        with writer_lock(run.home, BRONZE, purpose=f"landing {contract.feed} {arrival.received.name}"):
            # Another process may have landed the same bytes since they were asked for without the lock.
            earlier = landed_before(run, arrival)
            if earlier is not None:
                return earlier
            duplicate = meet_landed(staged, arrival.sha256, arrival.received_at)
            if staged.dropped() != repeats:
                late = late_by_date(staged, arrival.received_at, checked.file_date)
            ledger = balance(checked.good, checked.refused, duplicate, late, received=staged.received)
            record = file_record(run, arrival, checked.file_date, staged.reader, ledger)
            files = write_parquet(run.home, staged, arrival.sha256)
            commit_batch(staged, record, ledger, files, _passed(judged.result(), files) if judged else [])
    return FileReport(
        record.file_name,
        record.file_sha256,
        "landed",
        record.received,
        record.accepted,
        record.quarantined,
        record.duplicate,
        record.late,
        extra_columns=staged.reader.extra_columns,
        business_dates=[day.isoformat() for day in ledger.days],
    )


def read_batch(
    run: LandingRun, file: ClearFile, facts: FileFacts, scratch: Path, *, scans: bool = True,
    reader: ScannedReader | None = None,
) -> Batch:  # fmt: skip
    """The file's rows, typed and checked; a file the fast readers cannot number exactly is read a second time.

    Without `scans` they are in any case staged in a table, in which they can be changed. `reader`: who has begun to scan it.
    """
    way = Reading.SCANNED if scans and is_for_scanning(run.contract, file) else Reading.TYPED
    while True:
        try:
            if way is Reading.SCANNED:
                return scan_batch(run.con, run.contract, file, facts, reader)
            with open_reader(run.con, run.contract, file, scratch, way) as opened_reader:
                return look_again(stage(run.con, run.contract, opened_reader, facts), facts)
        except NeedsTextReading as need:
            way, because = Reading(way + 1), str(need)
        except (NeedsCarefulReading, duckdb.InvalidInputException) as problem:
            if isinstance(problem, duckdb.Error) and not is_of_file(problem):
                raise
            because = told(problem, sealed=names_people(run.contract, file.name, file.head))
            # DuckDB gives up on a line over its limit; reading line by line, only that line is refused.
            if way is Reading.CAREFUL:
                raise FileRejected("unreadable_format", because) from problem
            plain = None if file.plain else _plain(run, file, scratch)
            if plain is None:
                way = Reading.CAREFUL
            else:
                file = plain
        log.info(
            "reading again", way=way.name.lower(), plain=bool(file.plain), feed=run.contract.feed, file=file.name,
            because=because,
        )  # fmt: skip


def _plain(run: LandingRun, file: ClearFile, scratch: Path) -> ClearFile | None:
    """The file with a copy of plain lines for the parser, where its format has one."""
    if recognise(run.contract, file.name, file.head).format != NDJSON:
        return None
    try:
        return replace(file, plain=plain_copy(file.path, scratch / "plain"))
    except NeedsCarefulReading:
        return None


def facts_of(run: LandingRun, received_at: datetime | None, file_date: date | None) -> FileFacts:
    """What is known of a file before its rows are; `received_at` is naive UTC."""
    return FileFacts(
        now=run.now,
        file_received=received_at,
        file_date=file_date or run.today,
        expired_dates=_expired_dates(run),
    )


def _expired_dates(run: LandingRun) -> list[date]:
    # Of all feeds: for a filter DuckLake asks its catalog for more than the few rows there are.
    rows = run.con.execute(f"SELECT feed, business_date FROM {BRONZE}.expired_dates").fetchall()
    return sorted({day for feed, day in rows if feed == run.contract.feed})


def _profile(staged: Batch, arrival: Arrival, refused: int, late: int) -> BatchProfile | None:
    """What the gate is shown; None where the contract has no gate.

    Before the batch meets what has landed: its verdict is of its own content, whichever other file came first.
    """
    contract = staged.contract
    if not contract.gate:
        return None
    nulls, distinct = staged.column_profile(contract.gate)
    repeats = staged.dropped()
    return BatchProfile(
        feed=contract.feed,
        file_name=arrival.received.name,
        file_sha256=arrival.sha256,
        received=staged.received,
        accepted=staged.received - refused - repeats,
        quarantined=refused,
        duplicate=repeats,
        late=late,
        null_share=nulls,
        distinct=distinct,
    )


def _passed(verdicts: list[GateResult], files: Sequence[Path]) -> list[GateResult]:
    """The gate's verdicts. Raises GateStopped when one of them keeps the batch out; then its files go."""
    stopped = stopped_by(verdicts)
    if stopped is None:
        return verdicts
    for file in files:
        file.unlink()
    raise GateStopped(stopped, verdicts)
