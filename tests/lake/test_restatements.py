"""What changes of a published figure is written down, and a closed month changes by approval alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE
from lake.publication import Publication, publish
from lake.restatements import record_approvals
from lake.serving import serving_problems
from tests.lake.district import DAY, NOW, built, insert, kpi

Con = duckdb.DuckDBPyConnection
CLOSED = datetime.fromisoformat("2026-12-20T00:00:00+00:00")  # DAY is in November


@pytest.fixture
def go(home: Home, district: Con) -> Callable[..., Publication]:
    def run(at: datetime | int = 0, **more: Any) -> Publication:
        now = at if isinstance(at, datetime) else NOW + timedelta(minutes=at)
        return publish(home, reason="test", code_version="abc", now=now, **more)

    return run


def served(home: Home, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        return con.execute(sql, list(values)).fetchall()


def change(con: Con, area: str = "310117", **values: object) -> None:
    sets = ", ".join(f"{column} = ?" for column in values)
    con.execute(f"UPDATE warehouse.published.kpi_values SET {sets} WHERE area_code = ?", [*values.values(), area])


def as_of(home: Home, edition: str | None) -> list[tuple[Any, ...]]:
    """What stood in an edition, in one query."""
    return served(
        home,
        """SELECT area_code, value, status FROM kpi_value_history
           WHERE ? BETWEEN first_edition AND last_edition ORDER BY area_code""",
        edition,
    )


def test_a_first_publication_restates_nothing(home: Home, go: Any) -> None:
    edition = go().edition
    assert served(home, "FROM restatements") == []
    assert as_of(home, edition) == [("310117", 12.0, "ok"), ("310117001", None, "suppressed_small_count")]


def test_a_changed_figure_is_written_down_with_what_it_was_and_what_it_is(
    home: Home, first: Publication, district: Con, go: Any
) -> None:
    change(district, value=14.0, numerator=14.0)
    second = go(1)
    (row,) = served(
        home,
        """SELECT edition, area_code, as_published_value, as_published_edition, now_value, numerator_delta, change,
                  state, effective_edition FROM restatements""",
    )
    assert row == (second.edition, "310117", 12.0, first.edition, 14.0, 2.0, "value", "published", second.edition)
    assert as_of(home, first.edition)[0] == ("310117", 12.0, "ok")
    assert as_of(home, second.edition)[0] == ("310117", 14.0, "ok")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"value": None, "numerator": None, "denominator": None, "status": "withheld_low_coverage"}, "status"),
        ({"denominator": 2.0}, "parts"),
        ({"coverage": 0.8}, "coverage"),
        ({"rule_version": "2"}, "rule"),
    ],
)
def test_every_part_of_what_is_said_counts(
    home: Home, first: Publication, district: Con, go: Any, values: dict[str, Any], kind: str
) -> None:
    insert(district, "kpi_definitions", kpi_code="incidents_total", rule_version="2", better="lower")
    change(district, **values)
    go(1)
    assert served(home, "SELECT change FROM restatements") == [(kind,)]


def test_digits_no_reader_sees_are_no_restatement(home: Home, first: Publication, district: Con, go: Any) -> None:
    change(district, value=12.0 + 1e-12)
    assert go(1).edition == first.edition
    kpi(district, "310117002", value=1.0)
    go(2)
    assert served(home, "FROM restatements") == []


def test_a_figure_that_vanishes_is_withdrawn_and_may_come_back(
    home: Home, first: Publication, district: Con, go: Any
) -> None:
    district.execute("DELETE FROM warehouse.published.kpi_values WHERE area_code = '310117'")
    second = go(1)
    kpi(district, "310117", value=12.0)
    third = go(2)
    assert as_of(home, second.edition)[0] == ("310117", None, "withdrawn")
    assert as_of(home, first.edition) == as_of(home, third.edition)
    assert served(home, "SELECT change FROM restatements ORDER BY edition") == [("withdrawn",), ("first_value",)]


def test_a_closed_month_changes_by_approval_alone(home: Home, first: Publication, district: Con, go: Any) -> None:
    change(district, value=14.0, numerator=14.0)
    held = go(CLOSED)
    assert held.status == "published"
    shown = "SELECT value, numerator, pending_value, pending_status FROM kpi_values WHERE area_code = '310117'"
    assert served(home, shown) == [(12.0, 12.0, 14.0, "ok")]
    assert serving_problems(district, home) == []
    (one,) = served(home, "SELECT restatement_id, state, effective_edition FROM restatements")
    assert one[1:] == ("pending", None)
    assert go(CLOSED + timedelta(days=1)).status == "unchanged"

    record_approvals(district, [one[0]], approved_by="Wang Li", reason="camera 7 re-read", now=CLOSED)
    approved = go(CLOSED + timedelta(days=2))
    assert served(home, shown) == [(14.0, 14.0, None, None)]
    (row,) = served(home, "SELECT state, effective_edition, approved_by, approval_reason FROM restatements")
    assert row == ("approved", approved.edition, "Wang Li", "camera 7 re-read")
    assert as_of(home, held.edition) == as_of(home, first.edition)
    assert as_of(home, approved.edition)[0] == ("310117", 14.0, "ok")


def test_an_approval_is_of_one_change_and_not_of_the_next(
    home: Home, first: Publication, district: Con, go: Any
) -> None:
    change(district, value=14.0)
    go(CLOSED)
    ((pending,),) = served(home, "SELECT restatement_id FROM restatements")
    change(district, value=15.0)  # between the look and the signature the figure changes once more
    record_approvals(district, [pending], approved_by="Wang Li", reason="seen", now=CLOSED)
    go(CLOSED + timedelta(days=1))
    shown = "SELECT value, pending_value FROM kpi_values WHERE area_code = '310117'"
    assert served(home, shown) == [(12.0, 15.0)]
    assert served(home, "SELECT now_value, state FROM restatements ORDER BY edition") == [
        (14.0, "superseded"),
        (15.0, "pending"),
    ]
    change(district, value=12.0)
    go(CLOSED + timedelta(days=2))
    assert served(home, shown) == [(12.0, None)]
    assert served(home, "SELECT DISTINCT state FROM restatements") == [("superseded",)]


def test_a_figure_of_a_closed_month_is_not_lost_with_its_rows(
    home: Home, first: Publication, district: Con, go: Any
) -> None:
    district.execute("DELETE FROM warehouse.published.kpi_values WHERE area_code = '310117'")
    go(CLOSED)
    shown = "SELECT value, pending_status FROM kpi_values WHERE area_code = '310117'"
    assert served(home, shown) == [(12.0, "withdrawn")]


def test_history_loaded_late_stays_open_as_long_as_last_month_does(home: Home, district: Con, go: Any) -> None:
    go(CLOSED)
    change(district, value=14.0)
    go(CLOSED + timedelta(days=9))
    assert served(home, "SELECT state FROM restatements") == [("published",)]
    change(district, value=15.0)
    go(CLOSED + timedelta(days=10))
    assert served(home, "SELECT state FROM restatements WHERE now_value = 15") == [("pending",)]


def test_the_days_of_grace_are_a_setting(
    home: Home, first: Publication, district: Con, go: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUNJIAN_CLOSING_GRACE_DAYS", "60")
    change(district, value=14.0)
    go(CLOSED)
    assert served(home, "SELECT state FROM restatements") == [("published",)]


@pytest.mark.parametrize(("name", "reason"), [("", "because"), ("Wang Li", "  ")])
def test_nobody_approves_without_name_and_reason(district: Con, name: str, reason: str) -> None:
    with pytest.raises(ValueError, match="a name and a reason"):
        record_approvals(district, ["x"], approved_by=name, reason=reason, now=CLOSED)


def test_the_past_is_no_part_of_the_content_hash(home: Home, district: Con, go: Any) -> None:
    change(district, value=14.0)
    straight = go()
    for table in ("editions", "value_history", "restatements"):
        district.execute(f"DELETE FROM warehouse.main.{table}")
    home.published_file.unlink()
    change(district, value=12.0)
    go(1)
    change(district, value=14.0)
    assert go(2).content_hash == straight.content_hash
    assert len(served(home, "FROM restatements")) == 1


def test_a_lost_ledger_is_mended_from_the_serving_file(home: Home, first: Publication, district: Con, go: Any) -> None:
    change(district, value=14.0)
    go(CLOSED)
    ((one,),) = served(home, "SELECT restatement_id FROM restatements")
    record_approvals(district, [one], approved_by="Wang Li", reason="seen", now=CLOSED)
    go(CLOSED + timedelta(days=1))
    before = {table: served(home, f"FROM {table} ORDER BY ALL") for table in ("restatements", "kpi_value_history")}
    for table in ("editions", "value_history", "restatements", "restatement_approvals"):
        district.execute(f"DELETE FROM warehouse.main.{table}")
    kpi(district, "310117002", value=1.0)
    go(CLOSED + timedelta(days=2))
    assert served(home, "FROM restatements ORDER BY ALL") == before["restatements"]
    old = [row[:-2] for row in before["kpi_value_history"]]
    assert [row[:-2] for row in served(home, "FROM kpi_value_history ORDER BY ALL")][: len(old)] == old


def test_a_serving_file_from_before_the_ledger_is_where_the_history_begins(
    home: Home, first: Publication, district: Con, go: Any
) -> None:
    home.published_file.chmod(0o644)
    with duckdb.connect(str(home.published_file)) as con:
        con.execute("DROP TABLE restatements; DROP TABLE kpi_value_history")
        con.execute("ALTER TABLE kpi_values DROP COLUMN pending_value")
        con.execute("ALTER TABLE kpi_values DROP COLUMN pending_status")
    for table in ("value_history", "restatements", "restatement_approvals"):
        district.execute(f"DROP TABLE warehouse.main.{table}")
    change(district, value=14.0)
    go(1)
    assert as_of(home, first.edition)[0] == ("310117", 12.0, "ok")
    assert served(home, "SELECT as_published_value, now_value FROM restatements") == [(12.0, 14.0)]


def test_the_cause_is_asked_for_what_is_new_and_names_where_it_began(home: Home, district: Con, go: Any) -> None:
    asked: list[list[tuple[Any, ...]]] = []

    def find(con: Con) -> None:
        asked.append(con.execute("SELECT area_code, since_edition FROM temp.restated").fetchall())
        con.execute("UPDATE temp.restated SET cause = 'late_file', evidence = '{\"files\": 1}'")

    first = go(find_causes=find)
    change(district, value=14.0)
    go(CLOSED, find_causes=find)
    kpi(district, "310117002", value=1.0)
    go(CLOSED + timedelta(days=1), find_causes=find)  # the change is pending still: nothing new
    change(district, value=15.0)
    go(CLOSED + timedelta(days=2), find_causes=find)
    # What made it pending counts for the second change too.
    assert asked == [[("310117", first.edition)], [("310117", first.edition)]]
    assert served(home, "SELECT DISTINCT cause, evidence ->> '$.files' FROM restatements") == [("late_file", "1")]


def test_whoever_seeks_causes_sees_both_lakes_and_the_serving_file(
    home: Home, first: Publication, district: Con, go: Any
) -> None:
    change(district, value=14.0)
    built(district, at=NOW + timedelta(minutes=1))
    seen: dict[str, int] = {}

    def find(con: Con) -> None:
        for table in (f"{BRONZE}.main.landing_files", f"{WAREHOUSE}.published.kpi_values", "served.main.kpi_values"):
            row = con.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert row is not None
            seen[table] = row[0]

    assert go(2, find_causes=find).status == "published"
    assert seen == {"bronze.main.landing_files": 1, "warehouse.published.kpi_values": 2, "served.main.kpi_values": 2}
    assert served(home, "SELECT business_date, cause FROM restatements") == [(DAY, "unexplained")]
