"""Retention: business dates older than their contract allows are deleted, and it is noted that they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import structlog

from lake.bookkeeping import as_utc
from lake.commit import commit
from lake.engine import sql_name
from lake.lakes import BRONZE

log = structlog.get_logger(__name__)
RETENTION = {"action": "retention"}
_DISTRICT_TIME = ZoneInfo("Asia/Shanghai")
_QUARANTINE = "quarantine"
_EXPIRED = "expired_dates"


def first_kept_date(days: int, now: datetime) -> date:
    """The oldest business date that may be kept for `days` days, `now` being any moment of today in the district."""
    return now.astimezone(_DISTRICT_TIME).date() - timedelta(days=days)


def expire_rows(
    con: duckdb.DuckDBPyConnection,
    name: str,
    *,
    retention_days: Mapping[str, int],
    now: datetime,
    dry_run: bool = False,
) -> dict[str, list[date]]:
    """Delete expired business dates from tables of the attached lake `name`; returns the dates by table.

    Tables are named `table` (schema main) or `schema.table`. One commit with extra_info `{"action":
    "retention"}`, by which the change feed knows that no history is to be rebuilt. In bronze the refused rows of
    the same feeds and dates go too (they hold what was received), and the dates are noted in `expired_dates`.
    Tables that do not exist are passed over. The rows leave the disk when their snapshots are expired and the
    files cleaned up.
    """
    limits = {table: first_kept_date(days, now) for table, days in retention_days.items()}
    present = _tables_with_dates(con, name)
    expired = {
        table: _dates_before(con, f"{name}.{_qualified(table)}", limit)
        for table, limit in limits.items()
        if _parts(table) in present
    }
    if name == BRONZE and ("main", _QUARANTINE) in present:
        for feed, limit in limits.items():
            refused = _refused_dates_before(con, feed, limit)
            expired[feed] = sorted({*expired.get(feed, []), *refused})
    expired = {table: dates for table, dates in expired.items() if dates}
    if expired and not dry_run:
        dates = sum(map(len, expired.values()))
        extra = {**RETENTION, "expired": {table: [str(day) for day in days] for table, days in expired.items()}}
        with commit(con, name, author="maintenance", message=f"retention: {dates} business dates", extra=extra):
            for table in expired:
                if _parts(table) in present:
                    con.execute(f"DELETE FROM {name}.{_qualified(table)} WHERE business_date < ?", [limits[table]])
            if name == BRONZE:
                _forget_refused(con, {feed: limits[feed] for feed in expired}, present)
                _note(con, expired, now)
        for table, days in expired.items():
            log.info("expired", lake=name, table=table, first=str(days[0]), last=str(days[-1]), dates=len(days))
    return expired


def expire_again(con: duckdb.DuckDBPyConnection, feed: str, dates: Sequence[date], expired_at: datetime) -> None:
    """Repeat an expiry that is known: the rows of `feed` up to the last of `dates`, and the note of when it was.

    For a bronze lake that is made again from landing; the caller holds its writer lock. `expired_at` is UTC.
    """
    present = _tables_with_dates(con, BRONZE)
    limit = max(dates) + timedelta(days=1)
    days = sorted(dates)
    extra = {**RETENTION, "expired": {feed: [str(day) for day in days]}}
    with commit(con, BRONZE, author="rebuild", message=f"retention: {len(days)} business dates", extra=extra):
        if ("main", feed) in present:
            con.execute(f"DELETE FROM {BRONZE}.{_qualified(feed)} WHERE business_date < ?", [limit])
        _forget_refused(con, {feed: limit}, present)
        _note(con, {feed: days}, expired_at)


def _tables_with_dates(con: duckdb.DuckDBPyConnection, name: str) -> set[tuple[str, str]]:
    rows = con.execute(
        """SELECT c.schema_name, c.table_name FROM duckdb_columns() c
           SEMI JOIN duckdb_tables() t USING (database_name, schema_name, table_name)
           WHERE c.database_name = ? AND c.column_name = 'business_date'""",
        [name],
    ).fetchall()
    return {(row[0], row[1]) for row in rows}


def _dates_before(con: duckdb.DuckDBPyConnection, table: str, limit: date) -> list[date]:
    rows = con.execute(
        f"SELECT DISTINCT business_date FROM {table} WHERE business_date < ? ORDER BY 1", [limit]
    ).fetchall()
    return [row[0] for row in rows]


def _refused_dates_before(con: duckdb.DuckDBPyConnection, feed: str, limit: date) -> list[date]:
    rows = con.execute(f"SELECT DISTINCT {_REFUSED_DATE} FROM {_REFUSED} WHERE {_IS_EXPIRED}", [feed, limit])
    return [row[0] for row in rows.fetchall()]


# A row refused for its very date counts under the day it was refused.
_REFUSED = f"{BRONZE}.main.{_QUARANTINE}"
_REFUSED_DATE = "coalesce(business_date, quarantined_at::DATE)"
_IS_EXPIRED = f"feed = ? AND {_REFUSED_DATE} < ?"


def _forget_refused(con: duckdb.DuckDBPyConnection, limits: Mapping[str, date], present: set[tuple[str, str]]) -> None:
    if ("main", _QUARANTINE) in present:
        for feed, limit in limits.items():
            con.execute(f"DELETE FROM {_REFUSED} WHERE {_IS_EXPIRED}", [feed, limit])


def _note(con: duckdb.DuckDBPyConnection, expired: Mapping[str, list[date]], now: datetime) -> None:
    table = f"{BRONZE}.main.{_EXPIRED}"
    con.execute(f"CREATE TABLE IF NOT EXISTS {table} (feed VARCHAR, business_date DATE, expired_at TIMESTAMP)")
    for feed, dates in expired.items():
        con.execute(
            f"""INSERT INTO {table}
                SELECT ?, d.day, ? FROM (SELECT unnest(?::DATE[]) AS day) d
                ANTI JOIN {table} e ON e.feed = ? AND e.business_date = d.day""",
            [feed, as_utc(now), dates, feed],
        )


def _parts(table: str) -> tuple[str, str]:
    schema, _, name = table.rpartition(".")
    return (schema or "main", name)


def _qualified(table: str) -> str:
    return ".".join(map(sql_name, _parts(table)))
