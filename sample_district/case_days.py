"""The files of case handling: each day's export of the cases that moved, the units, and the work calendar."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sample_district.case_clock import WorkCalendar, load_rules
from sample_district.case_exports import COLUMNS, Row, lines_of, row_by
from sample_district.case_intake import BACKLOG_DAYS, Found, Intake
from sample_district.case_lives import DISTRICT_UNITS, Case
from sample_district.case_truth import CaseTruth
from sample_district.csv_faults import CASES, bad_csv_lines
from sample_district.delivery import Delivery
from sample_district.detection_faults import repeated_lines
from sample_district.district import District
from sample_district.lines import Lines
from sample_district.seeding import random_stream

# The longest deadline with its suspension and holidays ends well within.
_AHEAD = timedelta(days=30)
_HEADER = (",".join(COLUMNS) + "\n").encode()
_UNIT_KINDS = {
    "urban_management": ("城管中队", "urban management squad"), "sanitation": ("市容环卫所", "sanitation office"),
    "traffic": ("区交警支队", "District traffic police"), "water": ("区水务局", "District water bureau"),
    "market": ("区市场监管局", "District market regulation"), "construction": ("区建管委", "District construction commission"),
}  # fmt: skip


class CaseDays:
    """Writes the exports of a run in order: a case is exported when its row differs from the last one told."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.calendar, self._made_up = _calendar(district)
        rules = load_rules()
        self.intake = Intake(district, self.calendar, rules)
        self._cases: list[Case] = self.intake.backlog()
        self._told: dict[str, Row] = {}
        self.truth = CaseTruth(district.terrain.codes, self.calendar, rules)

    def write_calendar(self) -> Iterator[Delivery]:
        """A file a year, before the first day."""
        for year in sorted({day.year for day in self.calendar.kinds if self._is_needed(day.year)}):
            first = date(year, 1, 1)
            days = sorted(day for day in self.calendar.kinds if day.year == year)
            lines = Lines.of_list(f"{day},{self.calendar.kinds[day]},\n".encode() for day in days)
            delivery = Delivery("work_calendar", f"work_calendar_{first}_p01.csv", "csv", first, b"date,kind,name\n")
            delivery.count_good(first, lines.count)
            if year in self._made_up:
                delivery.note_fault(
                    "synthetic_calendar", 1, verdict="accepted", note="no notice of this year: weekends only"
                )
            delivery.write_lines(self.district.out, lines, [])
            yield delivery

    def write(self, day: date, found: list[Found]) -> Iterator[Delivery]:
        """The units, and the day's export unless it is the one that never comes."""
        yield self._units(day)
        self._cases += self.intake.of_day(day, found)
        if day == self.district.fault_days.missing_export:
            return
        moved = []
        for case in self._cases:
            row = row_by(case, day)
            if row is not None and row != self._told.get(case.case_id):
                self._told[case.case_id] = row
                moved.append(row)
        # What is closed does not move any more, unless something of it is told later.
        self._cases = [case for case in self._cases if not self._is_over(case, day)]
        self.truth.add(day, moved)
        lines = Lines.of_list(lines_of(moved))
        delivery = Delivery("cases", f"cases_{day}_p01.csv", "csv", day, _HEADER)
        delivery.count_good(day, lines.count)
        missed = self.district.fault_days.missing_export
        if missed is not None and day == missed + timedelta(days=1):
            delivery.note_fault(
                "export_never_came", 1, verdict="absent", business_date=missed.isoformat(),
                note="the date has no case figures, and never 0; this file tells what moved on it",
            )  # fmt: skip
        rng = random_stream(self.district.seed, "case faults", day)
        planted = bad_csv_lines(rng, lines, _HEADER, CASES, day, rows_a_set=10_000)
        planted += repeated_lines(rng, lines, 2, day)
        delivery.write_lines(self.district.out, lines, planted)
        yield delivery

    @staticmethod
    def _is_over(case: Case, day: date) -> bool:
        last = max(m for m in (case.closed, case.granted, case.resumed, case.filed) if m is not None)
        return last.date() <= day

    def truths(self) -> dict[date, dict[str, Any]]:
        return self.truth.as_json()

    def _is_needed(self, year: int) -> bool:
        days = self.district.days
        return (days[0] - timedelta(days=BACKLOG_DAYS)).year <= year <= (days[-1] + _AHEAD).year

    def _units(self, day: date) -> Delivery:
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        for kind in DISTRICT_UNITS:
            zh, en = _UNIT_KINDS[kind]
            lines.writerow([f"SJ-{kind}", zh, en, "", "", kind, "2020-01-01", ""])
        for township in self.district.terrain.townships:
            for kind in ("urban_management", "sanitation"):
                zh, en = _UNIT_KINDS[kind]
                code = f"{township.code}-{kind}"
                lines.writerow(
                    [code, township.name_zh + zh, f"{township.code} {en}", "", township.code, kind, "2020-01-01", ""]
                )
        header = b"unit_code,name_zh,name_en,parent_code,township_code,kind,valid_from,valid_to\n"
        delivery = Delivery("units", f"units_{day}_p01.csv", "csv", day, header)
        rows = Lines.of_list(text.getvalue().encode().splitlines(keepends=True))
        delivery.count_good(day, rows.count)
        delivery.write_lines(self.district.out, rows, [])
        return delivery


def _calendar(district: District) -> tuple[WorkCalendar, set[int]]:
    """The shipped calendar; years it does not reach are made up of weekends, and are said to be."""
    calendar = WorkCalendar.shipped()
    known = {day.year for day in calendar.kinds}
    first, last = district.days[0] - timedelta(days=BACKLOG_DAYS), district.days[-1] + _AHEAD
    made_up = set(range(first.year, last.year + 1)) - known
    for year in made_up:
        day = date(year, 1, 1)
        while day.year == year:
            is_holiday = (day.month, day.day) == (1, 1)
            calendar.kinds[day] = "holiday" if is_holiday else "weekend" if day.weekday() >= 5 else "workday"
            day += timedelta(days=1)
    return calendar, made_up
