"""Inbox to bronze, for the scheduler and the command line alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lake.home import Home


def land_inbox(home: Home, feed: str, run_id: str | None = None) -> dict[str, Any]:
    """Lands every file that waits in `inbox/<feed>/`; returns the report of `yunjian land` as a mapping.

    A refused file does not stop the others: see `refusals`.
    """
    from ingestion.inbox import land_inbox as land

    return land(home, feed, run_id=run_id).as_json()


def refusals(report: Mapping[str, Any]) -> list[str]:
    """One line a refused file: feed, file, date (when known) and reason."""
    return [
        f"feed {report['feed']}, file {file['file']}, date {file.get('file_date') or 'unknown'}: {file.get('reason')}"
        for file in report["files"]
        if file["status"] == "rejected"
    ]
