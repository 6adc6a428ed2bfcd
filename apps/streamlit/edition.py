"""The published edition: the one file the portal opens, always read-only.

A DuckDB process keeps one instance a path, so `duckdb.connect(path)` after the file was replaced by a rename would go on
serving the old bytes while any older connection lives. Every edition is therefore attached read-only to an in-memory
instance of its own, and then external access is switched off and the configuration locked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import duckdb
import polars as pl
import streamlit as st
import structlog

log = structlog.get_logger()

REQUIRED_TABLES = (
    "kpi_values", "kpi_definitions", "rule_comparisons", "kpi_value_history", "restatements", "event_counts",
    "camera_coverage", "case_performance", "event_funnel", "cameras_to_recalibrate", "repeat_places",
    "waste_trips", "waste_conformance", "mass_balance", "suspected_dumps", "night_construction", "track_quality",
    "population_counts", "data_accounting", "editions", "townships", "event_types", "quarantine_reasons", "feeds",
    "batch_gates",
)  # fmt: skip


class Fingerprint(NamedTuple):
    """What tells one published file from the next without opening it."""

    inode: int
    mtime_ns: int
    size: int


class EditionUnavailable(Exception):
    """There is no edition to show: the file is missing, is no DuckDB file, or lacks tables (named in `detail`)."""

    def __init__(self, problem: Literal["missing", "unreadable", "incomplete"], path: Path, detail: str = "") -> None:
        super().__init__(f"{problem}: {path} {detail}".strip())
        self.problem = problem
        self.path = path
        self.detail = detail


@dataclass(frozen=True)
class Edition:
    """An open published file. `published_at` is UTC; `data_through` is the last business date with KPI values."""

    edition: str
    published_at: datetime
    content_hash: str
    code_version: str
    data_through: date
    fingerprint: Fingerprint
    connection: duckdb.DuckDBPyConnection

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The rows of one parameterised query (`$name`), on a cursor of its own: sessions run in threads."""
        cursor = self.connection.cursor()
        try:
            cursor.execute("USE published")  # a cursor is a session of its own and starts in the empty memory catalog
            return cursor.execute(sql, dict(parameters or {})).pl()
        finally:
            cursor.close()


def published_path() -> Path:
    """`$YUNJIAN_HOME/published/published.duckdb` (home defaults to ./var)."""
    return Path(os.environ.get("YUNJIAN_HOME") or "var").expanduser().absolute() / "published" / "published.duckdb"


def fingerprint(path: Path) -> Fingerprint | None:
    """The file's identity now; None while it is missing."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return Fingerprint(stat.st_ino, stat.st_mtime_ns, stat.st_size)


def open_edition(path: Path) -> Edition:
    """The edition that is being served now, opened once per file and shared by all sessions.

    Raises EditionUnavailable.
    """
    seen = fingerprint(path)
    if seen is None:
        raise EditionUnavailable("missing", path)
    edition = _opened(str(path), seen)
    if edition.fingerprint != seen:  # replaced between look and open: the open file is what counts
        log.info("edition_replaced_while_opening", edition=edition.edition)
    return edition


@st.cache_resource(max_entries=2, show_spinner=False)
def _opened(path_text: str, seen: Fingerprint) -> Edition:
    path = Path(path_text)
    connection = _attached(path)
    try:
        edition = _described(connection, path, seen)
    except Exception:
        connection.close()
        raise
    log.info("edition_opened", edition=edition.edition, content_hash=edition.content_hash, path=path_text)
    return edition


def _attached(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": 2,
            "memory_limit": "512MB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_unsigned_extensions": False,
        },
    )
    try:
        connection.execute("ATTACH '" + str(path).replace("'", "''") + "' AS published (READ_ONLY)")
        connection.execute("USE published")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except duckdb.Error as error:
        connection.close()
        raise EditionUnavailable("missing" if not path.exists() else "unreadable", path, str(error)) from error
    return connection


def _described(connection: duckdb.DuckDBPyConnection, path: Path, seen: Fingerprint) -> Edition:
    tables = {
        name
        for (name,) in connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'published'"
            " UNION ALL SELECT view_name FROM duckdb_views() WHERE database_name = 'published'"
        ).fetchall()
    }
    absent = [table for table in REQUIRED_TABLES if table not in tables]
    if absent:
        raise EditionUnavailable("incomplete", path, ", ".join(absent))
    try:
        latest = connection.execute(
            "SELECT edition, published_at, content_hash, code_version FROM editions"
            " ORDER BY edition = (SELECT max(edition) FROM kpi_values) DESC, published_at DESC, edition DESC LIMIT 1"
        ).fetchone()
        through = connection.execute("SELECT max(business_date) FROM kpi_values").fetchone()
    except duckdb.Error as error:
        raise EditionUnavailable("incomplete", path, str(error)) from error
    if latest is None or through is None or through[0] is None:
        raise EditionUnavailable("incomplete", path, "editions, kpi_values: 0")
    name, published_at, content_hash, code_version = latest
    return Edition(
        edition=str(name),
        published_at=_utc(published_at),
        content_hash=str(content_hash),
        code_version=str(code_version or ""),
        data_through=through[0],
        fingerprint=seen,
        connection=connection,
    )


def _utc(moment: datetime | str) -> datetime:
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
