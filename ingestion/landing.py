"""Landing: files of one feed become typed, checked, deduplicated rows of bronze, and every row is accounted for.

For each file: its bytes go to landing first (`receiving`, `store`); then it is read and checked (`batch`), what was
refused is set aside (`refusals`), coordinates and identities are treated (`positions`, `identities`), duplicates are
settled (`duplicates`), the batch is judged (`gate`), and everything is committed at once (`bronze_commit`). A crash
anywhere leaves the lake as it was; landing the file again then does the rest.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import structlog

from ingestion.adapters import FileRejected
from ingestion.ahead import Begun, begin
from ingestion.bronze_tables import ensure_bronze_tables
from ingestion.contracts import Contract, load_contract
from ingestion.file_names import name_allowed
from ingestion.gate import expectations_of
from ingestion.landing_file import land_file
from ingestion.landing_run import LandingRun
from ingestion.limits import LandingLimits
from ingestion.report import FileReport, LandReport
from ingestion.secrets import load_key
from lake.engine import open_engine, sql_text
from lake.extensions import load_extension
from lake.home import Home
from lake.lakes import BRONZE, attach
from lake.settings import Settings
from lake.writer_lock import writer_lock

log = structlog.get_logger()
_BYTES_A_ROW = 50  # at least, in any format: files too small for a second thread are landed faster by one


def land_files(
    home: Home, feed: str, files: Sequence[Path], *, run_id: str | None = None, now: datetime | None = None
) -> LandReport:
    """Land files of a feed, in the order given. Raises UnknownFeed; a bad file is reported, never raised.

    `now` is the present instant (default: the clock's); it bounds times of rows whose file says no received time.
    """
    contract = load_contract(feed)
    run = run_id or f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    moment = now or datetime.now(UTC)
    _make_ready(home, contract)
    first = begin(home, contract, _naive_utc(moment), Path(files[0])) if files else None  # while the lake is opened
    try:
        with open_run(home, contract, run, moment, files) as landing:
            begun = [first, *[None] * len(files)]
            reports = [
                _land_one(landing, Path(file), place, len(files), begun[place - 1])
                for place, file in enumerate(files, 1)
            ]
    finally:
        if isinstance(first, Begun):
            first.abandon()
    return LandReport(feed, tuple(reports), run)


def _make_ready(home: Home, contract: Contract) -> None:
    home.ensure()
    if any(column.treatment is not None and column.treatment.kind.startswith("hmac") for column in contract.columns):
        load_key(home)  # one that is made now is on disk before the bytes that it would wait for


def open_run(home: Home, contract: Contract, run_id: str, now: datetime, files: Sequence[Path] = ()) -> LandingRun:
    """An engine with the bronze lake attached, its tables made, and from then on kept to this installation's folders
    and `files`; closed by leaving the context."""
    _make_ready(home, contract)
    size = sum(map(_size, files))
    threads = Settings.current().threads_for(size // _BYTES_A_ROW) if files else None
    con = open_engine(home, memory_limit=LandingLimits().memory, threads=threads)
    if contract.has_personal_data:
        # What spills to disk holds identities. DuckDB's own cipher cannot write; httpfs brings OpenSSL's.
        load_extension(con, "httpfs")
        con.execute("SET temp_file_encryption = true")
    attach(con, home, BRONZE)
    with writer_lock(home, BRONZE, purpose=f"tables of {contract.feed}"):
        ensure_bronze_tables(con, [contract])
    _confine(con, home, files)
    return LandingRun(home, con, contract, run_id, _naive_utc(now), expectations_of(home, contract))


def _confine(con: duckdb.DuckDBPyConnection, home: Home, files: Sequence[Path]) -> None:
    # The engine parses text of unknown senders: whatever that may make it do, it opens nothing else, keys least of all.
    folders = ", ".join(sql_text(f"{folder}/") for folder in (home.landing, home.lake, home.tmp, home.inbox))
    con.execute(f"SET allowed_directories = [{folders}]")
    named = [sql_text(file) for file in files if name_allowed(file.name)]
    con.execute(f"SET allowed_paths = [{', '.join(named)}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def _land_one(run: LandingRun, file: Path, place: int, count: int, begun: Begun | FileRejected | None) -> FileReport:
    started = time.monotonic()
    report = land_file(run, file, begun)
    seconds = time.monotonic() - started
    say = log.warning if report.status == "rejected" else log.info
    say(
        f"file {report.status}",
        feed=run.contract.feed,
        file=report.file,
        place=f"{place}/{count}",
        rows=report.received,
        accepted=report.accepted,
        quarantined=report.quarantined,
        duplicate=report.duplicate,
        late=report.late,
        seconds=round(seconds, 2),
        rows_per_s=round(report.received / seconds) if seconds else None,
        **({"reason": report.reason} if report.reason else {}),
    )
    return report


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except (OSError, ValueError):  # it is gone, or its name cannot be one: told when its turn comes
        return 0


def _naive_utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
