"""Which dates a change of cases moves: never fewer than those whose figures differ, and on an ordinary day that day alone."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.bronze_tables import ensure_bronze_tables
from ingestion.contracts import load_contract
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, attach, current_snapshot
from pipeline.case_dates import case_dates
from sample_district.case_clock import WorkCalendar, load_rules
from sample_district.case_exports import COLUMNS, Row
from sample_district.case_truth import CaseTruth
from tests.dbt.case_histories import History, exports_of, histories
from tests.examples import examples

EIGHT_HOURS = timedelta(hours=8)
CALENDAR, RULES = WorkCalendar.shipped(), load_rules()
CONTRACT = load_contract("cases")
TYPES = {column.name: column.type for column in CONTRACT.stored_columns}


class Landing:
    """A bronze lake that takes exports as landing does: a row of the same case and date gives way."""

    def __init__(self, place: Path) -> None:
        self.home = Home(place / "var").ensure()
        self.con = open_engine(self.home)
        attach(self.con, self.home, BRONZE)
        ensure_bronze_tables(self.con, [CONTRACT])

    def take(self, exports: dict[date, list[Row]]) -> int:
        """Lands the exports in one commit; the snapshot after it."""
        rows = [self._row(day, row) for day, told in exports.items() for row in told]
        if rows:
            self.con.register("arrived", pa.Table.from_pylist(rows))
            self.con.execute(
                f"""BEGIN; DELETE FROM {BRONZE}.cases AS c USING arrived AS a
                    WHERE c.case_id = a.case_id AND c.business_date = a.business_date;
                    INSERT INTO {BRONZE}.cases BY NAME SELECT * FROM arrived; COMMIT"""
            )
            self.con.unregister("arrived")
        return current_snapshot(self.con, BRONZE)

    def empty(self) -> int:
        self.con.execute(f"DELETE FROM {BRONZE}.cases")
        return current_snapshot(self.con, BRONZE)

    @staticmethod
    def _row(day: date, row: Row) -> dict[str, Any]:
        stored: dict[str, Any] = {"business_date": day}
        for name, text in zip(COLUMNS, row, strict=True):
            if TYPES.get(name) == "TIMESTAMP":
                stored[name] = datetime.fromisoformat(text) - EIGHT_HOURS if text else None
            elif name in TYPES:
                stored[name] = None if not text else int(text) if name.endswith("_count") else text
        return stored


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    return Landing(tmp_path_factory.mktemp("cases"))


def _figures(exports: dict[date, list[Row]]) -> dict[date, Any]:
    truth = CaseTruth([], CALENDAR, RULES)
    for day in sorted(exports):
        truth.add(day, exports[day])
    counted = truth.as_json()
    newest = {row[0]: dict(zip(COLUMNS, row, strict=True)) for day in sorted(exports) for row in exports[day]}
    for day, areas in counted.items():
        since = str(day - timedelta(days=29))
        areas["cameras"] = Counter(
            row["outcome"]
            for row in newest.values()
            if row["source"] == "ai_camera" and row["verified_at"] and since <= row["verified_at"][:10] <= str(day)
        )
    return counted


@examples(25)
@given(st.lists(histories(), min_size=1, max_size=5), st.data())
def test_every_date_whose_figures_differ_is_taken(landing: Landing, cases: list[History], data: st.DataObject) -> None:
    """Some exports are there, others arrive: late, out of order, or again with other rows for a date."""
    exports = exports_of(cases)
    there = {day: rows for day, rows in exports.items() if data.draw(st.booleans(), label=f"{day} is there")}
    arriving = {day: rows for day, rows in exports.items() if day not in there}
    if there and data.draw(st.booleans(), label="an export comes again"):
        day = data.draw(st.sampled_from(sorted(there)))
        closed = COLUMNS.index("closed_at")
        arriving[day] = [(*row[:closed], "", *row[closed + 1 :]) for row in there[day]]
    landing.empty()
    since, upto = landing.take(there), landing.take(arriving)
    days = [*exports]
    live = {min(days) + timedelta(days=n) for n in range((max(days) - min(days)).days + 400)} | set(days)
    moved = case_dates(
        landing.con, since=since, upto=upto, changed=set(arriving), exports=set(exports), live=live
    ).figures
    before, after = _figures(there), _figures({**there, **arriving})
    wrong = {day for day in {*before, *after} if before.get(day) != after.get(day)} - moved
    assert wrong == set()


def test_an_ordinary_day_moves_itself_alone(landing: Landing) -> None:
    row = dict.fromkeys(COLUMNS, "") | {"case_id": "a", "source": "patrol", "category_code": "red_light"}
    filed = row | {"filed_at": "2026-03-02 10:00:00", "reworked_count": "0", "handed_back_count": "0"}
    closed = filed | {"closed_at": "2026-03-05 09:00:00", "reworked_count": "1", "outcome": "confirmed"}
    closed["verified_at"] = "2026-03-05 08:00:00"
    landing.empty()
    first, last = date(2026, 3, 2), date(2026, 3, 5)
    since = landing.take({first: [tuple(filed.values())]})
    upto = landing.take({last: [tuple(closed.values())]})
    live = {first + timedelta(days=n) for n in range(4)}
    found = case_dates(landing.con, since=since, upto=upto, changed={last}, exports={first, last}, live=live)
    assert found.figures == {last}
    assert found.known == {last}


def test_a_correction_moves_the_dates_from_what_it_corrects(landing: Landing) -> None:
    row = dict.fromkeys(COLUMNS, "") | {"case_id": "a", "source": "patrol", "category_code": "red_light"}
    filed = row | {"filed_at": "2026-03-02 10:00:00", "closed_at": "2026-03-04 10:00:00"}
    landing.empty()
    since = landing.take({date(2026, 3, 4): [tuple(filed.values())]})
    upto = landing.take({date(2026, 3, 9): [tuple((filed | {"closed_at": "2026-03-06 10:00:00"}).values())]})
    live = {date(2026, 3, 1) + timedelta(days=n) for n in range(9)}
    moved = case_dates(
        landing.con, since=since, upto=upto, changed={date(2026, 3, 9)}, exports={date(2026, 3, 4)}, live=live
    ).figures
    assert moved == {date(2026, 3, day) for day in range(4, 10)}


def test_an_export_before_the_first_moves_the_coverage_of_the_windows_after_that(landing: Landing) -> None:
    row = dict.fromkeys(COLUMNS, "") | {"case_id": "a", "source": "patrol", "category_code": "red_light"}
    filed = row | {"filed_at": "2024-03-02 10:00:00", "closed_at": "2024-03-03 10:00:00"}
    old, first = date(2024, 3, 3), date(2026, 3, 2)
    landing.empty()
    since, upto = landing.take({first: []}), landing.take({old: [tuple(filed.values())]})
    live = {old} | {first + timedelta(days=n) for n in range(90)}
    moved = case_dates(landing.con, since=since, upto=upto, changed={old}, exports={old, first}, live=live).figures
    assert moved == {old} | {first + timedelta(days=n) for n in range(60)}


def test_a_verification_after_the_closing_moves_every_date_it_is_compared_with(landing: Landing) -> None:
    """The export that told it is dated before it: a file of a past day may come late."""
    row = dict.fromkeys(COLUMNS, "") | {"case_id": "a", "source": "ai_camera", "category_code": "red_light"}
    closed = row | {"filed_at": "2025-10-30 10:00:00", "closed_at": "2025-10-31 10:00:00", "outcome": "false_alarm"}
    told, first = date(2025, 10, 31), date(2025, 10, 1)
    landing.empty()
    since = landing.take({told: [tuple(closed.values())]})
    upto = landing.take({told: [tuple((closed | {"verified_at": "2025-11-02 10:00:00"}).values())]})
    live = {first + timedelta(days=n) for n in range(120)}
    moved = case_dates(landing.con, since=since, upto=upto, changed={told}, exports={told}, live=live).figures
    assert {date(2025, 11, 2) + timedelta(days=n) for n in range(60)} <= moved
