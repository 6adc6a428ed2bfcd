"""Retention, compaction and clean-up of both lakes, for the scheduler and the command line alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lake.home import Home


def maintain_lakes(home: Home, now: datetime | None = None) -> dict[str, Any]:
    """Deletes what the contracts no longer allow to keep, merges small files, removes expired ones."""
    from ingestion.contracts import all_contracts
    from lake.maintenance import maintain

    retention_days = {contract.feed: contract.retention_days for contract in all_contracts()}
    return dict(maintain(home, retention_days=retention_days, now=now or datetime.now(UTC)))
