"""Every true trip of a date and what a right platform finds against it: `answer_key/trips_<date>.json`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import shapely

from sample_district.calendar_day import SHANGHAI_MS, day_start_ms
from sample_district.haulage import Haulage
from sample_district.terrain import METRES_PER_LAT, METRES_PER_LON
from sample_district.track_faults import DARK_AFTER_POWER_OFF, DARK_SILENTLY, PartShifts, TrackFault
from sample_district.trip_orders import ORDERED

FINDINGS = (
    "expired_permit", "no_permit", "off_route", "out_of_hours", "overspeed", "suspected_dump", "terminal_dark",
    "uncovered_or_spilling", "unfiled_receiving_site", "unpermitted_site", "unregistered_truck",
)  # fmt: skip
_CORRIDOR_M, _SHARE, _LONGEST_KM, _OUTSIDE_S = 150.0, 0.2, 1.0, 600.0
_HEARD_S = 300.0
# Nearer to a threshold than this share of it, either verdict is right.
_EDGE = 0.15


@dataclass
class Trip:
    """One haul as it was driven. `findings` must be found, `tolerated` may be, anything else accuses falsely."""

    permit: int
    truck: int
    destination: int
    loaded_s: float
    unloaded_s: float
    seen: str
    facts: dict[str, Any]
    findings: set[str] = field(default_factory=set)
    tolerated: set[str] = field(default_factory=set)

    @property
    def loaded_on(self) -> date:
        return _date(self.loaded_s)

    def as_json(self) -> dict[str, Any]:
        must, may = self.findings, self.tolerated - self.findings
        if self.seen != "whole" or self.facts["is_wrong_datum"]:
            # Of what nobody saw whole, and of places that are none, nothing can be said for sure.
            must, may = set(), must | may | {"uncovered_or_spilling"}
        if self.seen in ("cut_start", "cut_end"):
            may |= {"terminal_dark"}
        return {**self.facts, "seen": self.seen, "findings": sorted(must), "tolerated": sorted(may - must)}


def trips_of(haulage: Haulage, planned: PartShifts, first: date, last: date) -> dict[int, Trip]:
    """The trips of the shifts that began on one day, by row of their hauls; `first` and `last` bound the run."""
    faults = {fault.haul: fault for fault in planned.faults}
    works = planned.shifts.works[planned.shifts.hauls.truck]
    dates = [planned.day, planned.day + timedelta(days=1)]
    silent = {
        day: haulage.trucks.silent(haulage.seed, day) if first <= day <= last else np.ones(haulage.trucks.count, bool)
        for day in dates
    }
    approved = {day: haulage.trucks.approved(day) for day in (*dates, dates[-1] + timedelta(days=1))}
    return {
        int(haul): _trip(haulage, planned, int(haul), faults.get(int(haul)), silent, approved, last)
        for haul in np.flatnonzero(works)
    }


def _trip(
    haulage: Haulage,
    planned: PartShifts,
    haul: int,
    fault: TrackFault | None,
    silent: dict[date, Any],
    approved: dict[date, Any],
    last: date,
) -> Trip:
    hauls, orders, sites, trucks = planned.shifts.hauls, planned.shifts.orders, haulage.sites, haulage.trucks
    at = int(hauls.number[haul]), int(hauls.truck[haul])
    truck, permit, goal = int(planned.mine[at[1]]), int(orders.permit[at]), int(orders.destination[at])
    origin = int(orders.origin[at])
    loaded, arrived, unloaded = (float(column[haul]) for column in (hauls.loaded_s, hauls.arrived_s, hauls.unloaded_s))
    begun, ended = _date(loaded), _date(unloaded)
    state = haulage.permits.state(permit, begun) if permit >= 0 else "none"
    # "Empty" must be heard a few times to be believed.
    heard = _date(unloaded + _HEARD_S)
    is_dark = [bool(silent[day][truck]) if day in silent else True for day in (begun, heard)]
    seen = {(0, 0): "whole", (1, 0): "cut_start", (0, 1): "cut_end", (1, 1): "unseen"}[is_dark[0], is_dark[1]]
    planted = ORDERED[orders.planted[at]] if orders.planted[at] >= 0 else fault.name if fault else None
    path = _path(haulage, planned, at)
    trip = Trip(permit, truck, goal, loaded, unloaded, seen, {})
    off = _off_route(haulage, permit, path)
    outside = _outside_hours(haulage, permit, loaded, arrived), _outside_hours(haulage, permit, loaded, unloaded)
    terminal = f"{int(trucks.terminal[truck]):012d}"
    trip.facts = {
        "trip": f"{terminal}-{_iso(loaded)}-{_iso(unloaded)}",
        "terminal_id": terminal,
        "carrier": trucks.carrier_name(int(trucks.carrier[truck])),
        "loaded_at": _iso(loaded),
        "arrived_at": _iso(arrived),
        "unloaded_at": _iso(unloaded),
        "is_open": ended > last,
        "origin_site_id": sites.site_id(origin),
        "destination_site_id": sites.site_id(goal) if goal >= 0 else None,
        "destination": [round(float(orders.x[at]), 6), round(float(orders.y[at]), 6)],
        "destination_is_filed": sites.is_filed(goal, begun) if goal >= 0 else None,
        "permit_id": haulage.permits.permit_id(permit) if permit >= 0 else None,
        "permit_state": state,
        "capacity_m3": float(trucks.capacity_m3[truck]),
        "distance_km": round(float(shapely.length(path)) / 1000, 3),
        "is_registered": bool(approved[begun][truck]),
        "is_wrong_datum": bool(haulage.is_wrong_datum[truck]),
        "planted": planted,
        "fault_from": _iso(fault.begin_s) if fault else None,
        "fault_until": _iso(fault.end_s) if fault else None,
        "off_route": {"km": off[0], "share": off[1], "longest_km": off[2]} if off else None,
        "outside_hours_s": int(outside[0]),
    }
    _judge(haulage, trip, state, begun, ended, off, outside)
    if planted == "overspeed":
        trip.findings.add("overspeed")
    if planted == DARK_AFTER_POWER_OFF:
        trip.findings.add("terminal_dark")
    if planted == DARK_SILENTLY:  # a blind area looks the same: it may be named, nobody may be accused of it
        trip.tolerated.add("terminal_dark")
    return trip


def _judge(
    haulage: Haulage,
    trip: Trip,
    state: str,
    begun: date,
    ended: date,
    off: tuple[float, float, float] | None,
    outside: tuple[float, float],
) -> None:
    sites, found = haulage.sites, trip.findings
    if not trip.facts["is_registered"]:
        found.add("unregistered_truck")
        # A register that has let a truck go may no longer tell whose it is, and so not which permit it drives on.
        trip.tolerated.add("no_permit")
    if trip.permit < 0:
        found.add("no_permit")
    elif state != "valid":
        found.add("expired_permit")
    if trip.destination < 0:
        found.add("suspected_dump")
    elif not sites.is_filed(trip.destination, begun):
        found.add("unfiled_receiving_site")
    elif trip.permit >= 0 and trip.destination != haulage.permits.receiver[trip.permit]:
        found.add("unpermitted_site")
    if trip.destination >= 0 and sites.is_filed(trip.destination, begun) != sites.is_filed(trip.destination, ended):
        trip.tolerated |= {"unfiled_receiving_site", "unpermitted_site"}
    if off is not None:
        # The two limits may be read as both or as either: sure is what both say.
        over = [off[1] / _SHARE, off[2] / _LONGEST_KM]
        if min(over) > 1 + _EDGE:
            found.add("off_route")
        elif max(over) > 1 - _EDGE:
            trip.tolerated.add("off_route")
    if outside[0] > _OUTSIDE_S * (1 + _EDGE):
        found.add("out_of_hours")
    elif outside[1] > _OUTSIDE_S * (1 - _EDGE):
        trip.tolerated.add("out_of_hours")


def _path(haulage: Haulage, planned: PartShifts, at: tuple[int, int]) -> Any:
    """The loaded way as it was driven, in metres."""
    orders, sites = planned.shifts.orders, haulage.sites
    origin = int(orders.origin[at])
    x0, y0, x1, y1 = sites.x[origin], sites.y[origin], orders.x[at], orders.y[at]
    if orders.detour_deg[at] != 0:
        aside = y0 + orders.detour_deg[at]
        corners = [(x0, y0), (x0, aside), (x1, aside), (x1, y1)]
    else:
        middle = x0 + orders.corner[at] * (x1 - x0)
        corners = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    return shapely.linestrings([(x * METRES_PER_LON, y * METRES_PER_LAT) for x, y in corners])


def _off_route(haulage: Haulage, permit: int, path: Any) -> tuple[float, float, float] | None:
    """(km, share, longest stretch in km) beyond the corridor of the approved route; None where there is no route."""
    if permit < 0 or not haulage.permits.has_route[permit]:
        return None
    x, y = haulage.permits.route(permit, haulage.sites)
    corners = np.stack([x * METRES_PER_LON, y * METRES_PER_LAT], axis=1)
    if np.array_equal(corners, shapely.get_coordinates(path)):
        return 0.0, 0.0, 0.0
    beyond = path.difference(shapely.linestrings(corners).buffer(_CORRIDOR_M))
    longest = max((float(piece.length) for piece in shapely.get_parts(shapely.line_merge(beyond))), default=0.0)
    km = float(beyond.length) / 1000
    return round(km, 3), round(km * 1000 / float(path.length), 4), round(longest / 1000, 3)


def _outside_hours(haulage: Haulage, permit: int, begin_s: float, end_s: float) -> float:
    """Seconds between the two instants that lie outside the permit's hours."""
    if permit < 0 or haulage.permits.hour_from[permit] < 0:
        return 0.0
    since, until = int(haulage.permits.hour_from[permit]), int(haulage.permits.hour_until[permit])
    hours = (np.arange(begin_s, end_s, dtype=np.float64) + SHANGHAI_MS / 1000) // 3600 % 24
    inside = (hours >= since) & (hours < until) if since < until else (hours >= since) | (hours < until)
    return float((~inside).sum())


def _date(at_s: float) -> date:
    return (datetime.fromtimestamp(at_s, tz=UTC) + timedelta(milliseconds=SHANGHAI_MS)).date()


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(round(at_s), tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def midnight_s(day: date) -> float:
    """Shanghai's midnight that opens the day, in seconds since 1970 UTC."""
    return day_start_ms(day) / 1000
