from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.columns import Column
from ingestion.contracts import Contract
from ingestion.rules import FileFacts, SourceShape, compile_rules

NOW = datetime(2026, 11, 23, 6, 0)


def contract(column: Column) -> Contract:
    key = Column("id", "string", "VARCHAR", sources=("id",), required=True, key_position=1)
    return Contract("t", "1", (key, column), "snapshot", None, ("csv",), 30)


def judge(column: Column, value: Any, kind: str = "VARCHAR", *, naive_is_utc: bool = False) -> tuple[Any, list[str]]:
    """(stored value, every reason) of one value of a column."""
    shape = SourceShape({"id": "VARCHAR", "x": kind}, trims=True, naive_times_are_utc=naive_is_utc, has_line=True)
    rules = compile_rules(contract(column), shape, FileFacts(NOW, file_date=date(2026, 11, 22)))
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"CREATE TABLE given AS SELECT 1::BIGINT AS _line, 'a' AS id, $1::{kind} AS x", [value])
        con.execute(f"CREATE TABLE typed AS {rules.typed('given')}")
        (stored, fault) = con.execute("SELECT x, _fault FROM typed").fetchall()[0]
        if not fault:
            return stored, []
        (first, every) = con.execute(f"SELECT _fault, _faults FROM ({rules.explained('typed')})").fetchall()[0]
        assert first == fault == every[0]
        return stored, [rules.checks[place - 1].reason for place in every]


def column(logical: Any, physical: str, **more: Any) -> Column:
    return Column("x", logical, physical, sources=("x",), **more)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-22T10:00:00+08:00", datetime(2026, 11, 22, 2)),
        ("2026-11-22T10:00:00+0800", datetime(2026, 11, 22, 2)),
        ("2026-11-22T10:00:00+08", datetime(2026, 11, 22, 2)),
        ("2026-11-22 02:00:00.250Z", datetime(2026, 11, 22, 2, 0, 0, 250_000)),
        ("2026-11-22T02:00:00z", datetime(2026, 11, 22, 2)),
        ("2026-11-22T10:00+08:00", datetime(2026, 11, 22, 2)),
        ("2026-11-22 02:00:00 UTC", datetime(2026, 11, 22, 2)),
        ("2026-11-21T21:00:00-05:00", datetime(2026, 11, 22, 2)),
    ],
)
def test_instants_with_an_offset_become_utc(text: str, utc: datetime) -> None:
    assert judge(column("timestamp", "TIMESTAMP", zone="offset"), text) == (utc, [])


@pytest.mark.parametrize("text", ["2026-11-22T10:00:00", "2026-11-22", "10:00", "2026-11-22T25:00:00Z", "epoch", "now"])
def test_instants_without_an_offset_are_refused_where_one_is_due(text: str) -> None:
    assert judge(column("timestamp", "TIMESTAMP", zone="offset"), text)[1] == ["not_a_timestamp"]


@pytest.mark.parametrize("zone", ["offset", "Asia/Shanghai"])
@pytest.mark.parametrize("offset", ["+15:00", "-1500", "+25:00", "+99"])
def test_offsets_of_no_place_on_earth_are_no_offsets(zone: str, offset: str) -> None:
    assert judge(column("timestamp", "TIMESTAMP", zone=zone), "2026-11-22T10:00:00" + offset)[1] == ["not_a_timestamp"]
    assert judge(column("timestamp", "TIMESTAMP", zone=zone), "2026-11-22T10:00:00+14:00") == (
        datetime(2026, 11, 21, 20),
        [],
    )


@pytest.mark.parametrize(
    ("zone", "text", "utc"),
    [
        ("Asia/Shanghai", "2026-11-22 10:00:00", datetime(2026, 11, 22, 2)),
        ("Asia/Shanghai", "2026/11/22 10:00:00", datetime(2026, 11, 22, 2)),
        ("Asia/Shanghai", "20261122100000", datetime(2026, 11, 22, 2)),
        ("Asia/Shanghai", "2026-11-22T10:00:00Z", datetime(2026, 11, 22, 10)),
        ("Asia/Shanghai", "2026-11-22 10:00:00 UTC", datetime(2026, 11, 22, 10)),
        ("Asia/Shanghai", "2026-1-2 3:04", datetime(2026, 1, 1, 19, 4)),
        ("Asia/Shanghai", "2026/11/22 10:00:00.5", datetime(2026, 11, 22, 2, 0, 0, 500_000)),
        ("America/New_York", "2026-07-01 00:00:00", datetime(2026, 7, 1, 4)),
        ("America/New_York", "2026-12-01 00:00:00", datetime(2026, 12, 1, 5)),
        ("UTC", "2026-11-22 10:00:00", datetime(2026, 11, 22, 10)),
        ("epoch_s", "1795312800.5", datetime(2026, 11, 22, 2, 0, 0, 500_000)),
    ],
)
def test_text_without_offset_is_read_in_the_zone_of_the_contract(zone: str, text: str, utc: datetime) -> None:
    assert judge(column("timestamp", "TIMESTAMP", zone=zone), text) == (utc, [])


@pytest.mark.parametrize(
    "text", ["2026-11-22 10:00:00+8", "2026-1-5 10:00:00+8", "2026-11-22 10:00:00 +9", "2026-11-22T10:00:00-1"]
)
def test_an_odd_offset_is_never_read_as_local_time(text: str) -> None:
    assert judge(column("timestamp", "TIMESTAMP", zone="Asia/Shanghai"), text)[1] == ["not_a_timestamp"]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22 10:00:00 utc",
        "2026-11-22 10:00:00UTC",
        "2026-11-22 10:00:00 GMT",
        "2026-11-22 10:00 UTC",
        "2026112212345",
    ],
)
def test_a_zone_in_words_and_digits_that_may_mean_two_times_are_never_read_as_local_time(text: str) -> None:
    assert judge(column("timestamp", "TIMESTAMP", zone="Asia/Shanghai"), text)[1] == ["not_a_timestamp"]


def test_a_typed_timestamp_without_zone_is_utc_only_from_a_decoder() -> None:
    instant = column("timestamp", "TIMESTAMP", zone="offset")
    value = datetime(2026, 11, 22, 2)
    assert judge(instant, value, "TIMESTAMP") == (None, ["not_a_timestamp"])
    assert judge(instant, value, "TIMESTAMP", naive_is_utc=True) == (value, [])
    assert judge(column("timestamp", "TIMESTAMP", zone="Asia/Shanghai"), value, "TIMESTAMP")[0] == datetime(
        2026, 11, 21, 18
    )


def test_times_too_old_or_in_the_future_are_refused() -> None:
    instant = column("timestamp", "TIMESTAMP", zone="UTC", earliest="2015-01-01", max_future_minutes=10)
    assert judge(instant, "1970-01-01 00:00:00")[1] == ["time_too_old"]
    assert judge(instant, "2099-01-01 00:00:00")[1] == ["time_in_future"]
    assert judge(instant, "2026-11-23 06:10:00")[1] == []
    assert judge(instant, "2026-11-23 06:10:01")[1] == ["time_in_future"]


def test_a_received_time_is_measured_by_the_landing_not_by_itself() -> None:
    received = column("timestamp", "TIMESTAMP", zone="UTC", max_future_minutes=10)
    happened = Column("happened", "timestamp", "TIMESTAMP", sources=("happened",), zone="UTC", max_future_minutes=10)
    key = Column("id", "string", "VARCHAR", sources=("id",), required=True, key_position=1)
    feed = Contract("t", "1", (key, happened, received), "append", "happened", ("csv",), 30, received_column="x")
    rules = compile_rules(feed, SourceShape({"id": "VARCHAR", "happened": "VARCHAR", "x": "VARCHAR"}), FileFacts(NOW))
    given = [("2026-11-22 10:00:00", "2099-01-01 00:00:00"), ("2099-01-01 00:00:00", "2099-01-01 00:00:00")]
    with duckdb.connect() as con:
        con.execute("CREATE TABLE given (id VARCHAR, happened VARCHAR, x VARCHAR)")
        con.executemany("INSERT INTO given VALUES ('a', ?, ?)", given)
        faults = [fault for (fault,) in con.execute(f"SELECT _fault FROM ({rules.typed('given')})").fetchall()]
    assert [(rules.checks[fault - 1].field, rules.checks[fault - 1].reason) for fault in faults] == [
        ("x", "time_in_future"),
        ("x", "time_in_future"),
    ]


@pytest.mark.parametrize("text", ["1-1-1 (BC)", "12026-1-05", "epoch", "  epoch   ", " infinity ", "290000-01-01"])
def test_words_and_years_without_four_digits_are_no_dates(text: str) -> None:
    assert judge(column("date", "DATE"), text)[1] == ["not_a_date"]


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP"])
def test_a_typed_time_at_an_end_of_the_calendar_is_refused(kind: str) -> None:
    for logical, physical, reason in (("date", "DATE", "not_a_date"), ("timestamp", "TIMESTAMP", "not_a_timestamp")):
        for value in ("5000000-01-01", "290309-12-22 (BC)") if kind == "DATE" else ("290309-12-22 (BC) 00:00:00",):
            assert judge(column(logical, physical, zone="Asia/Shanghai"), value, kind)[1] == [reason]


@pytest.mark.parametrize("blank", [" ", "  ", "\u3000", "\u00a0", "\u2009"])
@pytest.mark.parametrize("text", ["a", "沪A12345", "~", "a b"])
def test_blanks_around_a_text_go_whatever_the_text(text: str, blank: str) -> None:
    for written in (text, blank + text, text + blank, blank + text + blank):
        assert judge(column("string", "VARCHAR"), written) == (text, [])
    assert judge(column("string", "VARCHAR"), blank) == (None, [])


@pytest.mark.parametrize("text", ["2026-01-05", "2026/1/5", "2026-1-5", "2026/01/05", "20260105", " 2026-01-05 "])
def test_dates_are_read_in_the_usual_forms(text: str) -> None:
    assert judge(column("date", "DATE"), text) == (date(2026, 1, 5), [])


@pytest.mark.parametrize("offset", ["", "Z", "+08:00", " UTC"])
@pytest.mark.parametrize("text", ["2026-01-05 00:00:00", "2026-01-05T00:00:00.000", "2026/1/5 0:00:00"])
def test_a_midnight_is_the_date_that_is_written(text: str, offset: str) -> None:
    assert judge(column("date", "DATE"), text + offset) == (date(2026, 1, 5), [])


@pytest.mark.parametrize(
    "text",
    [
        "05/01/2026", "2026-13-01", "2026-02-30", "2026-01-05 junk", "2026-01-05 10:00:00", "x", "2026-1-5x", "2026-1-5ab",
        "2026-01-1x", "2026-1-5 UTC", "2026/1-5", "2026 1 5", "2026105", "2026-1-5\0", "2026-01- 5", "02026-1-5",
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused(text: str) -> None:
    assert judge(column("date", "DATE"), text)[1] == ["not_a_date"]


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("5", []), ("1e2", []), (" 7 ", []), ("nan", ["not_finite"]), ("-inf", ["not_finite"]), ("x", ["not_a_number"]),
        ("1,5", ["not_a_number"]), ("-1", ["out_of_range"]), ("101", ["out_of_range"]),
    ],
)  # fmt: skip
def test_numbers_are_checked_for_form_finiteness_and_range(text: str, reasons: list[str]) -> None:
    assert judge(column("number", "DOUBLE", minimum=0, maximum=100), text)[1][: len(reasons) or None] == reasons


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("5", []),
        ("5.0", []),
        ("1.7", ["not_a_number"]),
        ("nan", ["not_finite", "not_a_number"]),
        ("99999999999", ["not_a_number"]),
    ],
)
def test_an_integer_is_never_rounded(text: str, reasons: list[str]) -> None:
    assert judge(column("integer", "INTEGER"), text)[1] == reasons


def test_an_integer_is_never_rounded_from_a_typed_source_either() -> None:
    whole = column("integer", "INTEGER")
    assert judge(whole, 5.0, "DOUBLE") == (5, [])
    assert judge(whole, 1.7, "DOUBLE")[1] == ["not_a_number"]
    assert judge(whole, None, "DOUBLE") == (None, [])


def test_missing_values_take_the_default_and_synonyms_their_meaning() -> None:
    sex = column("string", "VARCHAR", values=("male", "female"), synonyms={"男": "male"}, default="female")
    assert judge(sex, "男")[0] == "male"
    assert judge(sex, "  ")[0] == "female"
    assert judge(sex, "?")[1] == ["unknown_code"]


def test_a_reason_of_the_contract_replaces_the_general_one() -> None:
    latitude = column("number", "DOUBLE", maximum=90, reasons={"out_of_range": "position_impossible"})
    assert judge(latitude, "91")[1] == ["position_impossible"]


def test_patterns_and_lengths_are_checked() -> None:
    code = column("string", "VARCHAR", pattern="^[0-9]{3}$", max_length=4)
    assert judge(code, "123")[1] == []
    assert judge(code, "12a")[1] == ["pattern_mismatch"]
    assert judge(code, "12345")[1] == ["too_long", "pattern_mismatch"]
    assert judge(column("string", "VARCHAR", max_length=2), "松江")[1] == []  # characters, not bytes


def test_a_text_with_a_nul_is_none_whatever_else_its_column_allows() -> None:
    for free in (column("string", "VARCHAR"), column("string", "VARCHAR", pattern="^c", max_length=9)):
        assert judge(free, "c1")[1] == []
        assert judge(free, "c1\0")[1] == ["nul_character"]


@given(st.text(max_size=30))
def test_no_text_makes_a_rule_fail_or_pass_unseen(text: str) -> None:
    for kind, physical in (("number", "DOUBLE"), ("integer", "BIGINT"), ("boolean", "BOOLEAN"), ("date", "DATE")):
        value, reasons = judge(column(kind, physical), text)
        assert (value is None) or not reasons or reasons == ["not_finite"] or kind in ("integer", "date")
        assert reasons or value is not None or is_blank(text)


def is_blank(text: str) -> bool:
    """Spaces alone, those of any script: what people paste from web pages and Chinese forms."""
    return all(unicodedata.category(character) == "Zs" for character in text)


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u3000", " \u2009 "])
def test_spaces_of_any_script_are_no_value(blank: str) -> None:
    assert judge(column("number", "DOUBLE"), blank) == (None, [])
    assert judge(column("number", "DOUBLE", required=True), blank) == (None, ["required_missing"])
