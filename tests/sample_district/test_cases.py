"""The exports of cases: one row a case and file, nothing of the future, and detections that exist."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from datetime import date, datetime, timedelta

from tests.sample_district.conftest import Run

_TIMES = ("reported_at", "filed_at", "dispatched_at", "handled_at", "verified_at", "closed_at", "suspended_from")


def _exports(run: Run) -> dict[date, list[dict[str, str]]]:
    """Rows that must be accepted, by the day of their export."""
    found: dict[date, list[dict[str, str]]] = defaultdict(list)
    for entry in run.landed("cases"):
        refused = run.refused_lines(entry)
        head, *lines = run.lines(entry)
        for number, line in enumerate(lines, start=2):
            if number not in refused:
                row = dict(zip(head.decode().split(","), next(csv.reader([line.decode()])), strict=True))
                found[date.fromisoformat(entry["file_date"])].append(row)
    return found


def test_an_export_tells_a_case_once_and_nothing_that_has_not_happened_yet(run: Run) -> None:
    for day, rows in _exports(run).items():
        assert len({row["case_id"] for row in rows}) == len(rows)
        end = datetime.combine(day, datetime.min.time()) + timedelta(days=1)
        for row in rows:
            assert all(datetime.fromisoformat(row[name]) < end for name in _TIMES if row[name])


def test_a_case_of_a_camera_starts_from_a_detection_that_was_written(run: Run) -> None:
    events = set()
    for entry in run.landed("detection_events", "ndjson"):
        refused = run.refused_lines(entry)
        for number, line in enumerate(run.lines(entry), start=1):
            if number not in refused:
                events.add(json.loads(line)["event_id"])
    seen = {row["event_id"] for rows in _exports(run).values() for row in rows if row["source"] == "ai_camera"}
    # What a camera held back on the last day is never sent.
    assert len(seen) > 30
    assert len(seen - events) <= 0.1 * len(seen)


def test_the_key_counts_what_a_plain_look_at_the_rows_counts(run: Run) -> None:
    """Filed, closed and open need no clock: the newest row of each case says them."""
    exports = _exports(run)
    newest = {row["case_id"]: row for day in sorted(exports) for row in exports[day]}
    for day in exports:
        truth = run.days[day.isoformat()]["cases"]["310117"]
        filed = [row for row in newest.values() if row["filed_at"][:10] <= day.isoformat()]
        closed = [row for row in filed if row["closed_at"] and row["closed_at"][:10] <= day.isoformat()]
        assert truth["cases_filed"] == sum(row["filed_at"][:10] == day.isoformat() for row in filed)
        assert truth["cases_closed"] == sum(row["closed_at"][:10] == day.isoformat() for row in closed)
        assert truth["cases_open"] == len(filed) - len(closed)
        assert 0 < truth["cases_overdue"] < truth["cases_open"]
        assert 0.5 < truth["case_on_time_rate"] < 1
