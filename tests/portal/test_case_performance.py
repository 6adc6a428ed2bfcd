from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from apps.streamlit.edition import open_edition
from apps.streamlit.queries import cases
from tests.portal import markup
from tests.portal.case_fixture import SMALL_UNIT
from tests.portal.district import DISTRICT

Open = Callable[..., AppTest]
NO_FILE = "2026-11-20"


def _block(page: AppTest, words: str) -> str:
    return next(body for body in markup.blocks(page) if words in body and "<table" in body)


def _line(page: AppTest, caption: str, name: str) -> str:
    return next(line for line in _block(page, caption).split("<tr>") if f">{name}<" in line)


def test_the_figures_stand_beside_the_window_before_and_the_year_before(published: Path, open_page: Open) -> None:
    page = open_page("case_performance", period="7d")
    edition = open_edition(published)
    rows = cases.compared(edition, DISTRICT, "7d", date(2026, 11, 22))
    assert rows["year"]["business_date"] == date(2025, 11, 22)
    line = _line(page, "与上一窗口", "立案数")
    now, year = rows["now"]["filed"], rows["year"]["filed"]
    assert f">{now} 件<" in line and f">{year} 件<" in line
    assert ("+" if now > year else "−" if now < year else "±") + str(abs(now - year)) in line
    for name in ("按期结案率", "按期结案率（立案口径）", "返工率", "延期率", "回退率", "挂账率", "办结用时（中位数）", "办结用时（90分位）",
                 "日末在办案件数", "日末超期未结案件数"):  # fmt: skip
        assert (
            "%" in _line(page, "与上一窗口", name)
            or "件" in _line(page, "与上一窗口", name)
            or "小时" in _line(page, "与上一窗口", name)
        )


def test_a_file_that_did_not_arrive_never_looks_like_zero(published: Path, open_page: Open) -> None:
    page = open_page("case_performance", day=NO_FILE, period="day")
    words = markup.text(page)
    assert "2026年11月20日的案件文件未到：案件数未知，不等于零。" in words
    line = _line(page, "与上一窗口", "立案数")
    assert line.count("∅ 无数据") == 1 and ">0 件<" not in line
    assert "末位处置单位" not in words and "全部分项" not in words, "no ranking of what is not known"
    tile = markup.tile(page, "日末在办案件数")
    assert "yj-nodata" in tile and "无数据" in tile


def test_a_withheld_window_says_how_little_arrived(published: Path, open_page: Open) -> None:
    words = markup.text(open_page("case_performance", day="2026-11-15", period="7d"))
    assert "◩ 覆盖不足" in words and "71.0%" in words and "的案件文件未到" not in words


def test_no_cases_are_told_from_no_file(published: Path, open_page: Open) -> None:
    page = open_page("case_performance", period="day")
    line = _line(page, "按所选维度列出的全部指标", "上传专班")
    assert ">0<" in line and "无案件" in line and "无数据" not in line


def test_the_tail_begins_with_the_worst_and_leaves_out_who_has_too_few(published: Path, open_page: Open) -> None:
    page = open_page("case_performance", period="30d")
    units, categories = _block(page, "末位处置单位"), _block(page, "末位案件类别")
    assert "1. 车墩综合所" in units and "上传专班" not in units
    assert "1. 违法倾倒" in categories
    edition = open_edition(published)
    found = cases.parts(edition, "unit", "30d", date(2026, 11, 22))
    ranked = found.filter(pl.col("tail_rank").is_not_null())
    assert ranked["on_time_rate"].to_list() == sorted(ranked["on_time_rate"].to_list())
    assert found.row(-1, named=True)["dimension_code"] == SMALL_UNIT


@pytest.mark.parametrize(
    ("part", "name", "count"), [("unit", "岳阳市容所", 6), ("township", "泗泾镇", 17), ("source", "热线", 4)]
)
def test_every_part_is_listed_and_the_choice_stays_in_the_address(
    published: Path, open_page: Open, part: str, name: str, count: int
) -> None:
    page = open_page("case_performance", part=part)
    table = _block(page, "按所选维度列出的全部指标")
    assert name in table and table.count("<tr>") == count + 1
    assert part == "unit" or page.query_params["part"] == part


def test_a_township_has_its_own_figures(published: Path, open_page: Open) -> None:
    page = open_page("case_performance", area="310117102")
    edition = open_edition(published)
    row = cases.compared(edition, "310117102", "30d", date(2026, 11, 22))["now"]
    assert page.header[0].value.startswith("泗泾镇") and f">{row['filed']} 件<" in _line(page, "与上一窗口", "立案数")


def test_the_trend_keeps_a_gap_for_the_missing_file_and_the_year_before(published: Path, open_page: Open) -> None:
    page = open_page("case_performance", measure="overdue", period="day")
    (chart,) = markup.charts(page)
    assert "去年同期" in chart and "!isValid(datum.value)" in chart
    assert "1 天没有可发布的数值" in markup.text(page)
    edition = open_edition(published)
    found = cases.series(edition, DISTRICT, "day", "overdue", date(2026, 11, 19), date(2026, 11, 21))
    assert found["status"].to_list() == ["ok", "no_data", "ok"] and found["value"].null_count() == 1
    assert found["year_value"].null_count() == 0


def test_a_measure_that_is_no_measure_is_refused(published: Path) -> None:
    with pytest.raises(KeyError):
        cases.series(open_edition(published), DISTRICT, "day", "1; DROP", date(2026, 11, 1), date(2026, 11, 2))


def test_the_year_before_a_leap_day_is_the_last_of_february() -> None:
    assert cases.year_before(date(2028, 2, 29)) == date(2027, 2, 28)
