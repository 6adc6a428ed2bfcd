"""Inbox to bronze, for the scheduler and the command line alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ingestion.file_names import date_in
from lake.home import Home


def land_inbox(
    home: Home,
    feed: str,
    run_id: str | None = None,
    *,
    from_date: date | None = None,
    to_date: date | None = None,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Lands every file that waits in `inbox/<feed>/`; returns the report of `yunjian land` as a mapping.

    With a date, only files whose names carry a date from `from_date` to `to_date` (both included). A refused file does
    not stop the others: see `refusals`.
    """
    from ingestion.inbox import land_inbox as land

    def dated(path: Path) -> bool:
        day = date_in(path.name)
        return day is not None and (from_date or day) <= day <= (to_date or day)

    only = dated if from_date or to_date else None
    return land(home, feed, only=only, run_id=run_id, now=now).as_json()


def refusals(report: Mapping[str, Any]) -> list[str]:
    """One line a refused file: feed, file, date (as its name says) and reason."""
    lines = []
    for file in report["files"]:
        if file["status"] == "rejected":
            name = Path(file["file"]).name
            why = ": ".join(part for part in (file.get("reason"), file.get("detail")) if part)
            lines.append(f"feed {report['feed']}, file {name}, date {date_in(name) or 'unknown'}: {why}")
    return lines
