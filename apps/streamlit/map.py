"""The township map: polygons of the published file, no basemap, so it needs no internet and shows no other map's borders.

Townships without a published value are grey and hatched (one pattern a status). The hatching is drawn as real lines cut to
the polygon, because Vega has no patterns.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import altair as alt
from shapely import MultiLineString, Polygon, affinity, set_precision
from shapely.errors import GEOSException
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from apps.streamlit import status as statuses
from apps.streamlit.charts import palette

HATCH_STEP = 0.0045  # degrees between lines, about 430 m
_ANGLES = {statuses.WITHHELD: (45.0,), statuses.SUPPRESSED: (0.0, 90.0)}  # no data: no lines, a dashed edge
GREYS = {statuses.WITHHELD: "#d5d9de", statuses.SUPPRESSED: "#e4e6e9", statuses.NO_DATA: "#f7f7f7"}


def classes(values: Sequence[float], count: int = len(palette.SEQUENCE)) -> list[float]:
    """Upper bounds of at most `count` classes with about as many townships in each, ascending, without repeats."""
    ordered = sorted(values)
    if not ordered:
        return []
    bounds = {ordered[min(len(ordered) - 1, math.ceil(len(ordered) * k / count) - 1)] for k in range(1, count + 1)}
    return sorted(bounds)


def colour(value: float, bounds: Sequence[float]) -> str:
    """The colour of the class that holds `value`; a single class takes the middle colour."""
    place = next((index for index, bound in enumerate(bounds) if value <= bound), len(bounds) - 1)
    return class_colours(len(bounds))[place]


def class_colours(count: int) -> list[str]:
    last = len(palette.SEQUENCE) - 1
    if count <= 1:
        return [palette.SEQUENCE[last // 2]]
    return [palette.SEQUENCE[round(index * last / (count - 1))] for index in range(count)]


def township_map(rows: Sequence[Mapping[str, Any]], *, height: int) -> alt.LayerChart:
    """The map. Each row: area_code, geometry_geojson, label point, value, status, and the texts label, shown, reason."""
    bounds = classes([row["value"] for row in rows if row["value"] is not None])
    areas, hatches, labels = [], [], []
    for row in rows:
        published = row["value"] is not None
        fill = colour(row["value"], bounds) if published else GREYS.get(row["status"], "#ffffff")
        words = {"label": row["label"], "shown": row["shown"], "reason": row["reason"]}
        geometry, lines = _drawn(row["geometry_geojson"], row["status"])
        dark = published and fill in palette.SEQUENCE[3:]
        areas.append({"type": "Feature", "geometry": geometry, "fill": fill, "gap": not published, **words})
        if lines is not None:
            hatches.append({"type": "Feature", "geometry": lines})
        labels.append({"longitude": row["label_longitude"], "latitude": row["label_latitude"], "ink": "#ffffff" if dark
                       else palette.INK, "halo": fill if published else "#f2f3f5", **words})  # fmt: skip
    tooltip = [alt.Tooltip(f"{name}:N", title=" ") for name in ("label", "shown", "reason")]
    base = alt.Chart(alt.Data(values=areas))
    filled = base.mark_geoshape(stroke="#ffffff", strokeWidth=1.2).encode(
        color=alt.Color("fill:N", scale=None), tooltip=tooltip
    )
    edges = base.transform_filter("datum.gap").mark_geoshape(
        filled=False, stroke=palette.MUTED, strokeWidth=1.3, strokeDash=[4, 3]
    ).encode(tooltip=tooltip)  # fmt: skip
    hatching = alt.Chart(alt.Data(values=hatches)).mark_geoshape(
        filled=False, stroke="#7b8794", strokeWidth=1, aria=False
    )
    text = alt.Chart(alt.Data(values=labels)).encode(longitude="longitude:Q", latitude="latitude:Q", text="label:N")
    size = alt.expr("width < 480 ? 10 : 13")
    halo = text.mark_text(fontSize=size, lineBreak=" ", strokeWidth=3, strokeJoin="round").encode(
        color=alt.Color("halo:N", scale=None), stroke=alt.Stroke("halo:N", scale=None)
    )
    names = text.mark_text(fontSize=size, lineBreak=" ").encode(color=alt.Color("ink:N", scale=None), tooltip=tooltip)
    return (
        alt.layer(filled, hatching, edges, halo, names)
        .project(type="mercator")
        .properties(height=height, width="container")
        .configure(**palette.config())
    )


def place_map(geometries: Sequence[str], places: Sequence[Mapping[str, Any]], *, height: int) -> alt.LayerChart:
    """Places as circles, the larger the greater their count, on the outlines of the townships (GeoJSON texts).

    Each place: longitude, latitude (WGS-84 degrees), count, and the texts label and shown.
    """
    areas = [{"type": "Feature", "geometry": _drawn(text, statuses.OK)[0]} for text in geometries]
    outlines = alt.Chart(alt.Data(values=areas)).mark_geoshape(
        fill="#f2f5f9", stroke=palette.GAP, strokeWidth=1, aria=False
    )
    circles = alt.Chart(alt.Data(values=list(places))).mark_circle(
        color=palette.TARGET, opacity=0.65, stroke="#ffffff", strokeWidth=1
    ).encode(
        longitude="longitude:Q", latitude="latitude:Q",
        size=alt.Size("count:Q", legend=None, scale=alt.Scale(zero=True, range=[30, 420])),
        tooltip=[alt.Tooltip("label:N", title=" "), alt.Tooltip("shown:N", title=" ")],
    )  # fmt: skip
    return (
        alt.layer(outlines, circles)
        .project(type="mercator")
        .properties(height=height, width="container")
        .configure(**palette.config())
    )


@lru_cache(maxsize=256)
def _drawn(geometry_geojson: str, status: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The polygon as Vega wants it (outer rings clockwise) and the hatching of its status."""
    geometry = shape(json.loads(geometry_geojson))
    angles = _ANGLES.get(status, ())
    hatch = _hatching(geometry, angles) if angles else None
    turned = _clockwise(geometry)
    return dict(mapping(turned)), None if hatch is None or hatch.is_empty else dict(mapping(hatch))


def _clockwise(geometry: BaseGeometry) -> BaseGeometry:
    try:
        geometry = set_precision(geometry, 1e-5)  # a metre: lighter pages, same picture
    except GEOSException:
        pass  # drawn as it came
    polygons = [orient(part, sign=-1.0) for part in getattr(geometry, "geoms", [geometry]) if isinstance(part, Polygon)]
    return polygons[0] if len(polygons) == 1 else type(geometry)(polygons)


def _hatching(geometry: BaseGeometry, angles: Sequence[float]) -> BaseGeometry:
    west, south, east, north = geometry.bounds
    centre = ((west + east) / 2, (south + north) / 2)
    reach = math.hypot(east - west, north - south) / 2
    steps = range(-math.ceil(reach / HATCH_STEP), math.ceil(reach / HATCH_STEP) + 1)
    flat = MultiLineString([
        [(centre[0] - reach, centre[1] + step * HATCH_STEP), (centre[0] + reach, centre[1] + step * HATCH_STEP)]
        for step in steps
    ])  # fmt: skip
    lines = [line for angle in angles for line in affinity.rotate(flat, angle, origin=centre).geoms]
    return MultiLineString(lines).intersection(geometry)
