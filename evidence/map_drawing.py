"""The map of a trip as vectors: townships, sites, permit route with its corridor, track, silences, camera events."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Final

import shapely
from reportlab.graphics.shapes import Circle, Drawing, Group, Line, Polygon, PolyLine, Rect, String
from reportlab.lib.colors import Color, HexColor, white

from evidence.dossier import Dossier
from evidence.map_frame import MapFrame
from evidence.masking import masked
from evidence.page_style import ACCENT, BOLD, CAMERA, CONTENT_WIDTH, FAINT, INK, PAPER, PERMIT, RULE, label, text_width
from evidence.permit import shape
from evidence.sightings import MOST_SHOWN
from evidence.track import Fix, drawn

HEIGHT: Final = 400.0
_LAND, _SITE, _CORRIDOR = HexColor("#8f9ba7"), HexColor("#f0d9a8"), Color(0.12, 0.37, 0.66, alpha=0.13)
_SPAN = HexColor("#f0b9b4")


def map_of(dossier: Dossier) -> Drawing:
    """A drawing as wide as the page's text. The legend stands below the map."""
    way = drawn(list(dossier.fixes))
    frame = MapFrame.around(_places(dossier, way), CONTENT_WIDTH, HEIGHT)
    drawing = Drawing(CONTENT_WIDTH, HEIGHT + 46)
    sheet = Group(transform=(1, 0, 0, 1, 0, 46))
    sheet.add(Rect(0, 0, frame.width, frame.height, fillColor=PAPER, strokeColor=None))
    for part in (_townships(dossier, frame), _sites(dossier, frame), _route(dossier, frame), _track(dossier, way, frame),
                 _cameras(dossier, frame), _ends(way, frame), _names(dossier, frame), _furniture(frame)):  # fmt: skip
        for shape_ in part:
            sheet.add(shape_)
    sheet.add(Rect(0, 0, frame.width, frame.height, fillColor=None, strokeColor=FAINT, strokeWidth=0.8))
    drawing.add(sheet)
    drawing.add(_legend(dossier))
    return drawing


def _places(dossier: Dossier, way: list[Fix]) -> list[tuple[float, float]]:
    places = [(fix.longitude, fix.latitude) for fix in way]
    for wkt in [site["polygon"] for site in dossier.sites] + ([dossier.permit["route"]] if dossier.permit else []):
        if (found := shape(wkt)) is not None:
            places += [(x, y) for x, y in shapely.get_coordinates(found)]
    trip = dossier.trip
    for end in ("origin", "destination"):
        place = trip[f"{end}_longitude"], trip[f"{end}_latitude"]
        if None not in place:
            places.append(place)
    return places or [(121.2277, 31.0322)]  # the district's centre: nothing of the trip has a place


def _townships(dossier: Dossier, frame: MapFrame) -> Iterator[Any]:
    # Each border once: dashes of two neighbours would fill each other's gaps.
    borders = shapely.union_all([shapely.boundary(outline) for _, outline in dossier.townships.outlines])
    for line in shapely.get_parts(frame.shape(shapely.line_merge(borders))):
        if isinstance(line, shapely.LineString) and not line.is_empty:
            yield PolyLine(_flat(line), strokeColor=_LAND, strokeWidth=0.7, strokeDashArray=[4, 1.6])
    for name, outline in dossier.townships.outlines:
        cut = frame.shape(outline)
        area = max(shapely.get_parts(cut), key=shapely.area, default=None)
        if area is not None and area.area > 9000:
            inside = shapely.maximum_inscribed_circle(area)
            x, y = shapely.get_coordinates(inside)[0]
            if shapely.length(inside) > text_width(name, 8) / 2:
                yield label(name, x, y, size=8, color=_LAND, anchor="middle")


def _sites(dossier: Dossier, frame: MapFrame) -> Iterator[Any]:
    for site in dossier.sites:
        for ring in _rings(frame.shape(found) if (found := shape(site["polygon"])) is not None else None):
            yield Polygon(ring, fillColor=_SITE, strokeColor=HexColor("#8a6d1f"), strokeWidth=0.9)


def _route(dossier: Dossier, frame: MapFrame) -> Iterator[Any]:
    found = shape(dossier.permit["route"]) if dossier.permit else None
    if found is None:
        return
    moved = shapely.transform(found, lambda xy: [frame.point(x, y) for x, y in xy])
    corridor = moved.buffer(dossier.parameters["corridor_m"] * frame.points_a_metre)
    for ring in _rings(shapely.clip_by_rect(corridor, 0, 0, frame.width, frame.height)):
        yield Polygon(ring, fillColor=_CORRIDOR, strokeColor=None)
    for line in shapely.get_parts(frame.shape(found)):
        yield PolyLine(_flat(line), strokeColor=PERMIT, strokeWidth=1.6, strokeDashArray=[5, 2.5])


def _track(dossier: Dossier, way: list[Fix], frame: MapFrame) -> Iterator[Any]:
    longest = dossier.parameters["max_gap_s"]
    for a, b in itertools.pairwise(way):
        start, end = frame.point(a.longitude, a.latitude), frame.point(b.longitude, b.latitude)
        if (b.reported_at - a.reported_at).total_seconds() > longest:
            yield Line(*start, *end, strokeColor=ACCENT, strokeWidth=1, strokeDashArray=[1.5, 2.5])
        else:
            if dossier.is_evidence(a) and dossier.is_evidence(b):
                yield Line(*start, *end, strokeColor=_SPAN, strokeWidth=6, strokeLineCap=1)
            yield Line(*start, *end, strokeColor=INK, strokeWidth=1.5, strokeLineCap=1)
    limit = dossier.parameters["overspeed_kmh"]
    for fix in way:
        x, y = frame.point(fix.longitude, fix.latitude)
        fast = dossier.rule.finding == "overspeed" and (fix.speed_kmh or 0) > limit
        yield Circle(x, y, 2.1 if fast else 1.35, fillColor=ACCENT if fast else white, strokeColor=ACCENT if fast else INK, strokeWidth=0.5)  # fmt: skip
    begin, end = dossier.finding["evidence_from"], dossier.finding["evidence_until"]
    if way and begin is not None and begin == end:  # an unloading: no stretch but a place
        there = min(way, key=lambda fix: abs((fix.reported_at - begin).total_seconds()))
        yield Circle(*frame.point(there.longitude, there.latitude), 10, fillColor=None, strokeColor=ACCENT, strokeWidth=2)  # fmt: skip
    for fix in dossier.fixes:
        if fix.doubt == "jump":
            x, y = frame.point(fix.longitude, fix.latitude)
            if 0 < x < frame.width and 0 < y < frame.height:
                yield from _cross(x, y, 2.2, ACCENT)


def _cameras(dossier: Dossier, frame: MapFrame) -> Iterator[Any]:
    for number, event in enumerate(dossier.sightings[:MOST_SHOWN], 1):
        x, y = frame.point(event["longitude"], event["latitude"])
        yield Polygon([x, y + 4, x + 4, y, x, y - 4, x - 4, y], fillColor=CAMERA, strokeColor=white, strokeWidth=0.5)
        yield Rect(x + 5, y - 10.5, 11, 8.5, fillColor=white, strokeColor=None, fillOpacity=0.85)
        yield label(f"C{number}", x + 6.5, y - 8.8, size=6.5, color=CAMERA, bold=True)


def _ends(way: list[Fix], frame: MapFrame) -> Iterator[Any]:
    for fix, name in ((way[0], "A"), (way[-1], "B")) if way else ():
        x, y = frame.point(fix.longitude, fix.latitude)
        yield Circle(x, y, 5.2, fillColor=INK, strokeColor=white, strokeWidth=0.8)
        yield String(x, y - 2.6, name, fontName=BOLD, fontSize=7.5, fillColor=white, textAnchor="middle")


def _names(dossier: Dossier, frame: MapFrame) -> Iterator[Any]:
    for site in dossier.sites:
        found = shape(site["polygon"])
        if found is None:
            continue
        west, _, east, north = shapely.bounds(found)
        x, y = frame.point((west + east) / 2, north)
        name = masked(site["name"]) or str(site["site_id"])
        width = text_width(name, 7.2)
        x = min(max(x, width / 2 + 6), frame.width - width / 2 - 6)
        y = min(y + 5, frame.height - 14)
        yield Rect(x - width / 2 - 2, y - 2, width + 4, 10, fillColor=white, strokeColor=None, fillOpacity=0.8)
        yield label(name, x, y, size=7.2, color=HexColor("#6d5518"), anchor="middle")


def _furniture(frame: MapFrame) -> Iterator[Any]:
    metres = frame.scale_bar_m()
    length = metres * frame.points_a_metre
    yield Rect(8, 8, length + 16, 24, fillColor=white, strokeColor=RULE, strokeWidth=0.4, fillOpacity=0.85)
    yield Rect(16, 14, length / 2, 3.4, fillColor=INK, strokeColor=INK, strokeWidth=0.5)
    yield Rect(16 + length / 2, 14, length / 2, 3.4, fillColor=white, strokeColor=INK, strokeWidth=0.5)
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    yield label(text, 16 + length / 2, 21, size=7.5, anchor="middle")
    x, y = frame.width - 20, frame.height - 40
    yield Rect(x - 12, y - 6, 24, 40, fillColor=white, strokeColor=RULE, strokeWidth=0.4, fillOpacity=0.85)
    yield Polygon([x, y + 20, x - 6, y, x, y + 4.5], fillColor=INK, strokeColor=INK, strokeWidth=0.5)
    yield Polygon([x, y + 20, x + 6, y, x, y + 4.5], fillColor=white, strokeColor=INK, strokeWidth=0.5)
    yield String(x, y + 23, "N", fontName=BOLD, fontSize=9, fillColor=INK, textAnchor="middle")


def _legend(dossier: Dossier) -> Group:
    corridor = dossier.parameters["corridor_m"]
    gap = dossier.parameters["max_gap_s"]
    entries: list[tuple[str, Any]] = [
        ("轨迹与定位 track, fixes", [Line(0, 3, 22, 3, strokeColor=INK, strokeWidth=1.5), Circle(11, 3, 1.5, fillColor=white, strokeColor=INK, strokeWidth=0.5)]),
        (f"无定位超过{gap:g}秒 silence > {gap:g} s", [Line(0, 3, 22, 3, strokeColor=ACCENT, strokeWidth=1, strokeDashArray=[1.5, 2.5])]),
        (f"核准路线及±{corridor:g}米走廊 permit route", [Rect(0, 0, 22, 6, fillColor=_CORRIDOR, strokeColor=None), Line(0, 3, 22, 3, strokeColor=PERMIT, strokeWidth=1.6, strokeDashArray=[5, 2.5])]),
        ("证据时段 span of the finding", [Line(0, 3, 22, 3, strokeColor=_SPAN, strokeWidth=6), Line(0, 3, 22, 3, strokeColor=INK, strokeWidth=1.5)]),
        ("场地 site", [Rect(2, 0, 18, 6, fillColor=_SITE, strokeColor=HexColor("#8a6d1f"), strokeWidth=0.9)]),
        ("视频事件 camera event", [Polygon([11, 7, 15, 3, 11, -1, 7, 3], fillColor=CAMERA, strokeColor=None)]),
        ("A 出发 from, B 结束 until", [Circle(11, 3, 3.4, fillColor=INK, strokeColor=None)]),
        ("街镇界（示意）townships", [Line(0, 3, 22, 3, strokeColor=_LAND, strokeWidth=0.7, strokeDashArray=[4, 1.6])]),
        ("漂移 drift", list(_cross(11, 3, 2.2, ACCENT))),
    ]  # fmt: skip
    legend = Group()
    for place, (text, marks) in enumerate(entries):
        column, row = divmod(place, 3)
        entry = Group(*marks, label(text, 27, 0.5, size=7), transform=(1, 0, 0, 1, column * 178, 30 - row * 13))
        legend.add(entry)
    return legend


def _cross(x: float, y: float, size: float, color: Any) -> Iterator[Any]:
    yield Line(x - size, y - size, x + size, y + size, strokeColor=color, strokeWidth=0.8)
    yield Line(x - size, y + size, x + size, y - size, strokeColor=color, strokeWidth=0.8)


def _rings(geometry: shapely.Geometry | None) -> Iterator[list[float]]:
    for part in () if geometry is None else shapely.get_parts(geometry):
        if isinstance(part, shapely.Polygon) and not part.is_empty:
            yield _flat(part.exterior)


def _flat(line: shapely.Geometry) -> list[float]:
    return [float(value) for value in shapely.get_coordinates(line).ravel()]
