"""Geometry as text: what is read, what is refused by which rule, and that every vertex takes the way of points."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from geography.datum import from_wgs84
from ingestion.columns import GEOMETRY_RULES, GEOMETRY_TYPES, GeometryRule
from ingestion.geometries import geometry_as_wgs84
from ingestion.geometry_text import BYTES_LIMIT, VERTICES_LIMIT, BadGeometry

ANY = GeometryRule(GEOMETRY_TYPES, (119.0, 29.0, 123.0, 33.0))
CENTIMETRE = 1e-7  # degrees, about 1.1 cm north and 0.95 cm east at Songjiang
SQUARE = "POLYGON ((121.2 31, 121.21 31, 121.21 31.01, 121.2 31.01, 121.2 31))"

_PLACES = st.tuples(st.floats(119.1, 122.9), st.floats(29.1, 32.9))
_LINES = st.lists(_PLACES, min_size=2, max_size=40)


@st.composite
def _polygons(draw: st.DrawFn) -> shapely.Geometry:
    """A star around a place, which never crosses itself, with or without a hole and a second part."""

    def star(east: float, north: float, size: float) -> shapely.Polygon:
        lengths = draw(st.lists(st.floats(0.4, 1.0), min_size=4, max_size=24))
        turns = np.linspace(0, 2 * np.pi, len(lengths), endpoint=False)
        away = np.array(lengths) * size
        ring = np.column_stack([east + away * np.cos(turns), north + away * np.sin(turns)])
        hole = [np.column_stack([east + 0.1 * away * np.cos(turns), north + 0.1 * away * np.sin(turns)])]
        return shapely.Polygon(ring, hole if draw(st.booleans()) else None)

    east, north = draw(st.tuples(st.floats(119.5, 122.0), st.floats(29.5, 32.0)))
    size = draw(st.sampled_from([0.0005, 0.003, 0.2]))
    first = star(east, north, size)
    return shapely.MultiPolygon([first, star(east + 3 * size, north, size)]) if draw(st.booleans()) else first


def _in_datum(geometry: shapely.Geometry, datum: str) -> shapely.Geometry:
    return shapely.transform(geometry, lambda places: np.column_stack(from_wgs84(places[:, 0], places[:, 1], datum)))


def _written(geometry: shapely.Geometry, form: str) -> str:
    return shapely.to_geojson(geometry) if form == "geojson" else shapely.to_wkt(geometry, rounding_precision=-1)


@given(
    _LINES.map(shapely.LineString) | _polygons(),
    st.sampled_from(["GCJ02", "BD09"]),
    st.sampled_from(["wkt", "geojson"]),
)
def test_every_vertex_comes_back_from_a_chinese_datum_to_a_centimetre(
    geometry: shapely.Geometry, datum: str, form: str
) -> None:
    assume(geometry.is_valid)
    landed = shapely.from_wkt(geometry_as_wgs84(_written(_in_datum(geometry, datum), form), datum, ANY))
    assert landed.geom_type == geometry.geom_type
    miss = np.abs(shapely.get_coordinates(landed) - shapely.get_coordinates(geometry))
    assert miss.max() < CENTIMETRE


@given(_LINES.map(shapely.LineString) | _polygons(), st.sampled_from(["wkt", "geojson"]))
def test_wgs84_is_kept_to_the_last_bit(geometry: shapely.Geometry, form: str) -> None:
    assume(geometry.is_valid)
    landed = geometry_as_wgs84(_written(geometry, form), "WGS84", ANY)
    assert np.array_equal(shapely.get_coordinates(shapely.from_wkt(landed)), shapely.get_coordinates(geometry))
    assert geometry_as_wgs84(landed, "WGS84", ANY) == landed


@pytest.mark.parametrize(
    "text",
    [
        "linestring z(121 31 4, 121.1 31.1 5)",
        "LINESTRING M (121 31 4, 121.1 31.1 5)",
        "\n LINESTRING(121 31,121.1 31.1)",
        '{"type": "LineString", "coordinates": [[121, 31, 4], [121.1, 31.1]]}',
        '{"type": "Feature", "properties": null, "geometry": {"type": "LineString", "coordinates": [[121, 31], [121.1, 31.1]]}}',
    ],
)
def test_spellings_of_one_line_are_stored_alike(text: str) -> None:
    assert geometry_as_wgs84(text, "WGS84", ANY) == "LINESTRING (121 31, 121.1 31.1)"


def test_a_route_may_cross_itself_and_a_polygon_may_have_a_hole() -> None:
    geometry_as_wgs84("LINESTRING (121 31, 121.1 31.1, 121.1 31, 121 31.1)", "WGS84", ANY)
    holed = "POLYGON ((121 31, 122 31, 122 32, 121 32, 121 31), (121.4 31.4, 121.6 31.4, 121.6 31.6, 121.4 31.4))"
    assert geometry_as_wgs84(holed, "WGS84", ANY) == holed


def _geojson(kind: str, coordinates: Any) -> str:
    return json.dumps({"type": kind, "coordinates": coordinates})


BAD = {
    "huge": (f"LINESTRING ({','.join(['121.123456 31.123456'] * 5000)})", "geometry_too_large"),
    "huge in bytes": ("松" * (BYTES_LIMIT // 3 + 1), "geometry_too_large"),
    "huge json": (_geojson("LineString", [[121.123456, 31.123456]] * 5000), "geometry_too_large"),
    "word": ("somewhere near the river", "geometry_unreadable"),
    "code": ("__import__('os').system('true')", "geometry_unreadable"),
    "half": ("POLYGON ((121 31, 122 31, 122", "geometry_unreadable"),
    "open ring": ("POLYGON ((121 31, 122 31, 122 32, 121 32))", "geometry_unreadable"),
    "open ring json": (_geojson("Polygon", [[[121, 31], [122, 31], [122, 32], [121, 32]]]), "geometry_unreadable"),
    "one vertex": ("LINESTRING (121 31)", "geometry_unreadable"),
    "trailing": ("LINESTRING (121 31, 122 32) DROP", "geometry_unreadable"),
    "nul": ("LINESTRING (121 31, 122 32)\0)", "geometry_unreadable"),
    "srid": ("SRID=4326;LINESTRING (121 31, 122 32)", "geometry_unreadable"),
    "hexadecimal": ("0102000000020000000000000000405E400000000000003F40", "geometry_unreadable"),
    "deep json": ('{"type": "LineString", "coordinates": ' + "[" * 30_000, "geometry_unreadable"),
    "deep closed json": (_geojson("Polygon", 0)[:-2] + "[" * 900 + "]" * 900 + "}", "geometry_unreadable"),
    "deep objects": ('{"type":' * 7_000, "geometry_unreadable"),
    "digits": ('{"type": "LineString", "coordinates": [[1' + "0" * 5000 + ", 31], [121, 31]]}", "geometry_unreadable"),
    "words as numbers": (_geojson("LineString", [["121", "31"], ["122", "32"]]), "geometry_unreadable"),
    "truth as number": (_geojson("LineString", [[True, 31], [121, 32]]), "geometry_unreadable"),
    "no coordinates": ('{"type": "LineString"}', "geometry_unreadable"),
    "no geometry": ('{"type": "Feature", "geometry": null}', "geometry_unreadable"),
    "strange type": ('{"type": "Circle", "coordinates": [121, 31]}', "geometry_unreadable"),
    "type of no text": ('{"type": {"a": 1}, "coordinates": []}', "geometry_unreadable"),
    "object": ("{}", "geometry_unreadable"),
    "point": ("POINT (121 31)", "geometry_wrong_type"),
    "point json": (_geojson("Point", [121, 31]), "geometry_wrong_type"),
    "collection": (f"GEOMETRYCOLLECTION ({SQUARE})", "geometry_wrong_type"),
    "deep collection": ("GEOMETRYCOLLECTION (" * 3000, "geometry_wrong_type"),
    "collection json": ('{"type": "GeometryCollection", "geometries": []}', "geometry_wrong_type"),
    "empty line": ("LINESTRING EMPTY", "geometry_empty"),
    "empty polygon": ("POLYGON EMPTY", "geometry_empty"),
    "empty part": (f"MULTIPOLYGON (EMPTY, {SQUARE.removeprefix('POLYGON ')})", "geometry_empty"),
    "empty json": (_geojson("Polygon", []), "geometry_empty"),
    "empty ring json": (_geojson("Polygon", [[]]), "geometry_empty"),
    "empty parts json": (_geojson("MultiPolygon", []), "geometry_empty"),
    "nan": ("LINESTRING (121 31, nan 31)", "geometry_not_finite"),
    "nan json": (_geojson("LineString", [[121, 31], [float("nan"), 31]]), "geometry_not_finite"),
    "infinity": ("LINESTRING (121 31, 1e400 31)", "geometry_not_finite"),
    "infinity json": (_geojson("LineString", [[121, 31], [10**400, 31]]), "geometry_not_finite"),
    "elsewhere": ("LINESTRING (2.35 48.85, 2.36 48.86)", "geometry_out_of_region"),
    "swapped": ("LINESTRING (31 121, 31.1 121.1)", "geometry_out_of_region"),
    "metres": ("LINESTRING (-12345 6789, -12000 6700)", "geometry_out_of_region"),
    "self-crossing": ("POLYGON ((121 31, 122 32, 122 31, 121 32, 121 31))", "geometry_not_simple"),
    "flat": ("POLYGON ((121 31, 122 31, 121 31, 121 31))", "geometry_not_simple"),
    "one place": ("LINESTRING (121 31, 121 31)", "geometry_not_simple"),
    "parts on parts": (f"MULTIPOLYGON ({', '.join([SQUARE.removeprefix('POLYGON ')] * 2)})", "geometry_not_simple"),
    "hole outside": (SQUARE[:-1] + ", (122 32, 122.1 32, 122.1 32.1, 122 32))", "geometry_not_simple"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_geometry_is_refused_by_its_rule(name: str) -> None:
    text, rule = BAD[name]
    with pytest.raises(BadGeometry) as refused:
        geometry_as_wgs84(text, "WGS84", ANY)
    assert refused.value.rule == rule in GEOMETRY_RULES


def test_the_limit_of_vertices_is_met_before_that_of_bytes_only_by_short_numbers() -> None:
    at_limit = "LINESTRING(" + ",".join("1 1" for _ in range(VERTICES_LIMIT + 1)) + ")"
    assert len(at_limit) < BYTES_LIMIT
    with pytest.raises(BadGeometry, match="geometry_too_many_vertices"):
        geometry_as_wgs84(at_limit, "WGS84", ANY)


@given(st.text(max_size=200) | st.recursive(st.none() | st.floats() | st.text(max_size=4), st.lists).map(
    lambda drawn: _geojson("Polygon", drawn)
))  # fmt: skip
def test_whatever_the_text_it_is_a_geometry_or_refused_by_a_named_rule(text: str) -> None:
    try:
        shapely.from_wkt(geometry_as_wgs84(text, "WGS84", ANY))
    except BadGeometry as bad:
        assert bad.rule in GEOMETRY_RULES
