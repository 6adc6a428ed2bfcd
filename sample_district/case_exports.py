"""What the case system exports of a case by the end of a day: the row of the feed `cases`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sample_district.case_lives import Case

COLUMNS = (
    "case_id", "source", "event_id", "category_code", "township_code", "community_code", "longitude", "latitude", "datum",
    "reported_at", "filed_at", "dispatched_at", "unit_code", "deadline_at", "handled_at", "verified_at", "closed_at",
    "reworked_count", "handed_back_count", "extended_until", "suspended_from", "suspended_until", "outcome",
)  # fmt: skip
Row = tuple[str, ...]


def row_by(case: Case, day: date) -> Row | None:
    """The row as of the day's last second in Shanghai; None before it was filed."""
    end = datetime.combine(day, datetime.min.time()) + timedelta(days=1)
    if case.filed >= end:
        return None

    def past(moment: datetime | None) -> datetime | None:
        return moment if moment is not None and moment < end else None

    granted = past(case.granted)
    return (
        case.case_id,
        case.source,
        case.event_id,
        case.category,
        case.township,
        case.community,
        f"{case.longitude:.6f}",
        f"{case.latitude:.6f}",
        case.datum,
        _text(case.reported),
        _text(case.filed),
        _text(past(case.dispatched)),
        case.unit if past(case.dispatched) else "",
        _text(case.given),
        _text(past(case.handled)),
        _text(past(case.verified)),
        _text(past(case.closed)),
        str(case.rework_count if past(case.reworked) else 0),
        str(1 if past(case.handed_back) else 0),
        _text(case.extended_until if granted else None),
        _text(past(case.suspended)),
        _text(past(case.resumed)),
        case.outcome if past(case.verified) else "",
    )


def lines_of(rows: Iterable[Row]) -> list[bytes]:
    return [",".join(row).encode() + b"\n" for row in rows]


def _text(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(sep=" ", timespec="seconds")
