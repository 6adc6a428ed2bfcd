"""Geometry that a source writes as text: WKT (OGC 06-103r4, no SRID) or GeoJSON (RFC 7946), read within limits.

Hostile text is expected. WKT reaches the parser only when its first word is a wanted type, which bounds how deep it can
nest; GeoJSON is taken apart here, so that nothing but numbers in the places of its type becomes a coordinate.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

BYTES_LIMIT: Final = 64 * 1024  # of UTF-8
VERTICES_LIMIT: Final = 10_000
KNOWN_TYPES: Final = (
    "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION",
)  # fmt: skip
_FIRST_WORD = re.compile(r"\s*([A-Za-z]+)\s*(?:ZM|Z|M)?\s*(?:\(|EMPTY\b)", re.I)


class BadGeometry(ValueError):
    """A geometry that cannot be taken; `rule` is one of `ingestion.columns.GEOMETRY_RULES`."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def parse_geometry(text: str, types: Sequence[str]) -> shapely.Geometry:
    """The geometry of `text`, flat (a third coordinate is left out), of one of `types`.

    `types` are upper-case WKT names among LINESTRING, POLYGON and MULTIPOLYGON. Raises BadGeometry for what is not to be
    read, of another type, too large, empty or not finite. Whether it is valid is not asked here.
    """
    if len(text) > BYTES_LIMIT or len(text.encode("utf-8", "surrogatepass")) > BYTES_LIMIT:
        raise BadGeometry("geometry_too_large")
    with np.errstate(all="ignore"):  # NaN and infinity are looked for below
        geometry = _from_geojson(text, types) if text.lstrip().startswith("{") else _from_wkt(text, types)
    if shapely.get_num_coordinates(geometry) > VERTICES_LIMIT:
        raise BadGeometry("geometry_too_many_vertices")
    if shapely.is_empty(geometry) or any(shapely.is_empty(part) for part in shapely.get_parts(geometry)):
        raise BadGeometry("geometry_empty")
    flat = shapely.force_2d(geometry)
    if not np.isfinite(shapely.get_coordinates(flat)).all():
        raise BadGeometry("geometry_not_finite")
    return flat


def _from_wkt(text: str, types: Sequence[str]) -> shapely.Geometry:
    word = _FIRST_WORD.match(text)
    # The parser would stop at a NUL and take what comes before it.
    if word is None or word[1].upper() not in KNOWN_TYPES or "\0" in text:
        raise BadGeometry("geometry_unreadable")
    _wanted(word[1].upper(), types)
    try:
        return shapely.from_wkt(text)
    except shapely.errors.ShapelyError:
        raise BadGeometry("geometry_unreadable") from None


def _from_geojson(text: str, types: Sequence[str]) -> shapely.Geometry:
    try:
        document = json.loads(text)
        if document.get("type") == "Feature":
            document = document["geometry"]
        kind = str(document["type"]).upper()
    # Nesting beyond what a parser can hold, and integers of thousands of digits, are RecursionError and ValueError.
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise BadGeometry("geometry_unreadable") from None
    if kind not in KNOWN_TYPES:
        raise BadGeometry("geometry_unreadable")
    _wanted(kind, types)
    try:
        return _BUILDERS[kind](document["coordinates"])
    except (KeyError, TypeError, ValueError, shapely.errors.ShapelyError):
        raise BadGeometry("geometry_unreadable") from None


def _wanted(kind: str, types: Sequence[str]) -> None:
    if kind not in types:
        raise BadGeometry("geometry_wrong_type")


def _positions(listed: Any) -> NDArray[np.float64]:
    """float64[n, 2] of a GeoJSON array of positions. Raises TypeError or ValueError for anything else."""
    if not isinstance(listed, list):
        raise TypeError("positions are an array")
    flat = []
    for place in listed:
        if not isinstance(place, list) or len(place) < 2 or any(type(number) not in (int, float) for number in place):
            raise TypeError("a position is an array of numbers")
        flat.append((_number(place[0]), _number(place[1])))
    return np.array(flat, dtype=np.float64).reshape(-1, 2)


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _line(coordinates: Any) -> shapely.Geometry:
    places = _positions(coordinates)
    return shapely.linestrings(places) if len(places) else shapely.LineString()


def _polygon(coordinates: Any) -> shapely.Geometry:
    if not isinstance(coordinates, list):
        raise TypeError("a polygon is an array of rings")
    rings = [_ring(ring) for ring in coordinates]
    return shapely.Polygon(rings[0], rings[1:]) if rings else shapely.Polygon()


def _ring(coordinates: Any) -> shapely.Geometry:
    places = _positions(coordinates)
    if len(places) and not _same(places[0], places[-1]):  # shapely would close it; RFC 7946 3.1.6 wants it closed
        raise ValueError("a ring ends where it begins")
    return shapely.linearrings(places) if len(places) else shapely.LinearRing()


def _same(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool(np.array_equal(one, other, equal_nan=True))


def _multipolygon(coordinates: Any) -> shapely.Geometry:
    if not isinstance(coordinates, list):
        raise TypeError("a multipolygon is an array of polygons")
    return shapely.MultiPolygon([_polygon(part) for part in coordinates])


_BUILDERS: Final[dict[str, Callable[[Any], shapely.Geometry]]] = {
    "LINESTRING": _line,
    "POLYGON": _polygon,
    "MULTIPOLYGON": _multipolygon,
}
