"""Registers as they were in effect on a business date: the last snapshot that had landed for it or before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from lake.engine import sql_name


@dataclass(frozen=True)
class Truck:
    """An approved (or once approved) truck of the register."""

    truck_key: str
    carrier: str | None
    capacity_m3: float | None
    is_approved: bool


def columns_of(con: duckdb.DuckDBPyConnection, lake: str, table: str) -> set[str]:
    """The columns of a table in the main schema; empty when there is no such table."""
    rows = con.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = 'main' AND table_name = ?",
        [lake, table],
    ).fetchall()
    return {str(name) for (name,) in rows}


def snapshot_in_effect(con: duckdb.DuckDBPyConnection, bronze: str, feed: str, day: date) -> date | None:
    """The date of a register's snapshot in effect on `day`, by the accounting of landings, as dbt's int_register_days."""
    if not (columns_of(con, bronze, feed) and columns_of(con, bronze, "landing_accounting")):
        return None
    row = con.execute(
        f"""SELECT max(business_date) FROM (
                SELECT business_date FROM {sql_name(bronze)}.landing_accounting
                WHERE feed = ? AND business_date <= ? GROUP BY business_date HAVING sum(accepted) > 0)""",
        [feed, day],
    ).fetchone()
    return None if row is None else row[0]


def register_rows(
    con: duckdb.DuckDBPyConnection, bronze: str, feed: str, day: date, wanted: tuple[str, ...]
) -> list[tuple[Any, ...]]:
    """The wanted columns of the snapshot in effect, NULL where the table lacks one; no rows when none has landed."""
    snapshot = snapshot_in_effect(con, bronze, feed, day)
    if snapshot is None:
        return []
    present = columns_of(con, bronze, feed)
    chosen = ", ".join(sql_name(name) if name in present else f"NULL AS {sql_name(name)}" for name in wanted)
    return con.execute(
        f"SELECT {chosen} FROM {sql_name(bronze)}.{sql_name(feed)} WHERE business_date = ? ORDER BY ALL", [snapshot]
    ).fetchall()


def trucks_on(con: duckdb.DuckDBPyConnection, bronze: str, day: date) -> tuple[dict[str, Truck], dict[str, str]]:
    """The trucks by key, and the truck of each terminal (the first by key, as dbt's int_truck_days has it)."""
    trucks: dict[str, Truck] = {}
    terminals: dict[str, str] = {}
    wanted = ("truck_key", "terminal_key", "carrier", "capacity_m3", "approved_on", "valid_until")
    for key, terminal, carrier, capacity, approved_on, valid_until in register_rows(con, bronze, "trucks", day, wanted):
        approved = (approved_on is None or approved_on <= day) and (valid_until is None or valid_until >= day)
        if key not in trucks or (approved and not trucks[key].is_approved):
            trucks[key] = Truck(key, carrier, capacity, approved)
        if terminal is not None:
            terminals[terminal] = min(key, terminals.get(terminal, key))
    return trucks, terminals
