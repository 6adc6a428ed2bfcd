"""Warehouse to serving file, for the scheduler and the command line alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb

from lake.bookkeeping import last_build
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import WAREHOUSE, LakeMissing, attach
from lake.publication import publish
from pipeline.restatement_causes import cause_finder


def publish_edition(home: Home, *, reason: str | None = None, now: datetime | None = None) -> dict[str, Any]:
    """Publishes what the last passed build left: status "published", "unchanged" (same content) or "refused".

    Returns {"edition", "status", "content_hash", "path", "problems"}; edition and path are the serving edition's.
    """
    built_by = _built_by(home)
    publication = publish(
        home,
        reason=reason or "by hand",
        code_version=built_by,
        now=now or datetime.now(UTC),
        find_causes=cause_finder(home, built_by),
    )
    return publication.as_json()


def _built_by(home: Home) -> str:
    """The version of the rules that made what is published: the last build's."""
    with open_engine(home, temp=False) as con:
        try:
            attach(con, home, WAREHOUSE, read_only=True)
            build = last_build(con)
        except (LakeMissing, duckdb.CatalogException):
            build = None
    return build.code_version if build else "unknown"
