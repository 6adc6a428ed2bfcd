"""The checks of an edition, on catalogs in memory: they read plain SQL and need no lake."""

from collections.abc import Iterator
from datetime import datetime

import duckdb
import pytest

from lake.bookkeeping import Build
from lake.published_contract import published_tables
from lake.verification import accounting_problems, build_problems, contract_problems
from tests.lake.district import DAY, TYPES

Con = duckdb.DuckDBPyConnection


@pytest.fixture
def con() -> Iterator[Con]:
    """A built file and bronze bookkeeping in which everything is right."""
    with duckdb.connect() as con:
        con.execute("ATTACH ':memory:' AS built")
        for name, table in published_tables().items():
            con.execute(f"CREATE TABLE built.{name} ({', '.join(f'{c} {TYPES[k]}' for c, k in table.columns.items())})")
        con.execute("INSERT INTO built.kpi_definitions (kpi_code, rule_version, better) VALUES ('k', '1', 'lower')")
        kpi(con)
        con.execute("INSERT INTO built.data_accounting VALUES ('truck_gps', ?, 10, 7, 2, 1, 3, 1)", [DAY])
        con.execute("ATTACH ':memory:' AS bronze")
        counts = "received BIGINT, accepted BIGINT, quarantined BIGINT, duplicate BIGINT, late BIGINT"
        con.execute(f"CREATE TABLE bronze.landing_files (file_sha256 TEXT, feed TEXT, file_name TEXT, {counts})")
        con.execute(
            f"CREATE TABLE bronze.landing_accounting (file_sha256 TEXT, feed TEXT, business_date DATE, {counts})"
        )
        con.execute("INSERT INTO bronze.landing_files VALUES ('f1', 'truck_gps', 'a.csv', 10, 7, 2, 1, 3)")
        con.execute("INSERT INTO bronze.landing_accounting VALUES ('f1', 'truck_gps', ?, 9, 7, 1, 1, 3)", [DAY])
        con.execute("INSERT INTO bronze.landing_accounting VALUES ('f1', 'truck_gps', NULL, 1, 0, 1, 0, 0)")
        yield con


def kpi(con: Con, **values: object) -> None:
    """One row of kpi_values; a good one unless `values` say otherwise."""
    row: dict[str, object] = {
        "kpi_code": "k",
        "area_code": "310117",
        "business_date": DAY,
        "value": 12.0,
        "numerator": 12.0,
        "denominator": 1.0,
        "coverage": 0.9,
        "status": "ok",
        "rule_version": "1",
        **values,
    }
    con.execute(
        f"INSERT INTO built.kpi_values ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
    )


def test_a_good_edition_has_no_problem(con: Con) -> None:
    assert contract_problems(con, "built") == []
    assert accounting_problems(con, "built") == []


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"status": "fine", "value": None}, "status is none of the allowed"),
        ({"status": None, "value": None}, "status is none of the allowed"),
        ({"status": "no_data", "value": 0.0}, "a value is shown although"),
        ({"status": "ok", "value": None}, "or is missing although"),
        ({"value": float("nan")}, "not a finite number"),
        ({"coverage": 1.2}, "coverage is not between 0 and 1"),
        ({"coverage": -0.1}, "coverage is not between 0 and 1"),
        ({"status": "suppressed_small_count", "value": None, "denominator": None}, "suppressed small count is shown"),
        ({"status": "suppressed_small_count", "value": None, "numerator": None}, "suppressed small count is shown"),
        ({"rule_version": "99"}, "kpi_definitions does not explain k 99"),
        ({"business_date": None}, "a key column is empty for k 310117001 ?"),
        ({"area_code": "township"}, "neither a district (6 digits) nor a township"),
    ],
)
def test_a_bad_kpi_row_is_named(con: Con, values: dict[str, object], says: str) -> None:
    kpi(con, **{"area_code": "310117001", **values})
    problems = contract_problems(con, "built")
    assert any(says in problem for problem in problems), problems


def test_two_values_for_one_kpi_area_and_date_are_named(con: Con) -> None:
    kpi(con, value=13.0)
    assert contract_problems(con, "built") == ["kpi_values: more than one row for k 310117 2026-11-22"]


def test_many_cases_are_counted_and_three_named(con: Con) -> None:
    for number in range(1, 6):
        kpi(con, area_code=f"31011700{number}", coverage=2.0)
    (problem,) = contract_problems(con, "built")
    assert problem.endswith("k 310117001 2026-11-22, k 310117002 2026-11-22, k 310117003 2026-11-22 and 2 more")


@pytest.mark.parametrize(
    ("persons", "status"), [(3, "suppressed_small_count"), (None, "ok"), (3, "no_data"), (3, "other")]
)
def test_a_count_of_persons_that_must_not_be_shown_is_named(con: Con, persons: int | None, status: str) -> None:
    row = [DAY, "310117001", "overseas", persons, status]
    con.execute("INSERT INTO built.population_counts VALUES (?, ?, ?, ?, ?)", row)
    assert "310117001" in contract_problems(con, "built")[0]


def test_missing_tables_and_columns_and_other_kinds_of_type_are_named(con: Con) -> None:
    con.execute("DROP TABLE built.townships")
    con.execute("ALTER TABLE built.feeds DROP COLUMN owner")
    con.execute("ALTER TABLE built.event_types ALTER name_en TYPE INTEGER")
    assert contract_problems(con, "built") == [
        "townships: the table is missing",
        "event_types.name_en: is INTEGER, not text",
        "feeds.owner: the column is missing",
    ]


def test_whole_numbers_of_any_width_serve_where_numbers_are_asked(con: Con) -> None:
    con.execute("ALTER TABLE built.camera_coverage ALTER expected_hours TYPE HUGEINT")
    con.execute("ALTER TABLE built.camera_coverage ALTER observed_hours TYPE DECIMAL(18, 3)")
    assert contract_problems(con, "built") == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE bronze.landing_files SET accepted = 8", "duplicate for file(s) truck_gps a.csv"),
        ("UPDATE bronze.landing_accounting SET duplicate = 0", "duplicate for date(s) truck_gps 2026-11-22"),
        ("DELETE FROM bronze.landing_accounting WHERE business_date IS NULL", "do not add up to the file"),
        ("INSERT INTO bronze.landing_files VALUES ('f2', 'x', 'b.csv', 5, 5, 0, 0, 0)", "do not add up to the file"),
        ("DROP TABLE bronze.landing_accounting", "bronze has no table landing_accounting"),
        ("UPDATE built.data_accounting SET received = 9, accepted = 6", "data_accounting: does not add up"),
        ("DELETE FROM built.data_accounting", "data_accounting: does not add up to what landing counted"),
    ],
)
def test_accounting_that_does_not_balance_is_named(con: Con, change: str, says: str) -> None:
    con.execute(change)
    assert says in "; ".join(accounting_problems(con, "built"))


def test_a_rejected_file_without_counts_is_no_lost_row(con: Con) -> None:
    con.execute("INSERT INTO bronze.landing_files (file_sha256, feed, file_name) VALUES ('f2', 'truck_gps', 'b.csv')")
    assert accounting_problems(con, "built") == []


def test_only_a_passed_build_may_be_shown() -> None:
    moment = datetime(2026, 11, 23)
    build = Build("b1", 1, moment, moment, "passed", "abc", "{}")
    assert build_problems(build) == []
    assert "failed" in build_problems(Build("b2", 1, moment, moment, "failed", "abc", "{}"))[0]
    assert build_problems(None) == ["nothing has been built yet"]
