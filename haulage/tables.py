"""The tables of schema `haulage` in the warehouse lake: what they hold, and how a processed date is put in their place.

Common to all: `processed_date`, the business date whose processing wrote the row; `business_date`, the date in the district
on which the thing started. A stop, trip or gap still open at the end of a date is written with `is_open` and again, under
its id, by the date after: the latest processed date holds. Instants are UTC, places WGS-84 degrees, keys pseudonyms.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

import duckdb
import pyarrow as pa

from lake.commit import commit
from lake.engine import sql_name
from lake.relations import table_names

SCHEMA: Final = "haulage"
_COMMON: Final = {"processed_date": "DATE", "business_date": "DATE"}
_COUNTS: Final = {**_COMMON, "vehicle_key": "VARCHAR", "rule": "VARCHAR", "fixes": "BIGINT"}

TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "fix_counts": _COUNTS,  # by rule, summing to the date's rows of bronze
    "fix_notes": _COUNTS,  # of rows that are counted above as well: out_of_order
    "stops": {
        **_COMMON,
        "stop_id": "VARCHAR",
        "vehicle_key": "VARCHAR",
        "started_at": "TIMESTAMP",
        "ended_at": "TIMESTAMP",
        "longitude": "DOUBLE",
        "latitude": "DOUBLE",
        "fixes": "BIGINT",
        "site_id": "VARCHAR",
        "site_kind": "VARCHAR",
        "is_open": "BOOLEAN",
    },
    "trips": {
        **_COMMON,
        "trip_id": "VARCHAR",
        "vehicle_key": "VARCHAR",
        "truck_key": "VARCHAR",
        "carrier": "VARCHAR",
        "capacity_m3": "DOUBLE",
        "is_registered": "BOOLEAN",
        "started_at": "TIMESTAMP",
        "ended_at": "TIMESTAMP",
        "origin_site_id": "VARCHAR",
        "origin_site_kind": "VARCHAR",
        "origin_longitude": "DOUBLE",
        "origin_latitude": "DOUBLE",
        "destination_site_id": "VARCHAR",
        "destination_site_kind": "VARCHAR",
        "destination_filed": "BOOLEAN",
        "destination_longitude": "DOUBLE",
        "destination_latitude": "DOUBLE",
        "end_kind": "VARCHAR",
        "load_source": "VARCHAR",
        "permit_id": "VARCHAR",
        "permit_state": "VARCHAR",
        "permit_receiving_site_id": "VARCHAR",
        "is_permitted_truck": "BOOLEAN",
        "hours_outside_s": "BIGINT",
        "distance_km": "DOUBLE",
        "fixes": "BIGINT",
        "observed_share": "DOUBLE",
        "route_known": "BOOLEAN",
        "off_route_km": "DOUBLE",
        "off_route_share": "DOUBLE",
        "off_route_longest_km": "DOUBLE",
        "overspeed_s": "BIGINT",
        "top_speed_kmh": "DOUBLE",
        "max_gap_s": "BIGINT",
        "gap_started_at": "TIMESTAMP",
        "gap_ended_at": "TIMESTAMP",
        "gap_after_power_off": "BOOLEAN",
        "gap_km": "DOUBLE",
        "drift_fixes": "BIGINT",
        "wrong_datum_suspected": "BOOLEAN",
        "line_first": "BIGINT",
        "line_last": "BIGINT",
        "is_open": "BOOLEAN",
    },
    "gaps": {
        **_COMMON,
        "gap_id": "VARCHAR",
        "vehicle_key": "VARCHAR",
        "started_at": "TIMESTAMP",
        "ended_at": "TIMESTAMP",
        "gap_s": "BIGINT",
        "was_loaded": "BOOLEAN",
        "after_power_off": "BOOLEAN",
        "longitude": "DOUBLE",
        "latitude": "DOUBLE",
        "trip_id": "VARCHAR",
        "is_open": "BOOLEAN",
    },
    "sites": {
        **_COMMON,
        "site_id": "VARCHAR",
        "kind": "VARCHAR",
        "name": "VARCHAR",
        "township_code": "VARCHAR",
        "longitude": "DOUBLE",
        "latitude": "DOUBLE",
        "radius_m": "DOUBLE",
        "is_filed": "BOOLEAN",
    },
    # Private to this room: what the next date continues from. The row of the empty vehicle says that the date was done.
    "open_states": {
        "processed_date": "DATE",
        "vehicle_key": "VARCHAR",
        "numbers": "DOUBLE[]",
        "leg": "VARCHAR",
    },
}

# Business dates whose rows changed since a build of the models passed: written with the change, so that no crash between
# the two loses one.
_UNBUILT: Final = {"unbuilt": {"processed_date": "DATE", "business_date": "DATE"}}

_ARROW: Final = {
    "DATE": pa.date32(),
    "VARCHAR": pa.string(),
    "TIMESTAMP": pa.timestamp("us"),
    "DOUBLE": pa.float64(),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "DOUBLE[]": pa.list_(pa.float64()),
}


def ensure_tables(con: duckdb.DuckDBPyConnection, warehouse: str) -> None:
    """Create the tables that are missing, in one transaction. The caller holds the lake's writer lock."""
    found = table_names(con, warehouse, SCHEMA)
    missing = {table: columns for table, columns in {**TABLES, **_UNBUILT}.items() if table not in found}
    if not missing:
        return
    with commit(con, warehouse, author="haulage", message="tables of haulage", extra={"action": "haulage_tables"}):
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {sql_name(warehouse)}.{SCHEMA}")
        for table, columns in missing.items():
            typed = ", ".join(f"{sql_name(name)} {kind}" for name, kind in columns.items())
            con.execute(f"CREATE TABLE {_name(warehouse, table)} ({typed})")
            con.execute(f"ALTER TABLE {_name(warehouse, table)} SET PARTITIONED BY (processed_date)")


def arrow_table(table: str, columns: Mapping[str, Any]) -> pa.Table:
    """Columns (arrays or lists by name) as the rows of a table; raises KeyError when one is missing."""
    typed = {
        name: pa.array(columns[name], type=_ARROW[kind], from_pandas=kind != "DOUBLE[]")
        for name, kind in TABLES[table].items()
    }
    return pa.table(typed)


def replace_date(
    con: duckdb.DuckDBPyConnection, warehouse: str, day: date, rows: Mapping[str, pa.Table]
) -> tuple[set[date], bool]:
    """Put `rows` (by table) in the place of what `day` had, in one commit, or none when nothing differs.

    Returns the business dates of rows that changed, and whether the state left to the next date did.
    """
    changed: set[date] = set()
    differing = []
    filled = set()  # tables that have rows of the date
    for table, new in rows.items():
        con.register(f"_haulage_new_{table}", new)
        marks = "processed_date" if table == "open_states" else "business_date"
        old = f"(SELECT * FROM {_name(warehouse, table)} WHERE processed_date = {_text(day)})"
        fresh = f"(SELECT * FROM _haulage_new_{table})"
        difference = fresh
        if con.execute(f"SELECT 1 FROM {old} LIMIT 1").fetchone():
            filled.add(table)
            difference = f"""((SELECT * FROM {old} EXCEPT ALL SELECT * FROM {fresh})
                UNION ALL (SELECT * FROM {fresh} EXCEPT ALL SELECT * FROM {old}))"""
        dates = con.execute(f"SELECT DISTINCT {marks} FROM {difference}").fetchall()
        if dates:
            differing.append(table)
            if table != "open_states":
                changed |= {found for (found,) in dates}
    if differing:
        extra = {"action": "haulage", "processed_date": day, "tables": differing}
        with commit(con, warehouse, author="haulage", message=f"haulage of {day}", extra=extra):
            for table in differing:
                if table in filled:
                    con.execute(f"DELETE FROM {_name(warehouse, table)} WHERE processed_date = {_text(day)}")
                con.execute(f"INSERT INTO {_name(warehouse, table)} SELECT * FROM _haulage_new_{table}")
            if changed:
                con.execute(
                    f"INSERT INTO {_name(warehouse, 'unbuilt')} SELECT ?, unnest(?::DATE[])", [day, sorted(changed)]
                )
    for table in rows:
        con.unregister(f"_haulage_new_{table}")
    return changed, "open_states" in differing


def forget_dates(con: duckdb.DuckDBPyConnection, warehouse: str, expired: set[date]) -> None:
    """Delete what processing `expired` dates wrote, for tracks are kept no longer than the positions they were made of.

    The sites stay: they are no one's places. So does the newest expired state, from which the first date kept continues.
    What models made of a trip stays, too: it names no vehicle.
    """
    if not expired:
        return
    for table in ("fix_counts", "fix_notes", "stops", "trips", "gaps", "open_states"):
        gone = expired - {max(expired)} if table == "open_states" else expired
        listed = ", ".join(_text(day) for day in sorted(gone)) or "NULL"
        where = f"FROM {_name(warehouse, table)} WHERE processed_date IN ({listed})"
        if con.execute(f"SELECT 1 {where} LIMIT 1").fetchone():
            extra = {"action": "retention", "table": f"{SCHEMA}.{table}"}
            with commit(con, warehouse, author="haulage", message=f"retention: {SCHEMA}.{table}", extra=extra):
                con.execute(f"DELETE {where}")


def unbuilt_dates(con: duckdb.DuckDBPyConnection, warehouse: str) -> set[date]:
    """The business dates whose rows changed since `forget_unbuilt`."""
    rows = con.execute(f"SELECT DISTINCT business_date FROM {_name(warehouse, 'unbuilt')}").fetchall()
    return {day for (day,) in rows}


def beside_unbuilt(con: duckdb.DuckDBPyConnection, warehouse: str) -> set[date]:
    """The dates on either side of those: their trips may have been seen about midnight together with trips that changed.

    A trip that only a later date told otherwise (it ended after midnight) was seen with those of the date after at most.
    """
    rows = con.execute(
        f"SELECT DISTINCT business_date, business_date = processed_date FROM {_name(warehouse, 'unbuilt')}"
    ).fetchall()
    after = {day + timedelta(days=1) for day, _ in rows}
    return after | {day - timedelta(days=1) for day, told_itself in rows if told_itself}


def forget_unbuilt(con: duckdb.DuckDBPyConnection, warehouse: str) -> None:
    """The models have taken up everything; within the transaction of the caller, who says so there."""
    con.execute(f"DELETE FROM {_name(warehouse, 'unbuilt')}")


def _name(warehouse: str, table: str) -> str:
    return f"{sql_name(warehouse)}.{SCHEMA}.{table}"


def _text(day: date) -> str:
    return f"DATE '{day.isoformat()}'"
