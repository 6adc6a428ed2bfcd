"""The outline of the district, as a plane polygon in metres and back."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from geography.datum import to_wgs84

# Lambert's azimuthal equal-area projection about the middle of the district: areas are true, and over 40 km
# distances are true to a few parts in a million, so bisectors are straight and weights are square metres.
_PLANE: Final = "+proj=laea +lat_0=31.03 +lon_0=121.22 +datum=WGS84 +units=m"
_TO_PLANE: Final = Transformer.from_crs("EPSG:4326", _PLANE, always_xy=True)


def read_outline(file: Path, datum: str) -> shapely.MultiPolygon | shapely.Polygon:
    """The (multi)polygon of a GeoJSON geometry file in `datum`, in degrees of WGS-84."""
    outline = shapely.from_geojson(file.read_text(encoding="utf-8"))
    if not isinstance(outline, shapely.Polygon | shapely.MultiPolygon) or not outline.is_valid:
        raise ValueError(f"{file}: the outline must be one valid Polygon or MultiPolygon")
    return shapely.transform(outline, lambda xy: np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], datum)))


def to_plane(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (n, 2) in degrees of WGS-84 as metres of the plane."""
    return np.column_stack(_TO_PLANE.transform(points[:, 0], points[:, 1]))


def from_plane(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (n, 2) in metres of the plane as degrees of WGS-84."""
    return np.column_stack(_TO_PLANE.transform(points[:, 0], points[:, 1], direction="INVERSE"))
