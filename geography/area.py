"""Areas on the ellipsoid."""

from __future__ import annotations

from typing import Final

import shapely
from pyproj import Geod

_GEOD: Final = Geod(ellps="WGS84")


def polygonal(shape: shapely.Geometry) -> shapely.Polygon | shapely.MultiPolygon:
    """The polygons among a geometry's parts: intersections of neighbours also leave lines and points."""
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def area_km2(shape: shapely.Geometry) -> float:
    """Square kilometres of a geometry in degrees of WGS-84, whatever the direction of its rings."""
    polygons = shapely.orient_polygons(polygonal(shape))
    return float(_GEOD.geometry_area_perimeter(polygons)[0]) / 1e6
