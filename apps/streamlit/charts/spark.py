"""The small trend of a KPI tile, as an SVG image: no script can run in it, and it prints."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from apps.streamlit.charts.palette import BLUE, GAP, TARGET

WIDTH, HEIGHT, PAD = 240, 44, 5


def sparkline(values: Sequence[float | None], target: float | None = None) -> str:
    """A data URI of the trend; None breaks the line and leaves a grey mark at the foot of that day."""
    present = [value for value in values if value is not None]
    scale = [*present, target] if target is not None and present else present
    low, high = (min(scale), max(scale)) if scale else (0.0, 1.0)
    span = (high - low) or abs(high) or 1.0
    step = (WIDTH - 2 * PAD) / max(len(values) - 1, 1)

    def x(index: int) -> float:
        return round(PAD + index * step, 1)

    def y(value: float) -> float:
        return round(HEIGHT - PAD - (value - low) / span * (HEIGHT - 2 * PAD), 1)

    parts: list[str] = []
    if target is not None and present:
        parts.append(
            f'<line x1="0" x2="{WIDTH}" y1="{y(target)}" y2="{y(target)}" stroke="{TARGET}" stroke-dasharray="4 3"/>'
        )
    run: list[str] = []
    for index, value in enumerate([*values, None]):
        if value is not None:
            run.append(f"{x(index)},{y(value)}")
            continue
        if len(run) > 1:
            parts.append(f'<polyline points="{" ".join(run)}" fill="none" stroke="{BLUE}" stroke-width="2"/>')
        elif run:
            cx, cy = run[0].split(",")
            parts.append(f'<circle cx="{cx}" cy="{cy}" r="1.6" fill="{BLUE}"/>')
        run = []
        if index < len(values):
            parts.append(f'<rect x="{x(index) - 3}" y="{HEIGHT - 4}" width="6" height="3" fill="{GAP}"/>')
    if values and values[-1] is not None:
        parts.append(f'<circle cx="{x(len(values) - 1)}" cy="{y(values[-1])}" r="3.2" fill="{BLUE}"/>')
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'preserveAspectRatio="none">{"".join(parts)}</svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
