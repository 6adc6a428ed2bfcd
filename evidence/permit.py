"""The permit and the sites of a trip as the registers in effect on its date had them."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import shapely

from evidence.rows import Row
from haulage.registers import register_rows, snapshot_in_effect
from lake.lakes import BRONZE

_PERMIT = (
    "permit_id", "site_id", "carrier", "receiving_site_id", "volume_m3", "valid_from", "valid_until", "hour_from",
    "hour_until", "route", "truck_keys", "revoked_on",
)  # fmt: skip
_SITE = ("site_id", "kind", "name", "township_code", "polygon", "filed_on", "closed_on")


def permit_of(con: duckdb.DuckDBPyConnection, permit_id: str | None, day: date) -> Row | None:
    """The permit's row, with `snapshot_date`; None when the trip has none or the register no longer shows it."""
    if permit_id is None:
        return None
    rows = [row for row in _register(con, "disposal_permits", day, _PERMIT) if row["permit_id"] == permit_id]
    return rows[0] if rows else None


def sites_of(con: duckdb.DuckDBPyConnection, site_ids: set[str], day: date) -> list[Row]:
    """The rows of some sites, by id, with `snapshot_date`."""
    rows = _register(con, "waste_sites", day, _SITE) if site_ids else []
    return [row for row in rows if row["site_id"] in site_ids]


def shape(wkt: str | None) -> shapely.Geometry | None:
    """A stored geometry; None where there is none or it cannot be read."""
    if not wkt:
        return None
    found = shapely.from_wkt(wkt, on_invalid="ignore")
    return None if found is None or found.is_empty else found


def _register(con: duckdb.DuckDBPyConnection, feed: str, day: date, wanted: tuple[str, ...]) -> list[dict[str, Any]]:
    snapshot = snapshot_in_effect(con, BRONZE, feed, day)
    rows = register_rows(con, BRONZE, feed, day, wanted)
    return [{**dict(zip(wanted, row, strict=True)), "snapshot_date": snapshot} for row in rows]
