"""Instants of the lake (naive UTC) as people of the district read them (UTC+8, no summer time since 1991)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

SHANGHAI: Final = timezone(timedelta(hours=8))


def local(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC).astimezone(SHANGHAI)


def clock(at: datetime | None, *, with_date: bool = True) -> str:
    """`2026-11-22 10:00:30`, or the time alone; a dash for none."""
    if at is None:
        return "-"
    return local(at).strftime("%Y-%m-%d %H:%M:%S" if with_date else "%H:%M:%S")


def business_date(at: datetime) -> date:
    return local(at).date()


def iso(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.isoformat() + "Z"
