"""The township map in force, else the shipped one: outlines for the sketch, never for a judgement."""

from __future__ import annotations

import json
from dataclasses import dataclass

import duckdb
import shapely

from evidence.rows import rows_of
from geography.shipped import SHIPPED_ATTRIBUTION, SHIPPED_MAP
from haulage.registers import columns_of
from lake.lakes import BRONZE


@dataclass(frozen=True)
class TownshipMap:
    """Names (Chinese) with outlines in degrees of WGS-84; whose map it is."""

    outlines: tuple[tuple[str, shapely.Geometry], ...]
    attribution: str


def township_map(con: duckdb.DuckDBPyConnection) -> TownshipMap:
    """The latest installed map of the attached bronze lake."""
    if columns_of(con, BRONZE, "geography_townships") and columns_of(con, BRONZE, "geography_installs"):
        rows = rows_of(
            con, f"SELECT name_zh, geometry_geojson FROM {BRONZE}.main.geography_townships ORDER BY area_code"
        )
        (install,) = rows_of(
            con, f"SELECT attribution FROM {BRONZE}.main.geography_installs ORDER BY installed_at DESC LIMIT 1"
        ) or [{"attribution": ""}]
        if rows:
            outlines = tuple((row["name_zh"], shapely.from_geojson(row["geometry_geojson"])) for row in rows)
            return TownshipMap(outlines, str(install["attribution"] or ""))
    features = json.loads(SHIPPED_MAP.read_text(encoding="utf-8"))["features"]
    outlines = tuple((f["properties"]["name_zh"], shapely.geometry.shape(f["geometry"])) for f in features)
    return TownshipMap(outlines, SHIPPED_ATTRIBUTION)
