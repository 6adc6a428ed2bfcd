"""Warehouse to serving file, for the scheduler and the command line alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lake.home import Home
from lake.publication import publish
from pipeline.restatement_causes import cause_finder


def publish_edition(home: Home, *, reason: str | None = None, now: datetime | None = None) -> dict[str, Any]:
    """Publishes what the last passed build left: status "published", "unchanged" (same content) or "refused".

    Returns {"edition", "status", "content_hash", "path", "problems"}; edition and path are the serving edition's.
    """
    publication = publish(
        home, reason=reason or "by hand", now=now or datetime.now(UTC), find_causes=cause_finder(home)
    )
    return publication.as_json()
