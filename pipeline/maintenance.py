"""Retention, compaction and clean-up of both lakes, for the scheduler and the command line alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lake.home import Home


def maintain_lakes(home: Home, now: datetime | None = None) -> dict[str, Any]:
    """Deletes what the contracts no longer allow to keep (rows, then the received bytes they came from), merges small
    files, removes expired ones, and brings the pages about models and checked batches up to date."""
    from ingestion.contracts import all_contracts
    from ingestion.expiry import expire_received
    from lake.maintenance import maintain
    from pipeline.docs import refresh_docs

    now = now or datetime.now(UTC)
    contracts = all_contracts()
    report = maintain(home, retention_days={c.feed: c.retention_days for c in contracts}, now=now)
    return {**report, "received": expire_received(home, contracts, now), "docs": refresh_docs(home)}
