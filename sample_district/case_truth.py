"""What a right platform counts of the exported cases: worked out case by case from the rows themselves."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from sample_district.case_clock import Rule, WorkCalendar, deadline, rule_of, with_extensions
from sample_district.case_exports import COLUMNS, Row
from sample_district.detection_truth import DISTRICT_CODE

_WINDOW = timedelta(days=29)


@dataclass(frozen=True)
class Judged:
    """One case by its newest row; dates and the deadline are Shanghai's. `hours` are those of handling."""

    township: str
    filed: date
    closed: date | None
    due: date | None
    past: date | None
    deadline: datetime | None
    is_on_time: bool
    hours: float | None
    reworked: date | None
    extended: date | None
    handed_back: date | None
    suspended: date | None


class CaseTruth:
    """Collects the exports of a run and answers for every date that had one."""

    def __init__(self, codes: list[str], calendar: WorkCalendar, rules: dict[str, list[Rule]]) -> None:
        self.codes, self.calendar, self.rules = codes, calendar, rules
        self._told: dict[str, list[tuple[date, dict[str, str]]]] = defaultdict(list)
        self._exports: list[date] = []

    def add(self, day: date, rows: list[Row]) -> None:
        """The rows of one export, days ascending."""
        self._exports.append(day)
        for row in rows:
            self._told[row[0]].append((day, dict(zip(COLUMNS, row, strict=True))))

    def as_json(self) -> dict[date, dict[str, Any]]:
        """By export date and area."""
        cases = list(self.judged().values())
        return {
            day: {
                area: self._count(day, [c for c in cases if area in (DISTRICT_CODE, c.township)])
                for area in (DISTRICT_CODE, *self.codes)
            }
            for day in self._exports
        }

    def judged(self) -> dict[str, Judged]:
        """Every case by its number."""
        return {case_id: self._judge(told) for case_id, told in self._told.items()}

    def _judge(self, told: list[tuple[date, dict[str, str]]]) -> Judged:
        newest = told[-1][1]
        filed, closed = _moment(newest["filed_at"]), _moment(newest["closed_at"])
        assert filed is not None
        paused, resumed = _moment(newest["suspended_from"]), _moment(newest["suspended_until"]) or closed
        rule = rule_of(self.rules, newest["category_code"], filed.date())
        until = _moment(newest["deadline_at"]) or deadline(self.calendar, rule, filed, paused, resumed)
        extended = _moment(newest["extended_until"])
        if until is not None and extended is not None:
            first: dict[datetime, date] = {}
            for day, row in told:
                end = _moment(row["extended_until"])
                if end is not None and end <= extended:  # one shortened again does not count as it was
                    first.setdefault(end, day)
            until = with_extensions(until, [(day, end) for end, day in first.items()])
        is_on_time = closed is not None and until is not None and closed <= until
        due = min((m for m in (closed, until) if m is not None), default=None)
        hours = None
        if closed is not None:
            idle = (
                max(min(resumed or closed, closed) - paused, timedelta()) if paused and paused < closed else timedelta()
            )
            hours = (closed - filed - idle) / timedelta(hours=1)

        def first_told(column: str) -> date | None:
            """The first export that told it, unless it was taken back."""
            told_on = [day for day, row in told if row[column] not in ("", "0")]
            return told_on[0] if told_on and newest[column] not in ("", "0") else None

        return Judged(
            newest["township_code"], filed.date(), closed.date() if closed else None, due.date() if due else None,
            until.date() if until else None, until, is_on_time, hours, first_told("reworked_count"),
            first_told("extended_until"), first_told("handed_back_count"), paused.date() if paused else None,
        )  # fmt: skip

    @staticmethod
    def _count(day: date, cases: list[Judged]) -> dict[str, Any]:
        def by(moment: date | None) -> bool:
            return moment is not None and moment <= day

        known = [case for case in cases if by(case.filed)]
        due = [case for case in known if case.due == day]
        month = [case for case in known if case.filed >= day - _WINDOW]
        past = [case for case in month if by(case.closed) or by(case.past)]
        still_open = [case for case in known if not by(case.closed)]
        hours = [case.hours for case in known if case.closed == day]
        counts: dict[str, Any] = {
            "cases_filed": sum(case.filed == day for case in known),
            "cases_due": len(due),
            "cases_closed": len(hours),
            "cases_open": len(still_open),
            "cases_overdue": sum(by(case.past) for case in still_open),
            "case_closing_rate": _share(sum(by(case.closed) for case in due), len(due)),
            "case_on_time_rate": _share(sum(case.is_on_time for case in due), len(due)),
            "case_on_time_rate_filed": _share(sum(case.is_on_time and by(case.closed) for case in past), len(past)),
            "case_rework_rate": _share(sum(by(case.reworked) for case in month), len(month)),
            "case_extension_rate": _share(sum(by(case.extended) for case in month), len(month)),
            "case_hand_back_rate": _share(sum(by(case.handed_back) for case in month), len(month)),
            "case_suspension_rate": _share(sum(by(case.suspended) for case in month), len(month)),
        }
        for name, share in (("case_handling_hours_median", 50), ("case_handling_hours_p90", 90)):
            counts[name] = round(float(np.percentile(np.array(hours, dtype=float), share)), 6) if hours else None
        return counts


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
