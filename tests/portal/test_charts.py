from __future__ import annotations

import base64
import json
from datetime import date

import polars as pl
import pytest
from shapely import Polygon
from shapely.geometry import mapping, shape

from apps.streamlit import map as township_map
from apps.streamlit.charts.bars import bars
from apps.streamlit.charts.palette import SEQUENCE
from apps.streamlit.charts.spark import sparkline
from apps.streamlit.charts.trend import trend

SQUARE = json.dumps(mapping(Polygon([(121, 31), (121.1, 31), (121.1, 31.1), (121, 31.1)])))


def _svg(uri: str) -> str:
    return base64.b64decode(uri.split(",", 1)[1]).decode()


def test_a_missing_day_breaks_the_sparkline_and_leaves_a_mark() -> None:
    svg = _svg(sparkline([1.0, 2.0, None, 3.0, 4.0]))
    assert svg.count("<polyline") == 2 and svg.count("<rect") == 1


@pytest.mark.parametrize("values", [[], [None, None], [5.0], [0.0, 0.0], [None, 7.0, None]])
def test_a_sparkline_of_almost_nothing_is_still_a_picture(values: list[float | None]) -> None:
    svg = _svg(sparkline(values, target=1.0))
    assert svg.startswith("<svg") and "nan" not in svg.lower()


def test_a_day_without_a_value_is_marked_in_the_trend_and_dates_are_local_midnights() -> None:
    frame = pl.DataFrame(
        {"business_date": [date(2026, 11, 1), date(2026, 11, 2)], "value": [3.0, None], "series": ["s", "s"],
         "when": ["a", "b"], "shown": ["3", "–"]}
    )  # fmt: skip
    spec = json.dumps(trend(frame, value_title="n", order=["s"]).to_dict())
    assert "!isValid(datum.value)" in spec and "2026-11-01T00:00:00" in spec


def test_bars_without_any_value_say_so_instead_of_failing() -> None:
    frame = pl.DataFrame({"label": ["a"], "value": pl.Series([None], dtype=pl.Float64), "shown": ["withheld"]})
    assert "withheld" in json.dumps(bars(frame, value_title="n", value_format=",.0f").to_dict())


def test_classes_hold_every_value_and_never_repeat_a_bound() -> None:
    for values in ([1.0], [1.0, 1.0, 1.0], [float(v) for v in range(17)], [0.0, 0.0, 5.0]):
        bounds = township_map.classes(values)
        assert bounds == sorted(set(bounds)) and bounds[-1] == max(values) and len(bounds) <= len(SEQUENCE)
        assert all(township_map.colour(value, bounds) in SEQUENCE for value in values)
    assert township_map.classes([]) == []


def _row(status: str, value: float | None) -> dict[str, object]:
    return {"area_code": "310117001", "geometry_geojson": SQUARE, "label_longitude": 121.05, "label_latitude": 31.05,
            "value": value, "status": status, "label": "甲", "shown": "x", "reason": "y"}  # fmt: skip


def test_outer_rings_run_clockwise_as_vega_wants_them() -> None:
    spec = township_map.township_map([_row("ok", 1.0)], height=300).to_dict()
    feature = spec["layer"][0]["data"]["values"][0]
    ring = shape(feature["geometry"]).exterior
    assert not ring.is_ccw


@pytest.mark.parametrize(
    ("status", "lines"), [("withheld_low_coverage", True), ("suppressed_small_count", True), ("no_data", False)]
)
def test_each_status_has_its_own_pattern_on_the_map(status: str, lines: bool) -> None:
    spec = township_map.township_map([_row(status, None)], height=300).to_dict()
    hatching = spec["layer"][1]["data"]["values"]
    assert bool(hatching) == lines
    assert spec["layer"][0]["data"]["values"][0]["fill"] == township_map.GREYS[status]
