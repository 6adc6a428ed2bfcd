"""Business dates of truck positions processed into the tables of schema `haulage`, each from the state the one before left."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import structlog

from haulage import layout as L
from haulage.clock import district_date, end_of
from haulage.datum_check import wrong_datum
from haulage.fixes import Fixes, has_fixes, read_fixes
from haulage.following import Followed, follow
from haulage.legs import thing_id
from haulage.parameters import Parameters
from haulage.permits import Permits, permits_on
from haulage.registers import Truck, columns_of, trucks_on
from haulage.sites import Sites, sites_on
from haulage.states import States, done_dates, states_before
from haulage.tables import TABLES, arrow_table, ensure_tables, forget_dates, replace_date
from haulage.trips import Trips, find_trips, processed
from lake.engine import sql_name
from lake.lakes import BRONZE, WAREHOUSE

log = structlog.get_logger(__name__)


def process_days(
    con: duckdb.DuckDBPyConnection,
    dates: Iterable[date],
    *,
    bronze: str = BRONZE,
    warehouse: str = WAREHOUSE,
    parameters: Parameters | None = None,
    threads: int | None = None,
) -> set[date]:
    """Process `dates` and the processed dates after them for as long as the state left to the next one differs.

    `bronze` and `warehouse` are aliases of attached lakes; the caller holds the warehouse's writer lock. Each date is one
    commit, and none where nothing differs. A date whose positions have expired is not found again: its rows go. Feeds and registers that
    have not landed are taken as empty. Returns the business dates of rows that came, went or changed.
    """
    parameters = parameters or Parameters.from_contract()
    ensure_tables(con, warehouse)
    waiting = set(dates)
    changed: set[date] = set()
    expired = _expired(con, bronze)
    forget_dates(con, warehouse, expired)
    while waiting:
        day = min(waiting)
        waiting.discard(day)
        if day in expired:
            continue
        rows = process_date(con, day, bronze=bronze, warehouse=warehouse, parameters=parameters, threads=threads)
        dates_changed, state_changed = replace_date(con, warehouse, day, rows)
        changed |= dates_changed
        later = [done for done in done_dates(con, warehouse) if done > day]
        if state_changed and later:
            waiting.add(later[0])
        log.info(
            "haulage", date=str(day), trips=rows["trips"].num_rows, stops=rows["stops"].num_rows, changed=state_changed
        )
    return changed


def process_date(
    con: duckdb.DuckDBPyConnection,
    day: date,
    *,
    bronze: str,
    warehouse: str,
    parameters: Parameters,
    threads: int | None = None,
) -> dict[str, pa.Table]:
    """The rows of all tables for one date, from bronze and the state before it. Writes nothing.

    All vehicles of a date are in memory at once: about 60 bytes a position, 0.6 GB for the ten million of a district.
    """
    threads = threads or os.cpu_count() or 1
    before = states_before(con, warehouse, day, after=end_of(day) - (86_400 + parameters.forget_after_s) * 1e6)
    trucks, terminals = trucks_on(con, bronze, day)
    sites = sites_on(con, bronze, day)
    permits = permits_on(con, bronze, day)
    if not has_fixes(con, bronze, day):  # nothing has landed for it, or no longer: it is no processed date
        return _nothing(day, sites)
    fixes = read_fixes(con, bronze, day, terminals, list(before.numbers), parameters)
    return process_fixes(fixes, day, before, trucks, sites, permits, parameters, threads)


def process_fixes(
    fixes: Fixes,
    day: date,
    before: States,
    trucks: Mapping[str, Truck],
    sites: Sites,
    permits: Permits,
    parameters: Parameters,
    threads: int = 1,
) -> dict[str, pa.Table]:
    """The rows of all tables for one date's reports; a function of its arguments alone."""
    followed = follow(fixes, before.matrix(fixes.vehicles), end_of(day), sites, parameters, threads)
    suspected = _suspected(followed, sites, len(fixes.vehicles))
    trips = find_trips(fixes, followed, before, sites, permits, trucks, suspected, parameters, threads)
    left = {
        key: state
        for key, state in zip(fixes.vehicles, followed.states, strict=True)
        if not np.isnan(state[L.REPORT_T])
    }
    return {
        "fix_counts": _counts(fixes, followed.rules, suspected, day),
        "fix_notes": _notes(fixes, day),
        "stops": _stops(fixes, followed, sites, day),
        "trips": arrow_table("trips", processed(_in_order(trips.rows), day, list(TABLES["trips"]))),
        "gaps": _gaps(fixes, followed, trips, day),
        "sites": _sites(sites, day),
        "open_states": States(left, {key: trips.under_way[key] for key in left if key in trips.under_way}).as_table(
            day
        ),
    }


def _suspected(followed: Followed, sites: Sites, vehicles: int) -> np.ndarray:
    """From stops, from where legs of this date began and from where they were unloaded."""
    stops, legs = followed.stops, followed.legs
    begun, unloaded = legs[legs[:, L.L_CARRIED] == 0], legs[legs[:, L.L_KIND] == L.UNLOADED]
    vehicle = np.concatenate([stops[:, L.S_VEHICLE], begun[:, L.L_VEHICLE], unloaded[:, L.L_VEHICLE]])
    lon = np.concatenate([stops[:, L.S_LON], _stood(begun, L.L_LON2), _stood(unloaded, L.L_END_LON2)])
    lat = np.concatenate([stops[:, L.S_LAT], _stood(begun, L.L_LAT2), _stood(unloaded, L.L_END_LAT2)])
    return wrong_datum(vehicle.astype(np.int64), lon, lat, sites, vehicles)


def _stood(legs: np.ndarray, column: int) -> np.ndarray:
    """Where trucks stood when their load turned, else where they reported it (two columns before)."""
    return np.where(np.isnan(legs[:, column]), legs[:, column - 2], legs[:, column])


def _counts(fixes: Fixes, rules: np.ndarray, suspected: np.ndarray, day: date) -> pa.Table:
    kinds = len(L.RULES)
    counts = np.zeros((len(fixes.vehicles), kinds), dtype=np.int64)
    for v in range(len(fixes.vehicles)):
        counts[v] = np.bincount(rules[fixes.starts[v] : fixes.starts[v + 1]], minlength=kinds)
    counts[suspected, L.WRONG_DATUM] = counts[suspected, L.KEPT]
    counts[suspected, L.KEPT] = 0
    rows = [
        {"business_date": day, "vehicle_key": fixes.vehicles[v], "rule": L.RULES[rule], "fixes": int(counts[v, rule])}
        for v, rule in zip(*np.nonzero(counts), strict=True)
    ]
    return arrow_table("fix_counts", processed(_in_order(rows), day, list(TABLES["fix_counts"])))


def _notes(fixes: Fixes, day: date) -> pa.Table:
    late = np.bincount(fixes.vehicle[fixes.late], minlength=len(fixes.vehicles))
    rows = [
        {"business_date": day, "vehicle_key": fixes.vehicles[v], "rule": "out_of_order", "fixes": int(late[v])}
        for v in np.flatnonzero(late)
    ]
    return arrow_table("fix_notes", processed(_in_order(rows), day, list(TABLES["fix_notes"])))


def _stops(fixes: Fixes, followed: Followed, sites: Sites, day: date) -> pa.Table:
    rows = []
    for stop, place in zip(
        followed.stops, sites.at(followed.stops[:, L.S_LON], followed.stops[:, L.S_LAT]), strict=True
    ):
        key, site = fixes.vehicles[int(stop[L.S_VEHICLE])], sites[place]
        rows.append(
            {
                "business_date": district_date(stop[L.S_T]),
                "stop_id": thing_id("stop", key, stop[L.S_T]),
                "vehicle_key": key,
                "started_at": int(stop[L.S_T]),
                "ended_at": int(stop[L.S_END]),
                "longitude": round(float(stop[L.S_LON]), 6),
                "latitude": round(float(stop[L.S_LAT]), 6),
                "fixes": int(stop[L.S_N]),
                "site_id": None if site is None else site.site_id,
                "site_kind": None if site is None else site.kind,
                "is_open": bool(stop[L.S_OPEN]),
            }
        )
    return arrow_table("stops", processed(_in_order(rows), day, list(TABLES["stops"])))


def _gaps(fixes: Fixes, followed: Followed, trips: Trips, day: date) -> pa.Table:
    rows = []
    for gap in followed.gaps:
        key, started = fixes.vehicles[int(gap[L.G_VEHICLE])], float(gap[L.G_T])
        spans = trips.spans.get(key, [])
        lost = None if np.isnan(gap[L.G_LOST_T]) else thing_id("trip", key, float(gap[L.G_LOST_T]))
        rows.append(
            {
                "business_date": district_date(started),
                "gap_id": thing_id("gap", key, started),
                "vehicle_key": key,
                "started_at": int(started),
                "ended_at": int(gap[L.G_END]),
                "gap_s": round(float(gap[L.G_END] - started) / 1e6),
                "was_loaded": bool(gap[L.G_LOADED]),
                "after_power_off": bool(gap[L.G_ALARM]),
                "longitude": None if np.isnan(gap[L.G_LON]) else round(float(gap[L.G_LON]), 6),
                "latitude": None if np.isnan(gap[L.G_LAT]) else round(float(gap[L.G_LAT]), 6),
                "trip_id": next((trip for begin, end, trip in spans if begin <= started < end), lost),
                "is_open": bool(gap[L.G_OPEN]),
            }
        )
    return arrow_table("gaps", processed(_in_order(rows), day, list(TABLES["gaps"])))


def _sites(sites: Sites, day: date) -> pa.Table:
    rows = [
        {
            "business_date": day,
            "site_id": site.site_id,
            "kind": site.kind,
            "name": site.name,
            "township_code": site.township_code,
            "longitude": round(site.centre[0], 6),
            "latitude": round(site.centre[1], 6),
            "radius_m": round(site.radius_m, 1),
            "is_filed": site.is_filed,
        }
        for site in sorted(sites.sites, key=lambda site: site.site_id)
    ]
    return arrow_table("sites", processed(rows, day, list(TABLES["sites"])))


def _nothing(day: date, sites: Sites) -> dict[str, pa.Table]:
    empty: dict[str, pa.Table] = {
        table: arrow_table(table, {name: [] for name in columns}) for table, columns in TABLES.items()
    }
    return {**empty, "sites": _sites(sites, day)}


def _in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Vehicles were numbered as bronze had them: rows leave in an order of their own."""
    return sorted(rows, key=lambda row: (row["vehicle_key"], str(row.get("started_at", "")), row.get("rule", "")))


def _expired(con: duckdb.DuckDBPyConnection, bronze: str) -> set[date]:
    if not columns_of(con, bronze, "expired_dates"):
        return set()
    rows = con.execute(
        f"SELECT DISTINCT business_date FROM {sql_name(bronze)}.expired_dates WHERE feed = 'truck_gps'"
    ).fetchall()
    return {day for (day,) in rows}
