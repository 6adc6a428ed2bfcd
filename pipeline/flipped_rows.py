"""Which rows came into, or left, the numerator and denominator of a restated figure, where they may be named.

A mart declares with `meta: {kpi_rows: true}` that it names the rows behind its KPIs (`pipeline/lineage.py`): cases, never
persons. Its rows as of the last edition are read from the warehouse's own past, for as long as that is kept.
"""

from __future__ import annotations

import duckdb
import structlog

from lake.engine import sql_text
from lake.lakes import WAREHOUSE
from lake.restatements import RESTATED
from pipeline.lineage import Lineage, Model, exists

log = structlog.get_logger(__name__)
SHOWN_IDS = 50  # of each kind; the count is of all
_KEY = ("kpi_code", "area_code", "business_date")
_PARTS = ("numerator", "denominator")


def note_flipped_rows(con: duckdb.DuckDBPyConnection, lineage: Lineage) -> None:
    """Fill `rows_flipped` (a count) and `row_ids` (JSON: ids that joined or left, by part) of `RESTATED`."""
    marts = [mart for mart in lineage.row_marts() if exists(con, mart)]
    if not marts:
        return
    editions = con.execute(f"SELECT DISTINCT since_edition FROM {RESTATED}").fetchall()
    for (edition,) in editions:
        snapshot = snapshot_of(con, edition)
        for mart in marts if snapshot is not None else ():
            assert snapshot is not None
            try:
                _compare(con, mart, edition, snapshot)
            except duckdb.Error as error:  # the mart was not there yet, or that past is no longer kept
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


def _compare(con: duckdb.DuckDBPyConnection, mart: Model, edition: str, snapshot: int) -> None:
    key = ", ".join(_KEY)
    wanted = f"SELECT {key} FROM {RESTATED} WHERE since_edition = {sql_text(edition)}"
    parts = ", ".join(f"bool_or(is_in_{part}) AS {part}" for part in _PARTS)
    rows = f"SELECT {key}, row_id::VARCHAR AS row_id, {parts} FROM {{}} SEMI JOIN ({wanted}) USING ({key}) GROUP BY ALL"
    before, now = rows.format(f"{mart.relation} AT (VERSION => {snapshot})"), rows.format(mart.relation)
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
            FROM ({before}) AS b FULL JOIN ({now}) AS n USING ({key}, row_id)
            GROUP BY ALL
        ) AS f
        WHERE r.since_edition = ? AND {" AND ".join(f"r.{column} = f.{column}" for column in _KEY)}
        """,
        [edition],
    )
