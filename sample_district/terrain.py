"""The ground of the synthetic district: townships, places inside them, and which township a place is in."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from sample_district.datum import Floats

Ints = NDArray[np.int64]

ROOM = Path(__file__).parent
MAP_FILE = ROOM.parent / "geography" / "data" / "townships.geojson"

# Metres of a degree at the district's middle (31.03 N): flat enough for 40 km.
METRES_PER_LAT = 110_870.0
METRES_PER_LON = 95_470.0

# A camera stands this far inside its township, and an event this near its camera, so that neither a datum's rounding
# nor a better border moves a count from one township to another: the answer key stays true for an exact lookup.
INNER_MARGIN_M = 130.0
_CELL_DEG = 0.0005


@dataclass(frozen=True)
class Township:
    """One township: nine-digit code, area in km2, and its synthetic share of the district's residents."""

    code: str
    name_zh: str
    area_km2: float
    population_share: float


class Terrain:
    """Townships in the order of their codes; everywhere else in this package an area is its index here."""

    def __init__(self, townships: list[Township], polygons: list[Any]) -> None:
        self.townships = townships
        self.polygons = polygons

    @classmethod
    def load(cls, map_file: Path | None = None) -> Terrain:
        """The shipped map (WGS-84 GeoJSON whose features carry `code` or `area_code`) and `townships.csv`."""
        file = map_file or MAP_FILE
        if not file.is_file():
            raise FileNotFoundError(f"the district's map is not at {file}; name one with --map")
        shapes = {}
        for feature in json.loads(file.read_text(encoding="utf-8"))["features"]:
            properties = feature["properties"]
            code = str(properties.get("code") or properties["area_code"])
            shapes[code] = shapely.from_geojson(json.dumps(feature["geometry"]))
        with (ROOM / "townships.csv").open(encoding="utf-8", newline="") as lines:
            townships = [
                Township(row["code"], row["name_zh"], float(row["area_km2"]), float(row["synthetic_population_weight"]))
                for row in csv.DictReader(lines)
            ]
        missing = [township.code for township in townships if township.code not in shapes]
        if missing:
            raise ValueError(f"the map {file} has no polygon for {', '.join(missing)}")
        return cls(townships, [shapes[township.code] for township in townships])

    @property
    def codes(self) -> list[str]:
        return [township.code for township in self.townships]

    def places_in(self, area: int, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """`count` places (longitude, latitude in WGS-84 degrees), uniform and well inside the township."""
        inner = self._inner[area]
        west, south, east, north = inner.bounds
        longitudes, latitudes = np.empty(0), np.empty(0)
        while longitudes.size < count:
            wanted = 2 * (count - longitudes.size) + 16
            x, y = rng.uniform(west, east, wanted), rng.uniform(south, north, wanted)
            inside = shapely.contains_xy(inner, x, y)
            longitudes, latitudes = np.concatenate([longitudes, x[inside]]), np.concatenate([latitudes, y[inside]])
        return longitudes[:count].round(6), latitudes[:count].round(6)

    def well_inside(self, area: int, longitude: Floats, latitude: Floats) -> NDArray[np.bool_]:
        """Whether each place lies in the township, with the margin to its border."""
        return np.asarray(shapely.contains_xy(self._inner[area], longitude, latitude))

    def areas_of(self, longitude: Floats, latitude: Floats) -> Ints:
        """Township index of each place, -1 outside the district; exact to a 50 m cell, enough for sums of kilometres."""
        grid, west, south = self._grid
        column = np.floor((longitude - west) / _CELL_DEG).astype(np.int64)
        row = np.floor((latitude - south) / _CELL_DEG).astype(np.int64)
        known = (column >= 0) & (row >= 0) & (column < grid.shape[1]) & (row < grid.shape[0])
        areas = np.full(longitude.shape, -1, dtype=np.int64)
        areas[known] = grid[row[known], column[known]]
        return areas

    @cached_property
    def _inner(self) -> list[Any]:
        return [polygon.buffer(-INNER_MARGIN_M / METRES_PER_LON) for polygon in self.polygons]

    @cached_property
    def _grid(self) -> tuple[NDArray[np.int8], float, float]:
        west, south, east, north = shapely.total_bounds(np.array(self.polygons, dtype=object))
        x = np.arange(west + _CELL_DEG / 2, east + _CELL_DEG, _CELL_DEG)
        y = np.arange(south + _CELL_DEG / 2, north + _CELL_DEG, _CELL_DEG)
        columns, rows = np.meshgrid(x, y)
        grid = np.full(columns.shape, -1, dtype=np.int8)
        for area, polygon in enumerate(self.polygons):
            grid[np.asarray(shapely.contains_xy(polygon, columns, rows))] = area
        return grid, float(west), float(south)


def metres_between(x0: Floats, y0: Floats, x1: Floats, y1: Floats) -> Floats:
    """Great-circle metres between WGS-84 places (haversine, mean radius 6,371,008.8 m)."""
    a0, a1 = np.radians(y0), np.radians(y1)
    half = np.sin((a1 - a0) / 2) ** 2 + np.cos(a0) * np.cos(a1) * np.sin(np.radians(x1 - x0) / 2) ** 2
    return np.asarray(2 * 6_371_008.8 * np.arcsin(np.sqrt(half)))
