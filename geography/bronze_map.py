"""The map's four tables in the bronze lake."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime
from typing import Final

import duckdb
import geopandas
import pyarrow as pa
import shapely

from geography.grid import Grid
from lake.relations import table_names

_TABLES: Final = {
    "geography_townships": (
        "area_code VARCHAR, name_zh VARCHAR, name_en VARCHAR, area_km2 DOUBLE, label_longitude DOUBLE,"
        " label_latitude DOUBLE, is_approximate BOOLEAN, source VARCHAR, geometry_geojson VARCHAR"
    ),
    "geography_cells": "cell_id BIGINT, area_code VARCHAR",
    "geography_edges": "cell_id BIGINT, area_code VARCHAR, x1 DOUBLE, y1 DOUBLE, x2 DOUBLE, y2 DOUBLE",
    "geography_installs": (
        "installed_at TIMESTAMP, source VARCHAR, sha256 VARCHAR, datum VARCHAR, townships INTEGER,"
        " is_approximate BOOLEAN, area_km2 DOUBLE, cells_per_degree INTEGER, attribution VARCHAR"
    ),
}


@dataclass(frozen=True)
class Installed:
    """One row of geography_installs: a map that came into force at `installed_at` (UTC)."""

    installed_at: datetime
    source: str  # "shipped:..." or the imported file's name
    sha256: str
    datum: str
    townships: int
    is_approximate: bool
    area_km2: float
    cells_per_degree: int
    attribution: str

    def rebuilt(self, installed_at: datetime, cells_per_degree: int) -> Installed:
        return replace(self, installed_at=installed_at, cells_per_degree=cells_per_degree)


def latest_install(con: duckdb.DuckDBPyConnection) -> Installed | None:
    """The map in force in the attached bronze lake."""
    if "geography_installs" not in _existing(con):
        return None
    columns = ", ".join(column.name for column in fields(Installed))
    row = con.execute(f"SELECT {columns} FROM bronze.geography_installs ORDER BY installed_at DESC LIMIT 1").fetchone()
    return None if row is None else Installed(*row)


def write_map(con: duckdb.DuckDBPyConnection, townships: geopandas.GeoDataFrame | None, installed: Installed) -> None:
    """Replace the townships (None: keep them) and note the install; within the caller's commit, and first in it."""
    for table, columns in _TABLES.items():
        con.execute(f"CREATE TABLE IF NOT EXISTS bronze.{table} ({columns})")
    marks = ", ".join("?" * len(fields(Installed)))
    con.execute(f"INSERT INTO bronze.geography_installs VALUES ({marks})", list(astuple(installed)))
    if townships is None:
        return
    table = pa.table(
        {
            "area_code": pa.array(townships.code, pa.string()),
            "name_zh": pa.array(townships.name_zh, pa.string()),
            "name_en": pa.array(townships.name_en, pa.string()),
            "area_km2": pa.array(townships.area_km2, pa.float64()),
            "label_longitude": pa.array(townships.label_longitude, pa.float64()),
            "label_latitude": pa.array(townships.label_latitude, pa.float64()),
            "is_approximate": pa.array(townships.is_approximate, pa.bool_()),
            "source": pa.array([installed.source] * len(townships), pa.string()),
            "geometry_geojson": pa.array(shapely.to_geojson(townships.geometry.to_numpy()), pa.string()),
        }
    )
    _replace(con, "geography_townships", table)


def write_grid(con: duckdb.DuckDBPyConnection, grid: Grid) -> None:
    """Replace the lookup's tables; within the caller's commit."""
    _replace(con, "geography_cells", grid.cells)
    _replace(con, "geography_edges", grid.edges)


def stored_polygons(con: duckdb.DuckDBPyConnection) -> tuple[list[str], list[shapely.Geometry]]:
    """Codes and polygons of the map in force."""
    rows = con.execute(
        "SELECT area_code, geometry_geojson FROM bronze.geography_townships ORDER BY area_code"
    ).fetchall()
    return [code for code, _ in rows], [shapely.from_geojson(text) for _, text in rows]


def _replace(con: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    con.register("geography_rows", rows)
    try:
        con.execute(f"DELETE FROM bronze.{table}")
        con.execute(f"INSERT INTO bronze.{table} BY NAME FROM geography_rows")
    finally:
        con.unregister("geography_rows")


def _existing(con: duckdb.DuckDBPyConnection) -> set[str]:
    return set(table_names(con, "bronze", "main"))
