"""A second chance for what was refused, after a contract, a code list or a key was mended.

The file is read again from landing, but only the lines that stand open in the quarantine are looked at: those that pass
now become rows (or duplicates) of their business date, and the ledger moves them there; the others stay as they are.
Rejected files are landed again as they came.
"""

from __future__ import annotations

import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import structlog

from ingestion import batch as batches
from ingestion.batch import STAGED, Batch
from ingestion.bronze_commit import write_parquet
from ingestion.contracts import load_contract
from ingestion.duplicates import drop_repeats, meet_landed
from ingestion.identities import pseudonymise_batch
from ingestion.landing import open_run
from ingestion.landing_file import facts_of, land_file, read_batch
from ingestion.landing_run import LandingRun
from ingestion.lateness import late_by_date
from ingestion.positions import convert_positions
from ingestion.receiving import receive
from ingestion.replay_ledger import Recovered, commit_recovered
from ingestion.store import landed_path, open_landed, read_manifest
from ingestion.unpacking import opened
from lake.engine import sql_name, sql_text
from lake.home import Home
from lake.lakes import BRONZE
from lake.scratch import scratch_folder
from lake.writer_lock import writer_lock

log = structlog.get_logger()


@dataclass(frozen=True)
class _Waiting:
    """A landed file with open refusals."""

    sha256: str
    name: str
    file_date: date | None
    received_at: datetime | None


def replay(home: Home, feed: str, now: datetime | None = None, *, run_id: str | None = None) -> dict[str, Any]:
    """Try every open refusal and rejected file of a feed again. Raises UnknownFeed.

    Returns feed, files, tried, accepted, duplicate, still_open, and what became of the rejected files. The ledger
    balances before and after: tried = accepted + duplicate + still_open.
    """
    contract = load_contract(feed)
    run = run_id or f"replay-{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    now = now or datetime.now(UTC)
    totals: Counter[str] = Counter(tried=0, accepted=0, duplicate=0, still_open=0)
    with open_run(home, contract, run, now) as landing:
        waiting, rejected = _waiting(landing), _rejected(landing)
        for file in waiting:
            totals.update(_replay_file(landing, file))
        reports = [_land_again(landing, sha256, name) for sha256, name in rejected]
    return {"feed": feed, "files": len(waiting), **totals, "rejected_files": [r for r in reports if r]}


def _waiting(run: LandingRun) -> list[_Waiting]:
    rows = run.con.execute(
        f"SELECT DISTINCT f.file_sha256, f.file_name, f.file_date, f.received_at FROM {BRONZE}.landing_files AS f "
        f"SEMI JOIN (SELECT file_sha256, file_name FROM {BRONZE}.quarantine WHERE feed = $feed AND state = 'open') "
        "USING (file_sha256, file_name) WHERE f.feed = $feed AND f.status = 'landed' ORDER BY ALL",
        {"feed": run.contract.feed},
    ).fetchall()
    return [_Waiting(*row) for row in rows]


def _rejected(run: LandingRun) -> list[tuple[str, str]]:
    return run.con.execute(
        f"SELECT DISTINCT file_sha256, file_name FROM {BRONZE}.landing_files WHERE feed = ? AND status = 'rejected' "
        "AND file_sha256 IS NOT NULL ORDER BY ALL",
        [run.contract.feed],
    ).fetchall()


@contextmanager
def _fetched(run: LandingRun, sha256: str, name: str) -> Iterator[Path | None]:
    """The landed bytes under their own name, in the clear, for as long as they are read."""
    manifest = read_manifest(run.home, run.contract.feed, sha256)
    if manifest is None or not landed_path(run.home, manifest).is_file():
        log.warning("landed bytes are gone", feed=run.contract.feed, file=name, sha256=sha256)
        yield None
        return
    with scratch_folder(run.home, "replay") as folder:
        path = folder / name
        with open_landed(run.home, manifest) as stream, path.open("xb") as target:
            shutil.copyfileobj(stream, target, 1 << 20)
        yield path


def _land_again(run: LandingRun, sha256: str, name: str) -> dict[str, Any] | None:
    with _fetched(run, sha256, name) as path:
        return None if path is None else land_file(run, path).as_json()


def _replay_file(run: LandingRun, file: _Waiting) -> dict[str, int]:
    with _fetched(run, file.sha256, file.name) as path:
        if path is None:
            return {}
        received = receive(run.home, run.contract.feed, path, seals=lambda _name, _head: False)
        received.forget()  # the bytes are in landing
        try:
            with scratch_folder(run.home, "replay") as scratch:
                with opened(received, scratch) as clear:
                    facts = facts_of(run, file.received_at, file.file_date)
                    staged = read_batch(run, clear, facts, scratch, scans=False)
                    return _recover(run, file, staged)
        finally:
            batches.clear(run.con)
            run.con.execute("DROP TABLE IF EXISTS temp.open_lines")


def _recover(run: LandingRun, file: _Waiting, staged: Batch) -> dict[str, int]:
    con, contract = run.con, run.contract
    # Held from the moment when the open lines are asked for: another replay would recover the same ones.
    with writer_lock(run.home, BRONZE, purpose=f"replaying {contract.feed} {file.name}"):
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE open_lines AS SELECT line, count(*) AS rows FROM {BRONZE}.quarantine "
            "WHERE feed = ? AND file_sha256 = ? AND file_name = ? AND state = 'open' GROUP BY line",
            [contract.feed, file.sha256, file.name],
        )
        _leave_out(staged, f"SELECT _row FROM {staged.numbered} WHERE _line IN (SELECT line FROM open_lines)")
        convert_positions(staged)
        pseudonymise_batch(staged, run.home)
        _leave_out(staged, _refused_before(staged, file.sha256))
        good = staged.good_by_date()
        tried = _one(con.execute("SELECT coalesce(sum(rows), 0) FROM open_lines").fetchone())
        drop_repeats(staged, file.received_at)
        duplicate = meet_landed(staged, file.sha256, file.received_at)
        late = late_by_date(staged, file.received_at, file.file_date)
        recovered = Recovered(file.sha256, file.name, good, duplicate, late)
        if recovered.rows:
            files = write_parquet(run.home, staged, file.sha256)
            commit_recovered(run, staged, recovered, files)
    log.info("file replayed", feed=contract.feed, file=file.name, tried=tried, accepted=recovered.accepted)
    return {
        "tried": tried,
        "accepted": recovered.accepted,
        "duplicate": recovered.rows - recovered.accepted,
        "still_open": tried - recovered.rows,
    }


def _leave_out(staged: Batch, wanted: str) -> None:
    # Neither good (0) nor refused (from 1): rows that a replay has nothing to say about.
    staged.con.execute(f"UPDATE {STAGED} SET _fault = -1 WHERE rowid NOT IN ({wanted})")


def _refused_before(staged: Batch, sha256: str) -> str:
    """The rows that were refused, of lines that may carry several rows (a batch message): SELECT of `_row`.

    A line's good rows were landed the first time; no more rows of it may come now than it had refusals.
    """
    contract = staged.contract
    same = " AND ".join(f"b.{sql_name(name)} IS NOT DISTINCT FROM a.{sql_name(name)}" for name in contract.key)
    landed = (
        f"EXISTS (SELECT 1 FROM {BRONZE}.{sql_name(contract.feed)} AS b WHERE b._file_sha256 = {sql_text(sha256)} "
        f"AND b._line = a._line AND b.business_date = a._date AND {same})"
    )
    return (
        "SELECT _row FROM (SELECT a._row, o.rows, row_number() OVER (PARTITION BY a._line ORDER BY a._row) AS place "
        f"FROM {staged.final()} AS a JOIN open_lines AS o ON o.line = a._line WHERE NOT {landed}) WHERE place <= rows"
    )


def _one(row: tuple[Any, ...] | None) -> int:
    assert row is not None
    return int(row[0])
