from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from apps.streamlit.anchors import GO_TO_LINKED
from tests.portal import markup
from tests.portal.district import EVENT_TYPES, TOWNSHIPS
from tests.portal.published_fixture import HOSTILE, build_published

Open = Callable[..., AppTest]
# The one script that the portal itself writes: constant, without a word from the published file.
OWN_SCRIPTS = (GO_TO_LINKED,)
KEY_STEMS = ("tile.", "table.", "rule.", "status.", "reason.", "frame.", "filter.", "unit.", "domain.")
PAGES = {
    "overview": ("总览", "Overview"),
    "township_map": ("街镇地图", "Township map"),
    "event_trends": ("事件趋势", "Event trends"),
    "fleet": ("渣土车运行", "Waste-truck fleet"),
    "waste_haulage": ("渣土运输", "Waste haulage"),
    "mass_balance": ("物料平衡", "Mass balance"),
    "residents": ("实有人口", "Population"),
    "case_performance": ("案件办理", "Case performance"),
    "funnel": ("处置漏斗", "Funnel"),
    "rulebook": ("规则手册", "Rulebook"),
    "restatements": ("更正台账", "Restatements"),
    "data_health": ("数据健康", "Data health"),
}


@pytest.mark.parametrize("view", PAGES)
def test_every_page_opens_in_chinese_and_english_with_words_for_everything_and_says_which_edition_it_shows(
    published: Path, open_page: Open, view: str
) -> None:
    for lang, title in zip(("zh", "en"), PAGES[view], strict=True):
        page = open_page(view, lang)
        words = markup.text(page)
        assert page.title[0].value == title
        assert "20261123T010546Z-1f0c9a7e" in words
        assert "2026-11-23 09:05:46" in words, "01:05:46 UTC is 09:05:46 in Shanghai"
        assert ("2026年11月22日" if lang == "zh" else "22 Nov 2026") in words
        assert "1f0c9a7e1f0c" in words
        assert [stem for stem in (*KEY_STEMS, f"{view}.") if f" {stem}" in words] == [], "a bare message key is shown"


def test_a_tile_states_value_unit_target_and_coverage(published: Path, open_page: Open) -> None:
    tile = markup.tile(open_page(), "渣土车上线率")
    assert "94.9%" in tile and "95.0%" in tile and "覆盖率" in tile and "yj-spark" in tile


def test_a_withheld_value_has_its_own_look_and_reason_and_is_neither_blank_nor_zero(
    published: Path, open_page: Open
) -> None:
    tile = markup.tile(open_page(area="310117121"), "治理事件总数")
    assert "yj-withheld" in tile and "覆盖不足" in tile and "低于发布下限 60%" in tile
    assert ">0<" not in tile and "日环比" not in tile


def test_suppressed_and_missing_values_each_have_their_own_look(published: Path, open_page: Open) -> None:
    suppressed = markup.text(open_page(area="310117117"))
    assert "▦ 小数抑制" in suppressed
    missing = markup.tile(open_page(area="310117109"), "检测时延（95分位）")
    assert "yj-nodata" in missing and "无数据" in missing


def test_the_rule_of_a_tile_comes_from_the_rulebook(published: Path, open_page: Open) -> None:
    page = open_page()
    page.button(key="rule-gps_drift_rate").click().run()
    words = markup.text(page)
    assert "定位漂移率 = 当日合计（示例口径）" in words and "区城运中心" in words and "gps_drift_rate · 1" in words


def test_the_area_and_the_day_filter_the_overview(published: Path, open_page: Open) -> None:
    page = open_page()
    page.selectbox(key="area").set_value("310117102").run()
    page.date_input(key="day").set_value(date(2026, 11, 15)).run()
    assert not page.exception
    assert page.header[0].value == "泗泾镇 · 2026年11月15日"
    assert page.query_params["area"] == "310117102" and page.query_params["day"] == "2026-11-15"


def test_an_address_with_codes_opens_the_same_choice_in_the_other_language(published: Path, open_page: Open) -> None:
    page = open_page("overview", "en", area="310117102", day="2026-11-15")
    assert page.header[0].value == "Sijing Town · 15 Nov 2026"


@pytest.mark.parametrize(("key", "word"), [("area", "999"), ("day", "1970-01-01"), ("day", "tomorrow"), ("lang", "xx")])
def test_nonsense_in_the_address_falls_back_to_the_default(
    published: Path, open_page: Open, key: str, word: str
) -> None:
    lang = word if key == "lang" else "zh"
    page = open_page("overview", lang, **({} if key == "lang" else {key: word}))
    assert page.header[0].value == "全区 · 2026年11月22日"


def test_the_map_names_every_township_and_greys_the_withheld_one(published: Path, open_page: Open) -> None:
    page = open_page("township_map")
    (spec,) = markup.charts(page)
    assert "小昆山镇" in spec and "佘山镇" in spec and "覆盖不足" in spec and "#d5d9de" in spec
    assert "覆盖不足" in markup.text(page)


def test_the_map_follows_the_chosen_indicator_and_day(published: Path, open_page: Open) -> None:
    page = open_page("township_map")
    page.selectbox(key="kpi").set_value("residents_overseas").run()
    page.date_input(key="day").set_value(date(2026, 11, 10)).run()
    words = markup.text(page)
    assert "境外人员 · 2026年11月10日" in words and "小数抑制" in words and "覆盖不足" not in words


def test_event_filters_change_the_counts(published: Path, open_page: Open) -> None:
    page = open_page("event_trends")
    whole = markup.text(page)
    page.multiselect(key="areas").set_value(["310117102"]).run()
    page.multiselect(key="types").set_value(["illegal_dumping"]).run()
    part = markup.text(page)
    assert not page.exception and whole != part
    assert page.query_params["areas"] == "310117102" and page.query_params["types"] == "illegal_dumping"


def test_events_of_a_dark_township_are_left_out_and_said_so(published: Path, open_page: Open) -> None:
    page = open_page("event_trends", areas="310117121")
    assert "有 3 个街镇·日" in page.warning[0].value
    assert "不可比" in markup.text(page)


def test_the_previous_period_is_compared_only_when_both_are_complete(published: Path, open_page: Open) -> None:
    page = open_page("event_trends", areas="310117102", compare="1")
    page.date_input(key="span").set_value((date(2026, 11, 16), date(2026, 11, 22))).run()
    assert "不可比" not in markup.text(page)
    assert any("上一期" in spec for spec in markup.charts(page))


def test_events_can_be_split_by_type_and_by_township(published: Path, open_page: Open) -> None:
    types, townships = [name for _, _, name, _ in EVENT_TYPES], [row[1] for row in TOWNSHIPS]
    for group, names in (("event_type", types), ("area_code", townships)):
        chart = markup.charts(open_page("event_trends", group=group))[0]
        assert sum(f'"{name}"' in chart for name in names) == 6, "the six largest"


def test_suppressed_residents_are_shown_as_suppressed(published: Path, open_page: Open) -> None:
    page = open_page("residents")
    assert "未分列" in markup.charts(page)[0], "the bar is as long as the published total"
    table = next(body for body in markup.blocks(page) if "新浜镇" in body)
    assert "yj-suppressed" in table and "小数抑制" in table and ">25,466<" in table


def test_data_health_says_that_everything_balances(published: Path, open_page: Open) -> None:
    page = open_page("data_health")
    assert "收支平衡" in page.success[0].value and "yj-alarm" not in "".join(markup.blocks(page))
    assert "✓ 平衡" in markup.text(page) and "校验码错误" in markup.text(page)
    assert "20261122T011012Z" in markup.text(page)


def test_an_imbalance_is_alarmed_on_every_page_and_located_on_data_health(portal_home: Path, open_page: Open) -> None:
    build_published(portal_home / "published" / "published.duckdb", unbalanced=True)
    assert "数据收支不平" in markup.text(open_page())
    page = open_page("data_health")
    assert "请立即通知平台运维人员" in markup.text(page) and not page.success
    assert "2026年11月21日" in markup.text(page) and "✗ +7" in markup.text(page)


def test_without_a_published_file_the_page_says_what_to_do(portal_home: Path, open_page: Open) -> None:
    page = open_page()
    assert page.title[0].value == "数据尚未发布"
    assert "make up" in markup.text(page) and str(portal_home) in markup.text(page)


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 400])
def test_a_broken_published_file_is_said_to_be_unreadable(portal_home: Path, open_page: Open, content: bytes) -> None:
    (portal_home / "published" / "published.duckdb").write_bytes(content)
    assert "published" in markup.text(open_page(lang="en"))


def test_a_new_edition_is_shown_at_the_next_run_and_the_latest_day_stays_the_latest(
    published: Path, open_page: Open
) -> None:
    page = open_page()
    build_published(published, edition="20261124T010500Z-77777777", last_day=date(2026, 11, 23))
    page.run()
    assert "20261124T010500Z-77777777" in markup.text(page)
    assert page.header[0].value == "全区 · 2026年11月23日"


@pytest.mark.parametrize("view", PAGES)
def test_hostile_names_reach_html_only_escaped(published_hostile: Path, open_page: Open, view: str) -> None:
    page = open_page(view)
    for body in markup.blocks(page):
        if body not in OWN_SCRIPTS:
            assert "<script" not in body and "<img src=x" not in body
    for kind in ("markdown", "caption", "header", "title"):
        for element in page.get(kind):
            assert HOSTILE not in element.value
