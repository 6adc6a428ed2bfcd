"""Both lakes made again from landing alone, held against what is published, and only then put in place.

Landing is the source: every file as received, with a manifest that says under which names and when it came. What landing
cannot know is carried over where the old lakes can still be read: the installed map, which dates have expired (with their
figures, whose detail is gone for good), and what was published, restated and approved (`pipeline/carried_over.py`). Where
they cannot, the serving file tells of its own past.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import structlog

from ingestion.contracts import all_contracts
from ingestion.store import manifests
from lake.engine import sql_name, sql_text
from lake.home import Home
from lake.lakes import BRONZE, LAKES, WAREHOUSE, lake_exists
from lake.published_contract import written_tables
from lake.settings import Settings
from lake.writer_lock import writer_lock
from pipeline.build import build
from pipeline.carried_over import carry_history, carry_landing, carry_map, forget_snapshots, replayed_feeds
from pipeline.publish import publish_edition
from pipeline.relanding import reland

log = structlog.get_logger(__name__)
_BESIDE = "rebuild"  # folder of the data root in which the new lakes are made
_ASIDE = "lake-before-"  # folder of the data root in which the old ones wait for the new to be verified
_KEPT = "lake-kept-"  # and where `keep_old` leaves them
_TAKEN = ".taken"  # mark in that folder: all of the old lakes are here

Tell = Callable[[str], None]


@dataclass(frozen=True)
class RebuildReport:
    """`verified`: the same content hash as published (or nothing was published to hold it against). `differs`: the old
    lakes are still in place and the new ones beside them in `place`; `differences` count rows by table."""

    status: Literal["verified", "differs", "failed"]
    content_hash: str | None
    published_hash: str | None
    place: Path
    files: int
    without_bytes: int
    replaced: bool = False
    kept_aside: Path | None = None
    differences: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return 0 if self.status == "verified" else 1

    def as_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "place": str(self.place),
            "kept_aside": str(self.kept_aside) if self.kept_aside else None,
        }


def rebuild(
    home: Home,
    *,
    into: Path | None = None,
    accept: bool = False,
    keep_old: bool = False,
    now: datetime | None = None,
    tell: Tell = log.info,
) -> RebuildReport:
    """Make both lakes of `home` again from its landing folder.

    With `into` the new lakes are made under another data root, which shares landing and keys with this one, and nothing
    here changes. Else they are made beside the old ones and take their place once they give the content hash that is
    published, or with `accept` whatever they give; the old ones are then removed, unless `keep_old`. No landing, build
    or publication may run meanwhile: stop the scheduler. Raises ValueError for PostgreSQL catalogs (restore those from
    the server's own backup) and for an `into` that already holds a lake, LookupError where nothing has ever landed.
    """
    now = now or datetime.now(UTC)
    settings = Settings.current()
    if settings.bronze_catalog or settings.warehouse_catalog:
        raise ValueError("lakes with PostgreSQL catalogs are not rebuilt: restore them from the server's backup")
    home.ensure()
    _mend_swap(home)
    if not _holds_anything(home):
        raise LookupError(
            f"nothing to rebuild: nothing has landed in {home.landing} yet, and there is no lake and no edition"
        )
    if into is None and lake_exists(home, BRONZE) and lake_exists(home, WAREHOUSE):
        _bring_up_to_date(home, now, tell)
    target = _prepare(home, into)
    published_hash = _published_hash(home)

    carry_map(home, target)
    landed = reland(home, target, tell=tell)
    carry_landing(home, target)
    _replay(home, target, now, tell)
    tell("building")
    built = build(target, full=True, run_id="rebuild", now=now)
    if built.status == "failed":
        problems = [f"{failure['node']}: {failure['message']}" for failure in built.failures]
        return RebuildReport(
            "failed",
            None,
            published_hash,
            target.root,
            landed.files,
            landed.without_bytes,
            problems=[*landed.damaged, *problems],
        )
    carry_history(home, target)
    if home.published_file.exists():
        shutil.copyfile(home.published_file, target.published_file)
    publication = publish_edition(target, reason="rebuilt from landing", now=now)
    forget_snapshots(target, keep=publication["edition"] if publication["status"] == "published" else None)
    content_hash = publication["content_hash"]
    # Damaged bytes may be missing from the lake where no published figure shows it.
    same = publication["status"] != "refused" and published_hash in (None, content_hash) and not landed.damaged
    report = RebuildReport(
        status="verified" if same else "differs",
        content_hash=content_hash,
        published_hash=published_hash,
        place=target.root,
        files=landed.files,
        without_bytes=landed.without_bytes,
        differences=[] if same else differences(home.published_file, target.published_file),
        problems=[*landed.damaged, *publication["problems"]],
    )
    if into is not None or not (same or accept) or publication["status"] == "refused":
        return report
    return _put_in_place(home, target, report, keep_old=keep_old, now=now, tell=tell)


def differences(before: Path, now: Path) -> list[dict[str, Any]]:
    """Rows of two published files that are in one alone, by table: {"table", "only_before", "only_now"}."""
    found = []
    with duckdb.connect() as con:
        con.execute(f"ATTACH {sql_text(before)} AS a (READ_ONLY); ATTACH {sql_text(now)} AS b (READ_ONLY)")
        tables = con.execute(
            "SELECT DISTINCT table_name FROM duckdb_tables() WHERE database_name IN ('a', 'b') ORDER BY 1"
        ).fetchall()
        for (table,) in tables:
            if table in written_tables():
                continue
            columns = con.execute(
                """SELECT column_name FROM duckdb_columns() WHERE database_name IN ('a', 'b') AND table_name = ?
                     AND column_name <> 'edition' GROUP BY ALL HAVING count(*) = 2 ORDER BY 1""",
                [table],
            ).fetchall()
            if not columns:
                found.append({"table": table, "only_before": None, "only_now": None})
                continue
            names = ", ".join(
                f"round({sql_name(name)}, 9)" if kind in ("DOUBLE", "FLOAT") else sql_name(name)
                for name, kind in _kinds(con, table, [name for (name,) in columns])
            )
            counts = [
                con.execute(
                    f"SELECT count(*) FROM (SELECT {names} FROM {one}.{sql_name(table)} "
                    f"EXCEPT ALL SELECT {names} FROM {other}.{sql_name(table)})"
                ).fetchone()
                for one, other in (("a", "b"), ("b", "a"))
            ]
            only_before, only_now = (int(row[0]) if row else 0 for row in counts)
            if only_before or only_now:
                found.append({"table": table, "only_before": only_before, "only_now": only_now})
    return found


def _kinds(con: duckdb.DuckDBPyConnection, table: str, names: list[str]) -> list[tuple[str, str]]:
    kinds = {row[0]: row[1] for row in con.execute(f"DESCRIBE b.{sql_name(table)}").fetchall()}
    return [(name, kinds[name]) for name in names]


def _prepare(home: Home, into: Path | None) -> Home:
    """The data root of the new lakes: landing, keys and scratch are those of `home`, everything else is its own.

    The scratch, because it holds received bytes in the clear: what a killed rebuild leaves is swept with that of `home`.
    """
    target = Home(into or home.root / _BESIDE)
    if into is None:
        shutil.rmtree(target.root, ignore_errors=True)  # what an earlier rebuild left; links in it are not followed
    elif any(lake_exists(target, name) for name in LAKES):
        raise ValueError(f"{target.root} already holds a lake")
    target.root.mkdir(parents=True, exist_ok=True)
    scratch = target.root / "tmp"
    if scratch.is_dir() and not scratch.is_symlink():
        if any(scratch.iterdir()):
            raise ValueError(f"{scratch} is not empty: remove what it holds, or rebuild into another folder")
        scratch.rmdir()
    for name in ("landing", "secrets", "tmp"):
        link = target.root / name
        if not link.exists():
            link.symlink_to(getattr(home, name), target_is_directory=True)
    return target.ensure()


def _holds_anything(home: Home) -> bool:
    # Landing counts without any lake: that is what a rebuild is for. So does what would show that landing is lost.
    if home.published_file.exists() or any(lake_exists(home, name) for name in LAKES):
        return True
    return any(True for contract in all_contracts() for _ in manifests(home, contract.feed))


def _bring_up_to_date(home: Home, now: datetime, tell: Tell) -> None:
    """Publish what has landed, so that what is published and what is made again rest on the same files."""
    try:
        tell("bringing the published edition up to date")
        build(home, run_id="before-rebuild", now=now)
        publish_edition(home, reason="before a rebuild", now=now)
    except Exception as error:  # the lake may be what is broken
        log.warning("the old lakes could not be brought up to date", error=str(error)[:300])


def _replay(home: Home, target: Home, now: datetime, tell: Tell) -> None:
    """Try refused rows again where that was done before: rows that came before their time may pass now."""
    from ingestion.replay import replay

    known = {contract.feed for contract in all_contracts()}
    for feed in sorted(replayed_feeds(home) & known):
        tell(f"replaying refused rows of {feed}")
        replay(target, feed, now)


def _published_hash(home: Home) -> str | None:
    if not home.published_file.exists():
        return None
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        row = con.execute("SELECT content_hash FROM editions ORDER BY edition DESC LIMIT 1").fetchone()
    return str(row[0]) if row else None


def _put_in_place(
    home: Home, target: Home, report: RebuildReport, *, keep_old: bool, now: datetime, tell: Tell
) -> RebuildReport:
    aside = home.root / f"{_ASIDE}{now:%Y%m%dT%H%M%SZ}"
    with writer_lock(home, BRONZE, purpose="rebuilding"), writer_lock(home, WAREHOUSE, purpose="rebuilding"):
        reland(home, target, tell=tell)  # what arrived meanwhile: its bytes are known already, its rows perhaps not
        tell("putting the new lakes in place")
        aside.mkdir(mode=0o700)
        _move(home.lake, aside)
        (aside / _TAKEN).touch()
        _move(target.lake, home.lake)
    published = publish_edition(home, reason="rebuilt from landing", now=now)
    problems = [*report.problems, *published["problems"]]
    if published["status"] == "refused":
        return RebuildReport(
            **{**asdict(report), "status": "failed", "replaced": True, "kept_aside": aside, "problems": problems}
        )
    kept = home.root / aside.name.replace(_ASIDE, _KEPT) if keep_old else None
    if kept is None:
        shutil.rmtree(aside)  # it may hold rows that retention is to delete
    else:
        aside.rename(kept)
    shutil.rmtree(target.root)
    return RebuildReport(**{**asdict(report), "place": home.root, "replaced": True, "kept_aside": kept})


def _move(source: Path, target: Path) -> None:
    """Both lakes, but not the lock files: a writer that waits for a lock must find the same one."""
    for path in _lake_parts(source):
        os.replace(path, target / path.name)  # onto a folder: only where that is empty


def _mend_swap(home: Home) -> None:
    """Put the old lakes back where a rebuild was killed between taking them away and putting the new ones in place."""
    waiting = sorted(home.root.glob(f"{_ASIDE}*"))
    if waiting and not all(lake_exists(home, name) for name in LAKES):
        log.warning("a rebuild was interrupted: the lakes of before are put back", place=str(waiting[-1]))
        with writer_lock(home, BRONZE, purpose="rebuilding"), writer_lock(home, WAREHOUSE, purpose="rebuilding"):
            if (
                waiting[-1] / _TAKEN
            ).exists():  # all of the old ones: what lies in their place is new, and not all there
                for path in _lake_parts(home.lake):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            _move(waiting[-1], home.lake)
            shutil.rmtree(waiting[-1])


def _lake_parts(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.split(".")[0] in LAKES)
