"""Which rows came into, or left, the numerator and denominator of a restated figure, where they may be named.

A mart declares with `meta: {kpi_rows: true}` that it names the rows behind its KPIs (`pipeline/lineage.py`): cases, never
persons. Its rows as of the last edition are read from the warehouse's own past, for as long as that is kept.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa
import structlog

from lake.engine import open_engine
from lake.home import Home
from lake.lakes import WAREHOUSE, LakeMissing, attach
from lake.restatements import RESTATED
from pipeline.lineage import Lineage, Model, exists

log = structlog.get_logger(__name__)
SHOWN_IDS = 50  # of each kind; the count is of all
_KEY = ("kpi_code", "area_code", "business_date")
_PARTS = ("numerator", "denominator")


def note_flipped_rows(
    con: duckdb.DuckDBPyConnection, home: Home, lineage: Lineage, measure_of: Mapping[tuple[str, str], str]
) -> None:
    """Fill `rows_flipped` (a count) and `row_ids` (JSON: ids that joined or left, by part) of `RESTATED`.

    `measure_of` is what each version of a rule measures (`lineage.measures`).
    """
    marts = [mart for mart in lineage.row_marts() if exists(con, mart)]
    if not marts:
        return
    for (edition,) in con.execute(f"SELECT DISTINCT since_edition FROM {RESTATED}").fetchall():
        snapshot = snapshot_of(con, edition)
        for mart in marts if snapshot is not None else ():
            assert snapshot is not None
            try:
                _compare(con, home, mart, edition, snapshot, measure_of)
            except (duckdb.Error, LakeMissing) as error:  # the mart was not there yet, or that past is no longer kept
                log.info(
                    "rows of the past cannot be compared", mart=mart.name, edition=edition, because=str(error)[:200]
                )


def snapshot_of(con: duckdb.DuckDBPyConnection, edition: str) -> int | None:
    """The warehouse's snapshot in which an edition was noted: its marts are those the edition was made from."""
    row = con.execute(
        f"""SELECT max(snapshot_id) FROM {WAREHOUSE}.snapshots()
            WHERE json_extract_string(try_cast(commit_extra_info AS JSON), '$.action') = 'publish'
              AND list_contains(json_extract_string(try_cast(commit_extra_info AS JSON), '$.editions[*]'), ?)""",
        [edition],
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def _compare(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    mart: Model,
    edition: str,
    snapshot: int,
    measure_of: Mapping[tuple[str, str], str],
) -> None:
    key = ", ".join(_KEY)
    figures = con.execute(
        f"SELECT {key}, coalesce(now_rule_version, as_rule_version) FROM {RESTATED} WHERE since_edition = ?", [edition]
    ).fetchall()
    keys = pa.Table.from_pylist(
        [{**dict(zip(_KEY, row, strict=False)), "measure": measure_of.get((row[0], row[3]), row[0])} for row in figures]
    )
    # A connection of its own: a mart may be a view, which reads the lake by its name and not as of a version.
    with open_engine(home) as past:
        attach(past, home, WAREHOUSE, snapshot=snapshot)
        before = _rows(past, mart, keys)
    con.register("rows_before", before)
    con.register("rows_now", _rows(con, mart, keys))
    lists = []
    for part in _PARTS:
        for verb, gains, loses in (("joined", "n", "b"), ("left", "b", "n")):
            moved = f"coalesce({gains}.{part}, false) AND NOT coalesce({loses}.{part}, false)"
            ids = f"(list(row_id ORDER BY row_id) FILTER ({moved}))[:{SHOWN_IDS}]"
            lists.append(f"'{part}_{verb}', coalesce({ids}, [])")
    differs = " OR ".join(f"coalesce(b.{part}, false) <> coalesce(n.{part}, false)" for part in _PARTS)
    con.execute(
        f"""
        UPDATE {RESTATED} AS r SET rows_flipped = f.flipped, row_ids = f.ids
        FROM (
            SELECT {key}, count(*) FILTER ({differs}) AS flipped, json_object({", ".join(lists)})::VARCHAR AS ids
            FROM rows_before AS b FULL JOIN rows_now AS n USING ({key}, row_id)
            GROUP BY ALL
        ) AS f
        WHERE r.since_edition = ? AND {" AND ".join(f"r.{column} = f.{column}" for column in _KEY)}
        """,
        [edition],
    )
    con.unregister("rows_before")
    con.unregister("rows_now")


def _rows(con: duckdb.DuckDBPyConnection, mart: Model, keys: pa.Table) -> pa.Table:
    """The mart's rows of the figures `keys`: kpi_code, area_code, business_date, row_id, numerator, denominator."""
    key = ", ".join(f"w.{column}" for column in _KEY)
    con.register("wanted_figures", keys)
    days = con.execute("SELECT DISTINCT business_date FROM wanted_figures ORDER BY 1").fetchall()
    listed = ", ".join(f"DATE '{day}'" for (day,) in days)  # constants, so that a view passes over other dates
    parts = ", ".join(f"bool_or(is_in_{part}) AS {part}" for part in _PARTS)
    found = con.execute(
        f"""SELECT {key}, m.row_id::VARCHAR AS row_id, {parts} FROM {mart.relation} AS m
            JOIN wanted_figures AS w
              ON m.kpi_code = w.measure AND m.area_code = w.area_code AND m.business_date = w.business_date
            WHERE m.business_date IN ({listed}) GROUP BY ALL"""
    ).to_arrow_table()
    con.unregister("wanted_figures")
    return found
