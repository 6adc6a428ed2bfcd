"""Publication: from the warehouse to the file officials see, all of it or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb
import structlog

from lake.bookkeeping import (
    Build,
    Edition,
    as_utc,
    ensure_bookkeeping,
    known_editions,
    last_build,
    record_editions,
)
from lake.commit import commit, one_state
from lake.content_hash import content_hash
from lake.edition_file import SCHEMA, building, missing_parts
from lake.engine import open_engine, use_threads
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, LakeMissing, attach
from lake.official_values import HISTORY as VALUE_HISTORY
from lake.official_values import OFFICIAL, VALUES, new_history, propose, seed_history
from lake.published_contract import HISTORY, RESTATEMENTS
from lake.relations import table_names
from lake.restatements import SERVED, CauseFinder, mend_ledger_from, note_changes, record_ledger
from lake.serving import (
    clear_aside,
    edition_path,
    install,
    path_aside,
    prune,
    served_editions,
    serving_file,
)
from lake.settings import Settings
from lake.table_statistics import rows_in_schema
from lake.verification import accounting_problems, build_problems, contract_problems, history_problems
from lake.writer_lock import writer_lock

log = structlog.get_logger(__name__)

# A further check: gets a connection with the catalogs `built` (schema main), `bronze` and `warehouse`.
Check = Callable[[duckdb.DuckDBPyConnection], list[str]]


@dataclass(frozen=True)
class Publication:
    """What came of it. `edition`, `content_hash` and `path` are the serving edition's; None when there is none."""

    edition: str | None
    status: Literal["published", "unchanged", "refused"]
    content_hash: str | None
    path: Path | None
    problems: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "path": str(self.path) if self.path else None, "problems": list(self.problems)}


def publish(
    home: Home,
    *,
    reason: str,
    code_version: str | None = None,
    now: datetime,
    checks: Sequence[Check] = (),
    find_causes: CauseFinder | None = None,
) -> Publication:
    """Publish what the last build left in the warehouse schema `published`.

    "published": built aside, verified, swapped in. "unchanged": the serving edition has the same content hash,
    nothing is written. "refused": `problems` say why, and the old edition goes on serving. A crash at any step
    leaves the old serving file or the new one. Runs under the warehouse's writer lock, so that no build is half
    done. Unforeseen errors (a full disk) are raised, with the old edition serving.

    A figure that differs from what was published goes into the ledger with the cause `find_causes` finds; in a closed
    month the published one stays official until the change is approved (`lake/restatements.py`). The edition's
    `code_version` is that of the build where nothing else is said.
    """
    with (
        writer_lock(home, WAREHOUSE, purpose="publishing an edition"),
        open_engine(home, threads=1) as con,
    ):
        clear_aside(home)
        served = served_editions(con, home)
        serving = served[-1] if served else None
        try:
            attach(con, home, WAREHOUSE)
            ensure_bookkeeping(con)
            known = _mend_ledger(con, home, served)
            if known:
                _prune(home, known)
            build = last_build(con)
            problems = build_problems(build)
            if build is None or problems:
                return _refused(home, serving, problems)
            attach(con, home, BRONZE, snapshot=build.bronze_snapshot)
        except LakeMissing as missing:
            return _refused(home, serving, [str(missing)])
        use_threads(con, rows_in_schema(con, WAREHOUSE, SCHEMA))
        problems = missing_parts(con)
        if problems:
            return _refused(home, serving, problems)
        with one_state(con):
            propose(con, now=now, grace_days=Settings.current().closing_grace_days)
        digest = content_hash(con, WAREHOUSE, SCHEMA, instead={VALUES: OFFICIAL})
        if serving and serving.content_hash == digest:
            log.info("the serving edition already says this", edition=serving.edition)
            return Publication(serving.edition, "unchanged", digest, home.published_file)
        edition = _edition(digest, build, known, reason=reason, code_version=code_version, now=now)
        with serving_file(con, home, serving is not None):
            note_changes(con, edition.edition, serving.edition if serving else None, find_causes)
        return _publish(con, home, edition, known, serving, checks)


def _publish(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    edition: Edition,
    known: list[Edition],
    serving: Edition | None,
    checks: Sequence[Check],
) -> Publication:
    aside = path_aside(home)
    try:
        with building(con, aside, edition, known) as built:
            with one_state(con):
                problems = (
                    contract_problems(con, built) or accounting_problems(con, built) or history_problems(con, built)
                )
            if not problems and content_hash(con, built, "main") != edition.content_hash:
                problems = ["the file built is not what the warehouse says"]
            for check in checks:
                problems += check(con)
        if problems:
            return _refused(home, serving, problems)
        install(home, aside, edition.edition)
    finally:
        clear_aside(home)
    # After the swap: a crash in between is mended by the next publication, which reads the serving file's own list.
    record_editions(con, [edition], lambda: record_ledger(con, new_history(edition.edition)))
    removed = _prune(home, [*known, edition])
    log.info("edition published", edition=edition.edition, reason=edition.reason, removed=removed)
    return Publication(edition.edition, "published", edition.content_hash, edition_path(home, edition.edition))


def _edition(
    digest: str, build: Build, known: list[Edition], *, reason: str, code_version: str | None, now: datetime
) -> Edition:
    # Editions sort by time, also when the machine's clock was set back.
    published_at = as_utc(now).replace(microsecond=0)
    if known:
        published_at = max(published_at, known[-1].published_at + timedelta(seconds=1))
    return Edition(
        edition=f"{published_at:%Y%m%dT%H%M%SZ}-{digest[:8]}",
        published_at=published_at,
        content_hash=digest,
        code_version=build.code_version if code_version is None else code_version,
        reason=reason,
        bronze_snapshot=build.bronze_snapshot,
    )


def _mend_ledger(con: duckdb.DuckDBPyConnection, home: Home, served: list[Edition]) -> list[Edition]:
    """All known editions, after noting those that only the serving file knows (a crash, or a new warehouse)."""
    noted = {edition.edition for edition in known_editions(con)}
    lost = [edition for edition in served if edition.edition not in noted]
    with serving_file(con, home, bool(served)):
        told = set(table_names(con, SERVED, "main")) if served else set()
        if lost:
            names = [edition.edition for edition in lost]
            log.warning("editions missing from the ledger are noted again", editions=names)
            with_past = {HISTORY, RESTATEMENTS} <= told
            record_editions(con, lost, (lambda: mend_ledger_from(con, SERVED, names)) if with_past else None)
        if VALUES in told and not con.execute(f"SELECT 1 FROM {VALUE_HISTORY} LIMIT 1").fetchone():
            with commit(con, WAREHOUSE, author="publication", message="history begins", extra={"action": "history"}):
                seed_history(con, SERVED, served[-1].edition)
    return known_editions(con)


def _prune(home: Home, known: Sequence[Edition]) -> list[str]:
    return prune(home, [edition.edition for edition in known], keep=Settings.current().editions_kept)


def _refused(home: Home, serving: Edition | None, problems: Sequence[str]) -> Publication:
    log.error("edition refused", problems=list(problems), serving=serving.edition if serving else None)
    if serving is None:
        return Publication(None, "refused", None, None, tuple(problems))
    return Publication(serving.edition, "refused", serving.content_hash, home.published_file, tuple(problems))
