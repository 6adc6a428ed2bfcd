from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake import content_hash as content_hash_module
from lake.content_hash import content_hash

Con = duckdb.DuckDBPyConnection
PUBLISHED = "32b2a67a1162306de25e2866f23e7c2bb6261cf1f31e2610d28a2a5c3b99d1c2"


@pytest.fixture
def con() -> Iterator[Con]:
    with duckdb.connect() as con:
        yield con


def hashed(con: Con, *statements: str) -> str:
    con.execute("DROP SCHEMA IF EXISTS p CASCADE")
    con.execute("CREATE SCHEMA p")
    for statement in statements:
        con.execute(statement)
    return content_hash(con, "memory", "p")


def test_the_order_of_rows_and_columns_says_nothing(con: Con) -> None:
    one = hashed(con, "CREATE TABLE p.t AS SELECT i AS a, -i AS b FROM range(1000) r(i)")
    other = hashed(con, "CREATE TABLE p.t AS SELECT -i AS b, i AS a FROM range(1000) r(i) ORDER BY hash(i)")
    assert one == other


def test_the_types_of_whole_numbers_and_views_or_tables_say_nothing(con: Con) -> None:
    one = hashed(con, "CREATE TABLE p.t AS SELECT 5::BIGINT AS a")
    assert one == hashed(con, "CREATE VIEW p.t AS SELECT 5::HUGEINT AS a")


def test_floats_that_differ_in_their_last_digits_are_the_same(con: Con) -> None:
    forth = hashed(con, "CREATE TABLE p.t AS SELECT 0.1::DOUBLE + 0.2::DOUBLE + 0.3::DOUBLE AS a, -0.0::DOUBLE AS z")
    back = hashed(con, "CREATE TABLE p.t AS SELECT 0.3::DOUBLE + 0.2::DOUBLE + 0.1::DOUBLE AS a, 0.0::DOUBLE AS z")
    assert forth == back
    assert forth != hashed(con, "CREATE TABLE p.t AS SELECT 0.60001::DOUBLE AS a, 0.0::DOUBLE AS z")


def test_when_it_was_published_says_nothing(con: Con) -> None:
    one = hashed(con, "CREATE TABLE p.t AS SELECT 1 AS a, 'e1' AS edition, TIMESTAMP '2026-01-01' AS at")
    other = hashed(
        con,
        "CREATE TABLE p.t AS SELECT 1 AS a, 'e2' AS edition, TIMESTAMP '2026-02-02' AS at",
        "CREATE TABLE p.editions AS SELECT 'e2' AS edition",
    )
    assert one == other


@pytest.mark.parametrize(
    "changed",
    [
        "SELECT 'ab' AS a, 'c' AS b UNION ALL SELECT NULL, 'x'",
        "SELECT 'a' AS a, 'bc' AS b UNION ALL SELECT '-', 'x'",
        "SELECT 'a' AS a, 'bc' AS b UNION ALL SELECT '', 'x'",
        "SELECT 'a' AS a, 'bc' AS b UNION ALL SELECT NULL, 'x' UNION ALL SELECT NULL, 'x'",
        "SELECT 'a' AS a, 'bc' AS c UNION ALL SELECT NULL, 'x'",
        "SELECT 'a' AS a, 'bc' AS b",
    ],
)
def test_any_other_difference_is_another_hash(con: Con, changed: str) -> None:
    original = hashed(con, "CREATE TABLE p.t AS SELECT 'a' AS a, 'bc' AS b UNION ALL SELECT NULL, 'x'")
    assert original != hashed(con, f"CREATE TABLE p.t AS {changed}")


def test_an_empty_table_is_not_a_missing_one(con: Con) -> None:
    assert hashed(con, "CREATE TABLE p.t (a INTEGER)") != hashed(con)


rows = st.lists(st.tuples(st.integers(-99, 99) | st.none(), st.text(max_size=5) | st.none()), max_size=20)


@given(rows, st.randoms(use_true_random=False))
def test_any_shuffle_of_any_rows_has_one_hash(values: list[tuple[int | None, str | None]], random: object) -> None:
    with duckdb.connect() as con:
        found = []
        for _ in range(2):
            con.execute("CREATE OR REPLACE TABLE t (a INTEGER, b VARCHAR)")
            if values:
                con.executemany("INSERT INTO t VALUES (?, ?)", [list(row) for row in values])
            found.append(content_hash(con, "memory", "main"))
            random.shuffle(values)  # type: ignore[attr-defined]
    assert found[0] == found[1]


@pytest.mark.parametrize("rows", [0, 1, 7, 300])
def test_few_rows_are_hashed_as_many_are(con: Con, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    made = f"CREATE TABLE p.t AS SELECT i % 7 AS a, 'x' || i AS b, CASE WHEN i % 3 = 0 THEN i END AS c FROM range({rows}) r(i)"
    few = hashed(con, made)
    for most in (rows, rows - 1):
        monkeypatch.setattr(content_hash_module, "_FEW_ROWS", most)
        assert hashed(con, made) == few


def test_the_hash_of_a_table_is_the_one_it_was_published_with(con: Con) -> None:
    """Another hash of the same rows would publish an edition that says nothing new."""
    rows = (
        "SELECT i AS n, 'a' || i AS t, i / 7.0 AS f, CASE WHEN i > 2 THEN DATE '2026-11-22' END AS d FROM range(5) r(i)"
    )
    made = [f"CREATE TABLE p.one AS {rows}", "CREATE TABLE p.none AS SELECT 1 AS a WHERE false"]
    assert hashed(con, *made, "CREATE TABLE p.late AS SELECT 'e' AS edition, TIMESTAMP '2026-01-01' AS at") == PUBLISHED
