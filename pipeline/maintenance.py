"""Retention, compaction and clean-up of both lakes, for the scheduler and the command line alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import structlog

from lake.home import Home

log = structlog.get_logger(__name__)


def maintain_lakes(home: Home, now: datetime | None = None) -> dict[str, Any]:
    """Deletes what the contracts no longer allow to keep (rows, then the received bytes they came from), merges small
    files, removes expired ones, and brings the pages about models and checked batches up to date."""
    from ingestion.contracts import all_contracts
    from ingestion.expiry import expire_received
    from lake.maintenance import maintain

    now = now or datetime.now(UTC)
    contracts = all_contracts()
    report = maintain(home, retention_days={c.feed: c.retention_days for c in contracts}, now=now)
    return {**report, "received": expire_received(home, contracts, now), "docs": _documented(home)}


def _documented(home: Home) -> str:
    """Pages that cannot be written are told, and stop nothing."""
    from pipeline.docs import build_docs

    try:
        return str(build_docs(home, only_if_changed=True)["dbt"])
    except Exception as error:
        log.warning("documentation was not brought up to date", because=str(error)[:300])
        return f"not brought up to date: {error}"
