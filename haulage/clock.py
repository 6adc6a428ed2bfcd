"""The district's calendar in the microseconds this room counts by."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

_DISTRICT = timezone(timedelta(hours=8))  # Asia/Shanghai without summer time, which it has not had since 1991
_EPOCH = date(1970, 1, 1)
_DAY_US = 86_400_000_000
_OFFSET_US = 8 * 3_600_000_000


def district_date(instant: float) -> date:
    """The date in the district of an instant (microseconds since the epoch)."""
    return _EPOCH + timedelta(days=int((int(instant) + _OFFSET_US) // _DAY_US))


def end_of(day: date) -> float:
    """The first instant after a business date, microseconds."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=_DISTRICT).astimezone(UTC)
    return midnight.timestamp() * 1e6 + _DAY_US
