"""Which business dates of a lake's tables changed between two snapshots, from DuckLake's own change feed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb
import structlog

from lake.engine import sql_name, sql_text
from lake.lakes import BRONZE

log = structlog.get_logger(__name__)

# Snapshots that move rows between files without changing one of them.
_COMPACTION = ("merge_adjacent", "rewrite_delete", "inline_flush")


class ChangedDates(dict[str, set[date]]):
    """Changed business dates by table. `everything` says the feed could not answer and all live dates are given."""

    def __init__(self, dates: dict[str, set[date]], *, everything: bool) -> None:
        super().__init__(dates)
        self.everything = everything


def changed_dates(
    con: duckdb.DuckDBPyConnection,
    *,
    since: int | None,
    upto: int,
    tables: Sequence[str],
    catalog: str = BRONZE,
) -> ChangedDates:
    """The distinct `business_date` of rows inserted into or deleted from each table after `since`, up to `upto`.

    `catalog` is the attached lake's alias. Left out: snapshots of retention (extra_info `{"action":
    "retention"}`: expired detail must not erase published history) and of compaction. With `since` None, or
    when a snapshot in between has been expired, every live date of the tables at `upto` is returned and
    `.everything` is true. Tables that do not exist yet have no dates.
    """
    existing = _existing(con, catalog, tables, upto)
    if since is not None and since >= upto:
        return ChangedDates({table: set() for table in tables}, everything=False)
    left_out = None if since is None else _snapshots_without_changes(con, catalog, since, upto)
    if since is None or left_out is None:
        if since is not None:
            log.warning("the change feed was expired: taking every live date", since=since, upto=upto)
        live = {table: _live(con, catalog, table, upto) if table in existing else set() for table in tables}
        return ChangedDates(live, everything=True)
    changed = {
        table: _changed(con, catalog, table, since + 1, upto, left_out) if table in existing else set()
        for table in tables
    }
    return ChangedDates(changed, everything=False)


def _existing(con: duckdb.DuckDBPyConnection, catalog: str, tables: Sequence[str], upto: int) -> set[str]:
    existing = set()
    for table in tables:
        try:
            con.execute(f"SELECT business_date FROM {_at(catalog, table, upto)} LIMIT 0")
        except duckdb.CatalogException:
            continue
        existing.add(table)
    return existing


def _snapshots_without_changes(con: duckdb.DuckDBPyConnection, catalog: str, since: int, upto: int) -> set[int] | None:
    """Retention and compaction snapshots in (since, upto]; None when the feed there has gaps."""
    rows = con.execute(
        f"""
        SELECT snapshot_id,
               coalesce(json_extract_string(try_cast(commit_extra_info AS JSON), '$.action') = 'retention', false)
               OR (len(map_keys(changes)) > 0 AND list_has_all(?, map_keys(changes)))
        FROM {sql_name(catalog)}.snapshots()
        WHERE snapshot_id > ? AND snapshot_id <= ?
        """,
        [list(_COMPACTION), since, upto],
    ).fetchall()
    # Snapshot ids have no holes: a missing one was expired, and its changes with it.
    return {int(snapshot) for snapshot, skip in rows if skip} if len(rows) == upto - since else None


def _changed(
    con: duckdb.DuckDBPyConnection, catalog: str, table: str, first: int, last: int, left_out: set[int]
) -> set[date]:
    # table_changes() joins the two feeds to tell updates from deletes, which dates do not need: reading them
    # apart takes a third of the time. The snapshots to leave out are dropped here and not in SQL: a filter on
    # snapshot_id is pushed into the deletions feed and fails there (DuckLake 1.0: "Expected vector of type INT64").
    span = f"({sql_text(catalog)}, 'main', {sql_text(table)}, {int(first)}, {int(last)})"
    query = " UNION ".join(
        f"SELECT DISTINCT snapshot_id, business_date FROM {feed}{span}"
        for feed in ("ducklake_table_insertions", "ducklake_table_deletions")
    )
    return {day for snapshot, day in con.execute(query).fetchall() if day is not None and snapshot not in left_out}


def _live(con: duckdb.DuckDBPyConnection, catalog: str, table: str, upto: int) -> set[date]:
    rows = con.execute(f"SELECT DISTINCT business_date FROM {_at(catalog, table, upto)}").fetchall()
    return {day for (day,) in rows if day is not None}


def _at(catalog: str, table: str, snapshot: int) -> str:
    return f"{sql_name(catalog)}.main.{sql_name(table)} AT (VERSION => {int(snapshot)})"
