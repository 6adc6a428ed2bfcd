"""The serving file: read by portal and analysts, replaced in one step, never changed in place."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import duckdb
import structlog

from lake.bookkeeping import Edition
from lake.content_hash import content_hash
from lake.engine import sql_text
from lake.home import Home
from lake.restatements import SERVED

log = structlog.get_logger(__name__)
_ASIDE = ".building-"


def editions_folder(home: Home) -> Path:
    return home.published / "editions"


def edition_path(home: Home, edition: str) -> Path:
    return editions_folder(home) / f"{edition}.duckdb"


def kept_editions(home: Home) -> list[str]:
    """The editions whose files are kept, oldest first."""
    return sorted(path.stem for path in editions_folder(home).glob("*.duckdb"))


def path_aside(home: Home) -> Path:
    """Where an edition is built: the same file system as the serving file, so that a rename is atomic."""
    home.published.mkdir(parents=True, exist_ok=True)
    return home.published / f"{_ASIDE}{os.getpid()}.duckdb"


def clear_aside(home: Home) -> None:
    """Remove what a publication that was killed left; the caller holds the warehouse's writer lock."""
    for path in home.published.glob(f"{_ASIDE}*"):
        path.unlink(missing_ok=True)


def install(home: Home, built: Path, edition: str) -> Path:
    """Make `built` the file of `edition` and the serving file; returns the edition's path.

    A reader, or a crash at any moment, sees the old serving file or the new one, whole: the file is on disk
    before its name is, and the serving name changes hands in one rename. Readers that hold the old file open
    keep it: its bytes live until they close it.
    """
    built.chmod(0o444)  # a plain DuckDB shell that opened it for writing would lock every reader out
    _sync(built)
    editions_folder(home).mkdir(parents=True, exist_ok=True)
    kept = edition_path(home, edition)
    os.replace(built, kept)
    _sync(kept.parent)
    link = home.published / f"{_ASIDE}{os.getpid()}.link"
    link.unlink(missing_ok=True)
    os.link(kept, link)
    os.replace(link, home.published_file)
    _sync(home.published)
    return kept


def prune(home: Home, known: Sequence[str], *, keep: int) -> list[str]:
    """Remove all edition files but those of the newest `keep` of the `known` editions; returns what was removed.

    A file of an edition that is not known never served: its publication was killed before the swap.
    """
    wanted = set(sorted(known)[-keep:])
    removed = [edition for edition in kept_editions(home) if edition not in wanted]
    for edition in removed:
        edition_path(home, edition).unlink(missing_ok=True)
    return removed


@contextmanager
def serving_file(con: duckdb.DuckDBPyConnection, home: Home, present: bool) -> Iterator[None]:
    """The serving file attached as `SERVED` while the body runs; with `present` false nothing is."""
    if not present:
        yield
        return
    con.execute(f"ATTACH {sql_text(home.published_file)} AS {SERVED} (READ_ONLY)")
    try:
        yield
    finally:
        con.execute(f"DETACH {SERVED}")


def served_editions(con: duckdb.DuckDBPyConnection, home: Home) -> list[Edition]:
    """The editions the serving file tells of, oldest first, its own last; none when it is missing or unreadable."""
    if not home.published_file.exists():
        return []
    names = ", ".join(field.name for field in fields(Edition))
    try:
        con.execute(f"ATTACH {sql_text(home.published_file)} AS served (READ_ONLY)")
    except duckdb.Error as error:
        log.error("the serving file cannot be read", file=str(home.published_file), error=str(error))
        return []
    try:
        rows = con.execute(f"SELECT {names} FROM served.main.editions ORDER BY edition").fetchall()
    except duckdb.Error as error:
        log.error("the serving file does not name its edition", file=str(home.published_file), error=str(error))
        return []
    finally:
        con.execute("DETACH served")
    return [Edition(*row) for row in rows]


def serving_problems(con: duckdb.DuckDBPyConnection, home: Home) -> list[str]:
    """What is wrong with the serving file: missing, unreadable, or not the content its edition was hashed from."""
    if not home.published_file.exists():
        return ["nothing has been published yet"]
    editions = served_editions(con, home)
    if not editions:
        return [f"{home.published_file} cannot be read: publish again"]
    con.execute(f"ATTACH {sql_text(home.published_file)} AS served (READ_ONLY)")
    try:
        found = content_hash(con, "served", "main")
    finally:
        con.execute("DETACH served")
    if found != editions[-1].content_hash:
        return [f"the serving file is not what was published as {editions[-1].edition}: publish again"]
    return []


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
