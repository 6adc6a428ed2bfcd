"""Speed over time as the terminal told it, with the district's limit, silences and the span of the finding."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from reportlab.graphics.shapes import Circle, Drawing, Line, PolyLine, Rect
from reportlab.lib.colors import Color, HexColor

from evidence.dossier import Dossier
from evidence.local_time import local
from evidence.page_style import ACCENT, CONTENT_WIDTH, FAINT, INK, RULE, label
from evidence.track import Fix

HEIGHT: Final = 190.0
_LEFT, _RIGHT, _BOTTOM, _TOP = 34.0, 8.0, 46.0, 16.0
_TICKS_S: Final = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_LOADS: Final = {"empty": HexColor("#e3e8ed"), "half": HexColor("#d8b36a"), "full": HexColor("#a9741a")}
_SPAN, _SILENT = Color(0.70, 0.15, 0.12, alpha=0.10), Color(0.36, 0.42, 0.47, alpha=0.22)


class _Scale:
    def __init__(self, begin: datetime, end: datetime, top_kmh: float) -> None:
        self.begin = begin
        self.seconds = max((end - begin).total_seconds(), 60.0)
        self.top_kmh = top_kmh

    def x(self, at: datetime) -> float:
        share = min(max((at - self.begin).total_seconds() / self.seconds, 0.0), 1.0)
        return _LEFT + share * (CONTENT_WIDTH - _LEFT - _RIGHT)

    def y(self, kmh: float) -> float:
        return _BOTTOM + min(kmh / self.top_kmh, 1.0) * (HEIGHT - _BOTTOM - _TOP)


def speed_chart(dossier: Dossier) -> Drawing:
    """A drawing as wide as the page's text."""
    trip, limit = dossier.trip, dossier.parameters["overspeed_kmh"]
    top = max([limit * 1.25, *(fix.speed_kmh or 0.0 for fix in dossier.fixes)])
    scale = _Scale(trip["started_at"], trip["ended_at"], math.ceil(min(top, 250.0) / 20) * 20)
    drawing = Drawing(CONTENT_WIDTH, HEIGHT)
    for part in (_spans(dossier, scale), _axes(scale), _load(dossier.fixes, dossier.parameters["max_gap_s"], scale),
                 _line(dossier, scale), _limit(scale, limit), _legend()):  # fmt: skip
        for shape in part:
            drawing.add(shape)
    return drawing


def _spans(dossier: Dossier, scale: _Scale) -> Iterator[Any]:
    begin, end = dossier.finding["evidence_from"], dossier.finding["evidence_until"]
    height = HEIGHT - _BOTTOM - _TOP
    if begin is not None and end is not None:
        yield Rect(scale.x(begin), _BOTTOM, max(scale.x(end) - scale.x(begin), 1), height, fillColor=_SPAN, strokeColor=None)  # fmt: skip
    for silence in dossier.silences:
        left, right = scale.x(silence.started_at), scale.x(silence.ended_at)
        yield Rect(left, _BOTTOM, right - left, height, fillColor=_SILENT, strokeColor=None)
        if right - left > 46:
            yield label("无定位 silent", (left + right) / 2, _BOTTOM + 4, size=6.5, color=FAINT, anchor="middle")


def _axes(scale: _Scale) -> Iterator[Any]:
    step = next((one for one in (10, 20, 40, 50, 100) if scale.top_kmh / one <= 7), 100)
    for kmh in range(0, int(scale.top_kmh) + 1, step):
        yield Line(_LEFT, scale.y(kmh), CONTENT_WIDTH - _RIGHT, scale.y(kmh), strokeColor=RULE, strokeWidth=0.4)
        yield label(str(kmh), _LEFT - 4, scale.y(kmh) - 2.4, size=7, color=FAINT, anchor="end")
    yield label("km/h", 2, HEIGHT - 8, size=7, color=FAINT)
    tick = next((one for one in _TICKS_S if scale.seconds / one <= 8), _TICKS_S[-1])
    first = local(scale.begin)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    after = math.ceil((first - midnight).total_seconds() / tick) * tick
    for second in itertools.count(int(after), tick):
        at = scale.begin + (midnight + timedelta(seconds=second) - first)
        if (at - scale.begin).total_seconds() > scale.seconds:
            break
        yield Line(scale.x(at), _BOTTOM, scale.x(at), _BOTTOM - 3, strokeColor=FAINT, strokeWidth=0.5)
        yield label(local(at).strftime("%H:%M"), scale.x(at), _BOTTOM - 20, size=7, color=FAINT, anchor="middle")


def _load(fixes: tuple[Fix, ...], longest: float, scale: _Scale) -> Iterator[Any]:
    """A band below the axis: what the load sensor said, from each fix to the next."""
    for a, b in itertools.pairwise(fixes):
        if a.load_state in _LOADS and (b.reported_at - a.reported_at).total_seconds() <= longest:
            left = scale.x(a.reported_at)
            yield Rect(left, _BOTTOM - 10, max(scale.x(b.reported_at) - left, 0.3), 5, fillColor=_LOADS[a.load_state], strokeColor=None)  # fmt: skip


def _line(dossier: Dossier, scale: _Scale) -> Iterator[Any]:
    longest, limit = dossier.parameters["max_gap_s"], dossier.parameters["overspeed_kmh"]
    told = [fix for fix in dossier.fixes if fix.speed_kmh is not None and fix.doubt != "repeated"]
    runs: list[list[Fix]] = []
    for fix in told:
        if not runs or (fix.reported_at - runs[-1][-1].reported_at).total_seconds() > longest:
            runs.append([])
        runs[-1].append(fix)
    for run in runs:
        if len(run) > 1:
            points = [value for fix in run for value in (scale.x(fix.reported_at), scale.y(fix.speed_kmh or 0.0))]
            yield PolyLine(points, strokeColor=INK, strokeWidth=1)
    for fix in told:
        fast = (fix.speed_kmh or 0.0) > limit
        if fast or len(told) <= 400:
            yield Circle(
                scale.x(fix.reported_at), scale.y(fix.speed_kmh or 0.0), 1.7 if fast else 0.9,
                fillColor=ACCENT if fast else INK, strokeColor=None,
            )  # fmt: skip


def _limit(scale: _Scale, limit: float) -> Iterator[Any]:
    y = scale.y(limit)
    yield Line(_LEFT, y, CONTENT_WIDTH - _RIGHT, y, strokeColor=ACCENT, strokeWidth=1, strokeDashArray=[6, 3])
    right = CONTENT_WIDTH - _RIGHT
    yield label(f"限值 limit {limit:g} km/h", right, HEIGHT - 8, size=7, color=ACCENT, anchor="end")
    yield Line(
        right - 98, HEIGHT - 5.6, right - 76, HEIGHT - 5.6, strokeColor=ACCENT, strokeWidth=1, strokeDashArray=[6, 3]
    )


def _legend() -> Iterator[Any]:
    x = _LEFT
    marks = [(_SPAN, "本项证据时段 span of the finding"), (_SILENT, "无定位 silence"), (_LOADS["full"], "载重：满 full"), (_LOADS["half"], "半 half"), (_LOADS["empty"], "空 empty")]  # fmt: skip
    for color, text in marks:
        yield Rect(x, 6, 12, 7, fillColor=color, strokeColor=RULE, strokeWidth=0.3)
        yield label(text, x + 15, 7, size=7)
        x += 30 + len(text.encode("gb18030")) * 3.9
