"""Warehouse to serving file, for the scheduler and the command line alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lake.home import Home


def publish_edition(home: Home, *, reason: str | None = None, now: datetime | None = None) -> dict[str, Any]:
    """Publishes what the last passed build left: status "published", "unchanged" (same content) or "refused"."""
    raise NotImplementedError
