"""The deadlines of the models against a plain look at calendar and clock, for cases nobody thought of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dbt_run import run_dbt
from sample_district.case_clock import WorkCalendar, load_rules
from sample_district.case_exports import COLUMNS, Row
from sample_district.case_truth import CaseTruth
from tests.dbt.case_histories import History, exports_of, histories
from tests.dbt.conftest import PROJECT

pytestmark = pytest.mark.timeout(900)

MODELS = ("int_work_clock", "int_cases_known", "int_case_extensions", "int_cases")
EIGHT_HOURS = timedelta(hours=8)
TIMES = [name for name in COLUMNS if name.endswith(("_at", "_from", "_until"))]


@pytest.fixture(scope="module")
def ask_models(built: Any) -> Callable[[dict[date, list[Row]]], dict[str, dict[str, Any]]]:
    """The compiled models over exports of our own, without a lake: rows of `int_cases` by case."""
    home, report = built
    run = run_dbt(home, ["compile", "--select", *MODELS], bronze_snapshot=report.bronze_snapshot, run_id="clocks")
    assert run.passed, run.failures
    folder = home.root / "dbt" / "target" / "compiled" / "yunjian" / "models" / "intermediate"
    con = duckdb.connect(config={"threads": 2})
    con.execute("ATTACH ':memory:' AS warehouse; CREATE SCHEMA warehouse.staging; CREATE SCHEMA warehouse.intermediate")
    stored = ", ".join(f"{name} {'TIMESTAMP' if name in TIMES else _type(name)}" for name in COLUMNS)
    con.execute(f"CREATE TABLE warehouse.staging.stg_cases (known_on DATE, {stored})")
    con.execute("CREATE TABLE warehouse.staging.stg_geography_townships (area_code VARCHAR)")
    con.execute("CREATE TABLE warehouse.staging.stg_work_calendar (entered_on DATE, calendar_date DATE, kind VARCHAR)")
    dates = {"effective_from": "DATE", "effective_to": "DATE", "calendar_date": "DATE"}
    for staged, seed in (
        ("stg_work_calendar_shipped", "work_calendar_shipped"),
        ("stg_case_deadlines", "case_deadlines"),
        ("stg_working_hours", "working_hours"),
    ):
        file = PROJECT / "seeds" / f"{seed}.csv"
        named = {name: kind for name, kind in dates.items() if name in file.read_text(encoding="utf-8").splitlines()[0]}
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in named.items())
        con.execute(f"CREATE TABLE warehouse.staging.{staged} AS FROM read_csv('{file}', types = {{{types}}})")
    for name in MODELS:
        kind = "TABLE" if name == "int_work_clock" else "VIEW"
        con.execute(f"CREATE {kind} warehouse.intermediate.{name} AS {(folder / f'{name}.sql').read_text()}")

    def ask(exports: dict[date, list[Row]]) -> dict[str, dict[str, Any]]:
        rows = [
            {"known_on": day, **{n: _stored(n, text) for n, text in zip(COLUMNS, row, strict=True)}}
            for day, told in exports.items()
            for row in told
        ]
        con.execute("DELETE FROM warehouse.staging.stg_cases")
        arrow = pa.Table.from_pylist(rows)
        con.register("exported", arrow)
        con.execute("INSERT INTO warehouse.staging.stg_cases BY NAME FROM exported")
        con.unregister("exported")
        found = con.execute("FROM warehouse.intermediate.int_cases").fetch_arrow_table().to_pylist()
        assert len(found) == len({row["case_id"] for row in found})
        return {row["case_id"]: row for row in found}

    return ask


def _type(name: str) -> str:
    return "INTEGER" if name.endswith("_count") else "DOUBLE" if name in ("longitude", "latitude") else "VARCHAR"


def _stored(name: str, text: str) -> Any:
    if not text:
        return None
    if name in TIMES:
        return datetime.fromisoformat(text) - EIGHT_HOURS
    return {"INTEGER": int, "DOUBLE": float, "VARCHAR": str}[_type(name)](text)


@given(st.lists(histories(), min_size=1, max_size=12))
def test_deadline_due_date_and_hours_are_those_of_a_plain_look_at_the_clock(
    ask_models: Callable[..., dict[str, dict[str, Any]]], cases: list[History]
) -> None:
    exports = exports_of(cases)
    truth = CaseTruth([], WorkCalendar.shipped(), load_rules())
    for day in sorted(exports):
        truth.add(day, exports[day])
    found = ask_models(exports)
    expected = truth.judged()
    assert found.keys() == expected.keys()
    for case_id, judged in expected.items():
        row = found[case_id]
        until = None if row["deadline_at"] is None else row["deadline_at"] + EIGHT_HOURS
        assert until == judged.deadline, case_id
        assert row["due_date"] == judged.due, case_id
        assert bool(row["is_on_time"]) == judged.is_on_time, case_id
        assert row["handling_hours"] == pytest.approx(judged.hours), case_id
        assert (row["reworked_known_on"], row["extended_known_on"]) == (judged.reworked, judged.extended), case_id


@given(st.lists(histories(), min_size=1, max_size=12))
def test_a_closed_case_lies_in_the_month_of_the_last_date_that_counts_it(
    ask_models: Callable[..., dict[str, dict[str, Any]]], cases: list[History]
) -> None:
    """A build passes over the months before its windows: what a window counts of a case must not lie there."""
    for case_id, row in ask_models(exports_of(cases)).items():
        month = date(9999, 12, 1)
        if row["closed_date"] is not None:
            counted = [row[name] for name in ("filed_date", "due_date", "closed_date", "verified_date")]
            month = max(day for day in counted if day is not None).replace(day=1)
        assert row["closed_month"] == month, case_id
