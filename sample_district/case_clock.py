"""Deadlines of cases in plain Python, day by day: the truth that the product's clocks are held against.

Rules (GB/T 30428; Civil Code, Art 201 and 203): `continuous` hours run always; `working_hours` run from 09:00 to 11:30 and
from 13:30 to 17:30 of working days; `working_days` end at 17:30 of the n-th working day after the day of filing. A
suspension that began before the deadline moves it by the time suspended on the case's own clock. All times here are
Shanghai's, without zone.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

ROOM = Path(__file__).parent
SHIPPED = ROOM.parent / "dbt_project" / "seeds"
SESSIONS = ((time(9), time(11, 30)), (time(13, 30), time(17, 30)))
CLOSE = SESSIONS[-1][1]
_DAY = timedelta(days=1)


class CalendarEnds(LookupError):
    """A day that no entered year holds."""


@dataclass(frozen=True)
class Rule:
    """A deadline: `allowance` hours, or working days, on a clock, for cases filed in a period."""

    clock: str
    allowance: int
    first: date
    last: date | None


@dataclass
class WorkCalendar:
    """Kind of each entered day: workday, makeup, holiday, weekend."""

    kinds: dict[date, str] = field(default_factory=dict)

    @classmethod
    def shipped(cls) -> WorkCalendar:
        with (SHIPPED / "work_calendar_shipped.csv").open(encoding="utf-8", newline="") as lines:
            return cls({date.fromisoformat(row["calendar_date"]): row["kind"] for row in csv.DictReader(lines)})

    def works(self, day: date) -> bool:
        if day not in self.kinds:
            raise CalendarEnds(f"no work calendar for {day.year}")
        return self.kinds[day] in ("workday", "makeup")

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two moments; zero when the end is before the start."""
        total, day = timedelta(), start.date()
        while day <= end.date():
            if self.works(day):
                for opens, closes in SESSIONS:
                    since = max(start, datetime.combine(day, opens))
                    until = min(end, datetime.combine(day, closes))
                    total += max(until - since, timedelta())
            day += _DAY
        return total

    def after_work(self, start: datetime, work: timedelta) -> datetime:
        """The first moment by which `work` (more than zero) has passed since `start`."""
        day = start.date()
        while True:
            if self.works(day):
                for opens, closes in SESSIONS:
                    since = max(start, datetime.combine(day, opens))
                    room = datetime.combine(day, closes) - since
                    if room >= work:
                        return since + work
                    work -= max(room, timedelta())
            day += _DAY

    def end_of_day(self, start: date, count: int) -> datetime:
        """Close of business of the `count`-th working day after `start`."""
        day = start
        while count:
            day += _DAY
            count -= self.works(day)
        return datetime.combine(day, CLOSE)

    def next_close(self, moment: datetime) -> datetime:
        """The first close of business at or after a moment."""
        day = moment.date()
        while not self.works(day) or datetime.combine(day, CLOSE) < moment:
            day += _DAY
        return datetime.combine(day, CLOSE)


def load_rules() -> dict[str, list[Rule]]:
    """The shipped deadlines by category; `*` for all others."""
    rules: dict[str, list[Rule]] = {}
    with (SHIPPED / "case_deadlines.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            last = date.fromisoformat(row["effective_to"]) if row["effective_to"] else None
            rule = Rule(row["clock"], int(row["allowance"]), date.fromisoformat(row["effective_from"]), last)
            rules.setdefault(row["category_code"], []).append(rule)
    return rules


def rule_of(rules: dict[str, list[Rule]], category: str, filed: date) -> Rule:
    """The rule in force for a case of that category filed on that date."""
    for name in (category, "*"):
        for rule in rules.get(name, ()):
            if rule.first <= filed and (rule.last is None or filed <= rule.last):
                return rule
    raise LookupError(f"no deadline for {category} on {filed}")


def deadline(
    calendar: WorkCalendar,
    rule: Rule,
    filed: datetime,
    paused: datetime | None = None,
    resumed: datetime | None = None,
) -> datetime | None:
    """The computed deadline; None while a case is suspended. Raises CalendarEnds."""
    plain = _unpaused(calendar, rule, filed)
    if paused is None or max(paused, filed) >= plain:
        return plain
    if resumed is None:
        return None
    since = max(paused, filed)
    until = max(resumed, since)
    if rule.clock == "continuous":
        return plain + (until - since)
    if rule.clock == "working_hours":
        spent = calendar.worked(filed, since)
        return calendar.after_work(until, timedelta(hours=rule.allowance) - spent)
    left = sum(calendar.works(since.date() + _DAY * n) for n in range(1, (plain.date() - since.date()).days + 1))
    return calendar.end_of_day(until.date(), left) if left else calendar.next_close(until)


def _unpaused(calendar: WorkCalendar, rule: Rule, filed: datetime) -> datetime:
    if rule.clock == "continuous":
        return filed + timedelta(hours=rule.allowance)
    if rule.clock == "working_hours":
        return calendar.after_work(filed, timedelta(hours=rule.allowance))
    return calendar.end_of_day(filed.date(), rule.allowance)


def with_extensions(base: datetime, told: list[tuple[date, datetime]]) -> datetime:
    """The deadline after extensions (date first known, new end): one known after the deadline's day cures nothing."""
    until = base
    for known, end in sorted(told):
        if known > until.date():
            break
        until = max(until, end)
    return until
