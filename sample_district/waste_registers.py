"""The daily registers of haulage: disposal permits, waste sites, night-work permits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import numpy as np

from sample_district.csv_faults import FieldFault
from sample_district.datum import as_reported
from sample_district.delivery import Delivery
from sample_district.district import District
from sample_district.haulage import Haulage
from sample_district.night_works import NightWorks
from sample_district.register_rows import Row, write_register
from sample_district.waste_sites import KIND_NAMES

_PERMITS = (
    "permit_id", "site_id", "carrier", "receiving_site_id", "volume_m3", "valid_from", "valid_until", "hour_from",
    "hour_until", "route", "datum", "trucks", "revoked_on",
)  # fmt: skip
_SITES = ("site_id", "kind", "name", "township_code", "polygon", "datum", "filed_on", "closed_on")
_NIGHTS = ("night_permit_id", "site_id", "valid_from", "valid_until", "hour_from", "hour_until")
_PERMIT_FAULTS = (
    FieldFault("missing_permit", "permit_id", "", "required_missing"),
    FieldFault("no_calendar_date", "valid_from", "2026-02-30", "not_a_date"),
    FieldFault("route_is_a_point", "route", "POINT (121.2 31.03)", "geometry_invalid"),
    FieldFault("route_elsewhere", "route", "LINESTRING (116.3 39.9, 116.4 39.9)", "geometry_invalid"),
    FieldFault("hour_25", "hour_until", "25", "out_of_range"),
)
_SITE_FAULTS = (
    FieldFault("unknown_kind", "kind", "quarry", "unknown_code"),
    FieldFault(
        "crossing_polygon", "polygon", "POLYGON ((121.2 31, 121.21 31.01, 121.21 31, 121.2 31.01, 121.2 31))",
        "geometry_invalid",
    ),
    FieldFault("polygon_cut_off", "polygon", "POLYGON ((121.2 31.0, 121.21", "geometry_invalid"),
    FieldFault("missing_polygon", "polygon", "", "required_missing"),
)  # fmt: skip
_NIGHT_FAULTS = (
    FieldFault("missing_site", "site_id", "", "required_missing"),
    FieldFault("ends_someday", "valid_until", "someday", "not_a_date"),
)


def write_waste_registers(district: District, haulage: Haulage, nights: NightWorks, day: date) -> Iterator[Delivery]:
    """The three registers as they stand on the day."""
    yield write_register(district, "disposal_permits", day, _PERMITS, permit_rows(haulage, day), _PERMIT_FAULTS)
    yield write_register(district, "waste_sites", day, _SITES, site_rows(district, haulage, day), _SITE_FAULTS)
    yield write_register(district, "night_work_permits", day, _NIGHTS, nights.rows(), _NIGHT_FAULTS)


def permit_rows(haulage: Haulage, day: date) -> list[Row]:
    """Carriers of every third number send GCJ-02, of every second their routes as GeoJSON."""
    permits, sites, trucks = haulage.permits, haulage.sites, haulage.trucks
    rows: list[Row] = []
    for index in range(permits.count):
        carrier = int(permits.carrier[index])
        datum = "GCJ02" if carrier % 3 == 1 else "WGS84"
        is_any_hour = permits.hour_from[index] < 0
        rows.append(
            (
                permits.permit_id(index),
                sites.site_id(int(permits.site[index])),
                trucks.carrier_name(carrier),
                sites.site_id(int(permits.receiver[index])),
                f"{permits.volume_m3[index]:.1f}",
                str(permits.valid_from[index]),
                str(permits.valid_until[index]),
                "" if is_any_hour else str(permits.hour_from[index]),
                "" if is_any_hour else str(permits.hour_until[index]),
                _route(haulage, index, datum, is_geojson=carrier % 2 == 1),
                datum,
                ";".join(permits.trucks_of(index, trucks)),
                _day(permits.revoked_on[index], day),
            )
        )
    return rows


def _route(haulage: Haulage, index: int, datum: str, *, is_geojson: bool) -> str:
    if not haulage.permits.has_route[index]:
        return ""
    x, y = as_reported(*haulage.permits.route(index, haulage.sites), datum)
    corners = list(zip(x.round(6).tolist(), y.round(6).tolist(), strict=True))
    if is_geojson:
        return json.dumps({"type": "LineString", "coordinates": corners}, separators=(",", ":"))
    return "LINESTRING (" + ", ".join(f"{a} {b}" for a, b in corners) + ")"


def site_rows(district: District, haulage: Haulage, day: date) -> list[Row]:
    """Every fourth site's polygon comes in GCJ-02, every fifth as GeoJSON; a day yet to come is not in a register."""
    sites = haulage.sites
    rows: list[Row] = []
    for index in range(sites.count):
        datum = "GCJ02" if index % 4 == 3 else "WGS84"
        ring = sites.ring(index, datum)
        polygon = (
            json.dumps({"type": "Polygon", "coordinates": [ring]}, separators=(",", ":"))
            if index % 5 == 4
            else "POLYGON ((" + ", ".join(f"{x} {y}" for x, y in ring) + "))"
        )
        area = int(sites.area[index])
        rows.append(
            (
                sites.site_id(index),
                KIND_NAMES[sites.kind[index]],
                sites.name(index),
                district.terrain.codes[area] if area >= 0 else "",
                polygon,
                datum,
                _day(sites.filed_on[index], day),
                _day(sites.closed_on[index], day),
            )
        )
    return rows


def _day(when: np.datetime64, today: date) -> str:
    return str(when) if when <= np.datetime64(today, "D") else ""
