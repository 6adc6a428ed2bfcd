"""Hidden counts of persons stay hidden, whatever the counts: the models' own SQL on tables drawn at random."""

from __future__ import annotations

import itertools
from pathlib import Path

import duckdb
import jinja2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples

MODELS = Path(__file__).parents[2] / "dbt_project" / "models" / "marts"
DISTRICT = "310117"
ELSEWHERE = "elsewhere"  # of no township on the map: counted for the district, never published
TYPES = ("registered", "migrant", "overseas", "all")
THRESHOLD = 10
HIDDEN = "suppressed_small_count"

counts = st.one_of(st.just(0), st.integers(1, 12), st.integers(0, 100_000))
tables = st.integers(1, 17).flatmap(
    lambda towns: st.lists(st.tuples(counts, counts, counts), min_size=towns, max_size=towns)
)


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        f"""CREATE TABLE stg_kpi_definitions AS SELECT 'residents_total' AS kpi_code, {THRESHOLD} AS
            small_count_threshold, DATE '2020-01-01' AS effective_from, NULL::DATE AS effective_to"""
    )
    connection.execute(
        "CREATE TABLE mart_residents (business_date DATE, area_code VARCHAR, household_type VARCHAR, persons BIGINT)"
    )
    return connection


def model_sql(name: str) -> str:
    """A model as dbt would render it, reading tables of the same names."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    environment.globals.update(
        ref=lambda name: name,
        rebuilt=lambda _: "true",
        district=lambda: f"'{DISTRICT}'",
        elsewhere=lambda: f"'{ELSEWHERE}'",
        config=lambda **_: "",
    )
    return environment.from_string((MODELS / f"{name}.sql").read_text()).render()


def with_totals(
    rows: list[tuple[int, int, int]], elsewhere: tuple[int, int, int] = (0, 0, 0)
) -> dict[tuple[str, str], int]:
    """The counts by area and household type, the totals of both with them."""
    cells: dict[tuple[str, str], int] = {}
    for number, row in enumerate([*rows, elsewhere], start=1):
        area = ELSEWHERE if number > len(rows) else f"{DISTRICT}{number:03d}"
        for kind, count in zip(TYPES, (*row, sum(row)), strict=True):
            cells[area, kind] = count
            cells[DISTRICT, kind] = cells.get((DISTRICT, kind), 0) + count
    return cells


def protect(con: duckdb.DuckDBPyConnection, cells: dict[tuple[str, str], int]) -> dict[tuple[str, str], int | None]:
    con.execute("DELETE FROM mart_residents")
    con.executemany(
        "INSERT INTO mart_residents VALUES (DATE '2026-03-02', ?, ?, ?)",
        [[area, kind, count] for (area, kind), count in cells.items()],
    )
    rows = con.execute(model_sql("mart_residents_protected")).fetchall()
    assert {(area, kind) for _, area, kind, *_ in rows} == {cell for cell in cells if cell[0] != ELSEWHERE}
    assert all((persons is None) == (status == HIDDEN) for *_, persons, status in rows)
    return {(area, kind): persons for _, area, kind, persons, _ in rows}


def recomputable(shown: dict[tuple[str, str], int | None]) -> list[tuple[str, str]]:
    """The unknown cells that the sums of rows and columns determine: no solution of the system can move them."""
    shown = {**shown, **dict.fromkeys([(ELSEWHERE, kind) for kind in TYPES])}
    hidden = [cell for cell, persons in shown.items() if persons is None]
    areas = sorted({area for area, _ in shown})
    equations = []
    for area in areas:
        equations.append({(area, kind): 1 if kind != "all" else -1 for kind in TYPES})
    for kind in TYPES:
        equations.append({(area, kind): 1 if area != DISTRICT else -1 for area in areas})
    matrix = np.array([[equation.get(cell, 0) for cell in hidden] for equation in equations], dtype=float)
    if not hidden:
        return []
    _, singular, basis = np.linalg.svd(matrix)
    rank = int((singular > 1e-9).sum())
    freedom = np.abs(basis[rank:]).max(axis=0) if rank < len(hidden) else np.zeros(len(hidden))
    return [cell for cell, free in zip(hidden, freedom, strict=True) if free < 1e-9]


@examples(60)
@given(rows=tables, elsewhere=st.just((0, 0, 0)) | st.tuples(counts, counts, counts))
def test_no_hidden_count_follows_from_the_published_totals(
    con: duckdb.DuckDBPyConnection, rows: list, elsewhere: tuple[int, int, int]
) -> None:
    cells = with_totals(rows, elsewhere)
    shown = protect(con, cells)
    told = recomputable(shown)
    if len(rows) > 1:  # a district of one township is that township: its total is the township's own count
        assert [cell for cell in told if cell[0] != ELSEWHERE] == []
        # What is of no township may follow from the others, but not where it is a few persons.
        assert [cell for cell in told if 0 < cells[cell] < THRESHOLD] == []
    for cell, persons in shown.items():
        assert persons is None or persons == 0 or persons >= THRESHOLD
        assert persons is None or persons == cells[cell]


def test_a_table_without_small_counts_is_shown_whole(con: duckdb.DuckDBPyConnection) -> None:
    cells = with_totals([(10, 20, 0), (30, 40, 10)], (20, 10, 10))
    assert protect(con, cells) == {cell: persons for cell, persons in cells.items() if cell[0] != ELSEWHERE}


def test_the_partner_of_a_small_count_stays_the_same_while_counts_move(con: duckdb.DuckDBPyConnection) -> None:
    first = protect(con, with_totals([(500, 90, 3), (400, 80, 11), (300, 70, 10)]))
    second = protect(con, with_totals([(501, 91, 4), (390, 60, 300), (310, 75, 10)]))
    assert {c for c, persons in first.items() if persons is None} == {
        c for c, persons in second.items() if persons is None
    }


@pytest.mark.parametrize("order", itertools.permutations([3, 50, 0]))
def test_one_small_count_takes_three_others_with_it(con: duckdb.DuckDBPyConnection, order: tuple[int, ...]) -> None:
    cells = with_totals([(100, 100, count) for count in order])
    assert sum(persons is None for persons in protect(con, cells).values()) == 4
