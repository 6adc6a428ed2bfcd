"""The legs of a date as rows of `trips`, and as what the next date continues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from haulage import layout as L
from haulage.clock import district_date
from haulage.fixes import Fixes
from haulage.following import Followed, measure
from haulage.legs import Candidate, Leg, no_measures, thing_id
from haulage.parameters import Parameters
from haulage.permits import Permits, Routes
from haulage.registers import Truck
from haulage.sites import Site, Sites
from haulage.states import States


@dataclass
class Trips:
    """`rows` are told; `under_way` go on the next date; `spans` are the told ones as (vehicle, from, until, id)."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    under_way: dict[str, Leg] = field(default_factory=dict)
    spans: dict[str, list[tuple[float, float, str]]] = field(default_factory=dict)


def find_trips(
    fixes: Fixes,
    followed: Followed,
    before: States,
    sites: Sites,
    permits: Permits,
    trucks: Mapping[str, Truck],
    suspected: NDArray[np.bool_],
    parameters: Parameters,
    threads: int,
) -> Trips:
    """Gives every leg its place, permit and measures. `before` is what the date before left; `suspected` by vehicle."""
    found = followed.legs
    legs: list[Leg] = []
    for row, origin, place in zip(found, *_places(sites, found, L.L_LON, L.L_LON2), strict=True):
        key = fixes.vehicles[int(row[L.L_VEHICLE])]
        leg = before.legs[key] if row[L.L_CARRIED] else _begun(key, row, sites[origin], place, permits, trucks)
        leg.wrong_datum |= bool(suspected[int(row[L.L_VEHICLE])])
        legs.append(leg)
    _measure(fixes, followed, legs, before, parameters, threads)
    trips = Trips()
    for row, leg, end, place in zip(found, legs, *_places(sites, found, L.L_END_LON, L.L_END_LON2), strict=True):
        kind = int(row[L.L_KIND])
        if kind in (L.OPEN, L.UNSURE):
            trips.under_way[leg.vehicle_key] = leg
        if kind != L.UNSURE:
            trips.rows.append(_row(leg, row, sites[end], place))
            after = float(row[L.L_END]) + (kind != L.UNLOADED)  # a gap that begins with the last fix is the trip's
            trips.spans.setdefault(leg.vehicle_key, []).append((leg.started, after, leg.trip_id))
    return trips


def _places(
    sites: Sites, found: NDArray[np.float64], first: int, second: int
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The site and the place (legs, 2) where legs turned: at the report that said so, or else where the truck had stood.

    `first` and `second` are the columns of the two longitudes; each has its latitude beside it.
    """
    reported, stood = found[:, first : first + 2], found[:, second : second + 2]
    there = sites.at(reported[:, 0], reported[:, 1])
    moved = (there < 0) & ~np.isnan(stood[:, 0])
    return np.where(moved, sites.at(stood[:, 0], stood[:, 1]), there), np.where(moved[:, None], stood, reported)


def _begun(
    key: str,
    row: NDArray[np.float64],
    site: Site | None,
    place: NDArray[np.float64],
    permits: Permits,
    trucks: Mapping[str, Truck],
) -> Leg:
    truck = trucks.get(key)
    started = float(row[L.L_T])
    site_id = None if site is None else site.site_id
    matches = permits.matches(key, truck, site_id, district_date(started))
    return Leg(
        trip_id=thing_id("trip", key, started),
        vehicle_key=key,
        started=started,
        source=int(row[L.L_SOURCE]),
        truck_key=None if truck is None else key,
        carrier=None if truck is None else truck.carrier,
        capacity_m3=None if truck is None else truck.capacity_m3,
        is_registered=truck is not None and truck.is_approved,
        origin_site_id=site_id,
        origin_site_kind=None if site is None else site.kind,
        origin_longitude=float(place[0]),
        origin_latitude=float(place[1]),
        candidates=[Candidate(match) for match in matches],
    )


def _measure(
    fixes: Fixes, followed: Followed, legs: list[Leg], before: States, parameters: Parameters, threads: int
) -> None:
    """Brings every candidate of every leg to the leg's last row."""
    routes = Routes()
    jobs, turns, alarms, measured, whose = [], [], [], [], []
    for row, leg in zip(followed.legs, legs, strict=True):
        v, last, turn = int(row[L.L_VEHICLE]), int(row[L.L_LAST_ROW]), int(row[L.L_TURN_ROW])
        first = int(fixes.starts[v] if row[L.L_CARRIED] else row[L.L_ROW])
        known = before.numbers.get(leg.vehicle_key)
        for one in leg.candidates:
            if last == L.CARRIED_TURN:
                one.measured = one.measured if one.at_turn is None else one.at_turn
            if turn != L.CARRIED_TURN:
                one.at_turn = None
            hours = (-1, -1) if one.match.hour_from is None else (one.match.hour_from, one.match.hour_until or 24)
            jobs.append((v, first, max(last, first - 1), routes.place(one.match.route), *hours))
            turns.append(turn)
            alarms.append(known[L.ALARM_T] if row[L.L_CARRIED] and known is not None else np.nan)
            measured.append(one.measured if row[L.L_CARRIED] else no_measures())
            whose.append(one)
    if not jobs:
        return
    matrix = np.array(measured)
    at_turn = measure(
        fixes, followed.rules, np.array(jobs, dtype=np.int64), np.array(turns, dtype=np.int64), np.array(alarms),
        matrix, routes, parameters, threads,
    )  # fmt: skip
    for one, now, then, turn in zip(whose, matrix, at_turn, turns, strict=True):
        one.measured = now
        if turn >= 0:
            one.at_turn = then


def _row(leg: Leg, row: NDArray[np.float64], end: Site | None, place: NDArray[np.float64]) -> dict[str, Any]:
    kind = int(row[L.L_KIND])
    is_open = kind == L.OPEN
    site = None if is_open else end
    chosen = leg.chosen(None if site is None else site.site_id)
    match, m = chosen.match, chosen.measured
    has_route, has_gap = match.route is not None, not np.isnan(m[L.M_GAP_T])
    seen_km = m[L.M_ROUTE_METRES]
    return {
        "business_date": district_date(leg.started),
        "trip_id": leg.trip_id,
        "vehicle_key": leg.vehicle_key,
        "truck_key": leg.truck_key,
        "carrier": leg.carrier,
        "capacity_m3": leg.capacity_m3,
        "is_registered": leg.is_registered,
        "started_at": int(leg.started),
        "ended_at": int(row[L.L_END]),
        "origin_site_id": leg.origin_site_id,
        "origin_site_kind": leg.origin_site_kind,
        "origin_longitude": round(leg.origin_longitude, 6),
        "origin_latitude": round(leg.origin_latitude, 6),
        "destination_site_id": None if site is None else site.site_id,
        "destination_site_kind": None if site is None else site.kind,
        "destination_filed": None if site is None else site.is_filed,
        "destination_longitude": None if is_open else round(float(place[0]), 6),
        "destination_latitude": None if is_open else round(float(place[1]), 6),
        "end_kind": L.END_KINDS[kind],
        "load_source": L.SOURCES[leg.source],
        "permit_id": match.permit_id,
        "permit_state": match.state,
        "permit_receiving_site_id": match.receiving_site_id,
        "is_permitted_truck": match.is_permitted_truck,
        "hours_outside_s": None if match.permit_id is None else _seconds(m[L.M_OUTSIDE_HOURS]),
        "distance_km": _km(m[L.M_METRES]),
        "fixes": int(m[L.M_FIXES]),
        "observed_share": round(float(m[L.M_OBSERVED] / m[L.M_EXPECTED]), 4) if m[L.M_EXPECTED] else None,
        "route_known": has_route,
        "off_route_km": _km(m[L.M_OFF_METRES]) if has_route else None,
        "off_route_share": (round(float(m[L.M_OFF_METRES] / seen_km), 4) if seen_km else 0.0) if has_route else None,
        "off_route_longest_km": _km(m[L.M_LONGEST]) if has_route else None,
        "overspeed_s": _seconds(m[L.M_OVERSPEED]),
        "top_speed_kmh": round(float(m[L.M_TOP]), 1),
        "max_gap_s": _seconds(m[L.M_GAP]),
        "gap_started_at": int(m[L.M_GAP_T]) if has_gap else None,
        "gap_ended_at": int(m[L.M_GAP_END]) if has_gap else None,
        "gap_after_power_off": bool(m[L.M_GAP_ALARM]) if has_gap else None,
        "gap_km": _km(m[L.M_GAP_METRES]) if has_gap else None,
        "drift_fixes": int(m[L.M_DRIFT]),
        "wrong_datum_suspected": leg.wrong_datum,
        "line_first": _line(m[L.M_LINE_FIRST]),
        "line_last": _line(m[L.M_LINE_LAST]),
        "is_open": is_open,
    }


def _seconds(microseconds: float) -> int:
    return round(float(microseconds) / 1e6)


def _km(metres: float) -> float:
    return round(float(metres) / 1000, 3)


def _line(number: float) -> int | None:
    return None if np.isnan(number) or number < 0 else int(number)


def processed(rows: list[dict[str, Any]], day: date, names: list[str]) -> dict[str, list[Any]]:
    """Rows as columns, with the processed date."""
    return {name: [day if name == "processed_date" else row[name] for row in rows] for name in names}
