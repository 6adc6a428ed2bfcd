"""The business date: a day from midnight to midnight in Asia/Shanghai (UTC+8, no summer time since 1991)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
SHANGHAI_MS = 8 * HOUR_MS
_SHANGHAI = timezone(timedelta(hours=8))


def day_start_ms(day: date) -> int:
    """The Shanghai midnight that opens the day, in milliseconds since 1970 UTC."""
    return (day - date(1970, 1, 1)).days * DAY_MS - SHANGHAI_MS


def stamp(ms: int) -> str:
    """`20261120T163000Z`: an instant as file names carry it."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).strftime("%Y%m%dT%H%M%SZ")


def local_iso(ms: int) -> str:
    """`2026-11-20T22:15:30.250+08:00`: an instant as devices in China write it."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    return moment.astimezone(_SHANGHAI).isoformat(timespec="milliseconds")
