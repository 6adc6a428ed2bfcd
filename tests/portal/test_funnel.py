from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from apps.streamlit.edition import open_edition
from apps.streamlit.map import place_map
from apps.streamlit.queries import funnel
from tests.portal import markup
from tests.portal.district import DISTRICT, EVENT_TYPES, GEOMETRIES
from tests.portal.funnel_fixture import BAD_ALGORITHM, BAD_CAMERA
from tests.portal.published_fixture import DARK_TOWNSHIP

Open = Callable[..., AppTest]
FIRST, LAST = date(2026, 11, 9), date(2026, 11, 22)


def _block(page: AppTest, words: str) -> str:
    return next(body for body in markup.blocks(page) if words in body and "<table" in body)


def test_the_steps_count_the_days_on_which_both_ends_are_known_and_say_which_are_left_out(
    published: Path, open_page: Open
) -> None:
    page = open_page("funnel")
    days = funnel.days(open_edition(published), DISTRICT, FIRST, LAST, 0.6)
    whole = days.filter(pl.col("status") == "ok", pl.col("case_status") == "ok")
    assert whole.height == 12, "one dark day, and the last day's cases are not told"
    assert "12 天（共 14 天）" in page.warning[0].value and "覆盖不足、不公布检测数：1 天" in page.warning[0].value
    steps = _block(page, "从检测到结案")
    for name in funnel.STEPS:
        assert f">{whole[name].sum():,}<" in steps
    assert f"{whole['cases'].sum() / whole['incidents'].sum():.1%}" in steps


def test_a_dark_day_and_a_quiet_day_never_look_alike(published: Path) -> None:
    edition = open_edition(published)
    dark = funnel.days(edition, DARK_TOWNSHIP, date(2026, 11, 20), date(2026, 11, 20), 0.6).row(0, named=True)
    assert dark["status"] == "withheld_low_coverage" and dark["incidents"] is None
    unknown = funnel.days(edition, "310117999", FIRST, FIRST, 0.6).row(0, named=True)
    assert unknown["status"] == "no_data" and unknown["incidents"] is None, "no row and no camera: nothing is known"


def test_a_township_without_detections_is_zero_where_its_cameras_saw(published: Path) -> None:
    edition = open_edition(published)
    quiet = edition.rows("SELECT * FROM event_funnel WHERE dimension = 'township' LIMIT 1")["dimension_code"][0]
    sql = funnel._DAYS.replace("FROM days d CROSS JOIN", "FROM days d CROSS JOIN").replace(
        "f.dimension = $dimension", "f.dimension = $dimension || '-none'"
    )
    rows = edition.rows(sql, {"dimension": "township", "code": quiet, "first": FIRST, "last": LAST, "floor": 0.6})
    assert set(rows["status"]) == {"ok"} and rows["incidents"].sum() == 0 and rows["incidents"].null_count() == 0
    assert rows["cases"].null_count() == 1, "the last day's cases are not told yet"


def test_days_without_either_end_have_no_funnel_and_say_so(published: Path, open_page: Open) -> None:
    page = open_page("funnel", span="2026-11-22")
    page.date_input(key="span").set_value((LAST, LAST)).run()
    words = markup.text(page)
    assert not page.exception and "无法计算漏斗" in words and "从检测到结案" not in words


@pytest.mark.parametrize(
    ("by", "worst", "names"),
    [("event_type", "违法停车", len(EVENT_TYPES)), ("algorithm", BAD_ALGORITHM, 3), ("camera", BAD_CAMERA, 6), ("township", "", 17)],
)  # fmt: skip
def test_false_alarms_are_told_by_type_algorithm_camera_and_township(
    published: Path, open_page: Open, by: str, worst: str, names: int
) -> None:
    page = open_page("funnel", by=by)
    table = _block(page, "误报多者在前")
    assert table.count("<tr>") == names + 1
    first = table.split("<tr>")[2]
    assert worst in first and "%" in first
    rates = funnel.parts(open_edition(published), by, FIRST, LAST, 99)
    assert rates["false_alarms"].to_list() == sorted(rates["false_alarms"].to_list(), reverse=True)


def test_a_dark_day_leaves_its_mark_on_the_types_it_hides(published: Path) -> None:
    found = funnel.parts(open_edition(published), "event_type", date(2026, 11, 13), date(2026, 11, 13), 99)
    assert set(found["dark_days"]) == {1} and found["incidents"].null_count() == found.height
    assert found["cases"].null_count() == 0, "cases are told although the cameras saw little"


def test_cameras_to_recalibrate_are_named_unless_the_case_file_is_missing(published: Path, open_page: Open) -> None:
    page = open_page("funnel")
    table = _block(page, "近30日误报过多的摄像机：2 台")
    assert table.index(BAD_CAMERA) < table.index("CAM-0231") and "59.6%" in table
    missing = open_page("funnel")
    missing.date_input(key="span").set_value((date(2026, 11, 15), date(2026, 11, 20))).run()
    assert "2026年11月20日的案件文件未到" in markup.text(missing)


def test_places_that_come_back_are_listed_and_drawn(published: Path, open_page: Open) -> None:
    page = open_page("funnel")
    table = _block(page, "反复发生")
    assert "1. 岳阳街道" in table and "无照经营游商" in table and ">9<" in table
    assert any("岳阳街道 · 无照经营游商" in chart for chart in markup.charts(page))


def test_the_hours_saved_stand_beside_their_formula(published: Path, open_page: Open) -> None:
    page = open_page("funnel")
    words = markup.text(page)
    whole = funnel.days(open_edition(published), DISTRICT, FIRST, LAST, 0.6).filter(
        pl.col("status") == "ok", pl.col("case_status") == "ok"
    )
    assert f"{whole['confirmed'].sum() * 0.5:,.1f} 小时" in words
    assert "节省巡查工时 = 当日合计（示例口径）" in words
    page.button(key="rule-patrol_hours_saved").click().run()
    assert "patrol_hours_saved · 1" in markup.text(page)


def test_the_map_of_places_draws_outlines_and_sized_circles() -> None:
    place = {"longitude": 121.2, "latitude": 31.0, "count": 4, "label": "甲", "shown": "4"}
    spec = place_map([GEOMETRIES["310117102"]], [place], height=300).to_dict()
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["geoshape", "circle"]
    assert "甲" in json.dumps(spec, ensure_ascii=False)
