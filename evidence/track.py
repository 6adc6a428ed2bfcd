"""The fixes of the trip's truck between its first and last instant, from bronze, with the file and line of each."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import duckdb
import numpy as np

from evidence.local_time import business_date
from evidence.rows import Row, rows_of
from haulage.registers import columns_of, trucks_on
from lake.lakes import BRONZE

MOST_FIXES: Final = 100_000  # a truck's fortnight at one report in twelve seconds: no trip is longer
_EARTH_M: Final = 6_371_008.8
_ENCRYPTED: Final = 1 << 5  # status bit of JT/T 808: the coordinates are no place


@dataclass(frozen=True)
class Fix:
    """One position report; degrees WGS-84, UTC. `doubt` says why its place is not drawn as part of the way."""

    reported_at: datetime
    received_at: datetime | None
    longitude: float
    latitude: float
    speed_kmh: float | None
    heading_deg: float | None
    load_state: str | None
    alarm_bits: int | None
    status_bits: int | None
    is_blind_report: bool
    sha256: str
    line: int
    doubt: str = ""  # no_fix, encrypted, out_of_region, repeated, jump


@dataclass(frozen=True)
class Silence:
    """Two successive reports further apart than the contract's longest gap."""

    started_at: datetime
    ended_at: datetime
    seconds: int


def fixes_of(con: duckdb.DuckDBPyConnection, trip: Row, parameters: dict[str, float]) -> list[Fix]:
    """Every report of the trip's vehicle in [started_at, ended_at], by time, file and line.

    A vehicle is its truck's key, a terminal that the register in effect on the date gives to the truck, or the terminal
    itself where no register knows it: as int_truck_days has it. Raises ValueError beyond `MOST_FIXES`.
    """
    found: list[Row] = []
    day, last = business_date(trip["started_at"]), business_date(trip["ended_at"])
    while day <= last:
        found += _reports(con, str(trip["vehicle_key"]), day, trip["started_at"], trip["ended_at"])
        if len(found) > MOST_FIXES:
            raise ValueError(f"the trip has more than {MOST_FIXES} reports: this is no trip")
        day += timedelta(days=1)
    found.sort(key=lambda row: (row["reported_at"], row["sha256"], row["line"], row["longitude"], row["latitude"]))
    return _judged([_fix(row) for row in found], parameters)


def terminals_of(con: duckdb.DuckDBPyConnection, vehicle: str, day: date) -> list[str]:
    """The terminals that report for a vehicle on a date, by the register in effect."""
    _, truck_of = trucks_on(con, BRONZE, day)
    terminals = sorted(terminal for terminal, truck in truck_of.items() if truck == vehicle)
    return terminals if vehicle in truck_of else [*terminals, vehicle]  # a terminal of no truck is its own vehicle


def silences(fixes: list[Fix], longest_s: float) -> list[Silence]:
    """Where nothing was reported for longer than `longest_s`."""
    return [
        Silence(a.reported_at, b.reported_at, round((b.reported_at - a.reported_at).total_seconds()))
        for a, b in itertools.pairwise(fixes)
        if (b.reported_at - a.reported_at).total_seconds() > longest_s
    ]


def drawn(fixes: list[Fix]) -> list[Fix]:
    """The fixes whose place is believed."""
    return [fix for fix in fixes if not fix.doubt]


def metres(lon_1: Any, lat_1: Any, lon_2: Any, lat_2: Any) -> Any:
    """Great-circle distance, metres, of degrees; arrays or numbers."""
    phi_1, phi_2 = np.radians(lat_1), np.radians(lat_2)
    half = np.sin((phi_2 - phi_1) / 2) ** 2
    half = half + np.cos(phi_1) * np.cos(phi_2) * np.sin(np.radians(np.subtract(lon_2, lon_1)) / 2) ** 2
    return 2 * _EARTH_M * np.arcsin(np.sqrt(np.minimum(half, 1.0)))


def _reports(con: duckdb.DuckDBPyConnection, vehicle: str, day: date, begin: datetime, end: datetime) -> list[Row]:
    if not columns_of(con, BRONZE, "truck_gps"):
        return []
    terminals = terminals_of(con, vehicle, day)
    return rows_of(
        con,
        f"""SELECT reported_at, received_at, longitude, latitude, speed_kmh, heading_deg, load_state, alarm_bits,
                   status_bits, is_positioned, is_blind_report, _file_sha256 AS sha256, _line AS line
            FROM {BRONZE}.main.truck_gps
            WHERE business_date = ? AND reported_at BETWEEN ? AND ?
                AND (truck_key = ? OR (truck_key IS NULL AND terminal_key IN (SELECT unnest(?::VARCHAR[]))))""",
        [day, begin, end, vehicle, terminals],
    )


def _fix(row: Row) -> Fix:
    doubt = ""
    if (row["status_bits"] or 0) & _ENCRYPTED:
        doubt = "encrypted"
    elif row["is_positioned"] is False:
        doubt = "no_fix"
    return Fix(
        row["reported_at"], row["received_at"], row["longitude"], row["latitude"], row["speed_kmh"],
        row["heading_deg"], row["load_state"], row["alarm_bits"], row["status_bits"], bool(row["is_blind_report"]),
        row["sha256"], row["line"], doubt,
    )  # fmt: skip


def _judged(fixes: list[Fix], parameters: dict[str, float]) -> list[Fix]:
    """Name the fixes whose place is not believed: outside the region, repeated, or a jump there and back."""
    west, east = parameters["region_min_longitude"], parameters["region_max_longitude"]
    south, north = parameters["region_min_latitude"], parameters["region_max_latitude"]
    seen: set[datetime] = set()
    for place, fix in enumerate(fixes):
        if fix.doubt:
            continue
        if not (west <= fix.longitude <= east and south <= fix.latitude <= north):
            fixes[place] = replace(fix, doubt="out_of_region")
        elif fix.reported_at in seen:
            fixes[place] = replace(fix, doubt="repeated")
        else:
            seen.add(fix.reported_at)
    good = [place for place, fix in enumerate(fixes) if not fix.doubt]
    if len(good) < 3:
        return fixes
    begin = fixes[good[0]].reported_at
    t = np.array([(fixes[place].reported_at - begin).total_seconds() for place in good])
    lon = np.array([fixes[place].longitude for place in good])
    lat = np.array([fixes[place].latitude for place in good])
    fast = metres(lon[:-1], lat[:-1], lon[1:], lat[1:]) > parameters["max_speed_kmh"] / 3.6 * np.diff(t) + 100
    for at in range(1, len(good) - 1):
        if fast[at - 1] and fast[at]:
            fixes[good[at]] = replace(fixes[good[at]], doubt="jump")
    return fixes
