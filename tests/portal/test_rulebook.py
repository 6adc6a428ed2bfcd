from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from apps.streamlit.edition import open_edition
from apps.streamlit.queries import rulebook
from tests.portal import markup
from tests.portal.case_fixture import CASE_KPIS
from tests.portal.district import DISTRICT, EVENT_TYPES, KPIS
from tests.portal.haulage_fixture import HAULAGE_KPIS
from tests.portal.published_fixture import LAST_DAY

FIRST_DAY = date(2026, 11, 9)
Open = Callable[..., AppTest]


def _rules(page: AppTest) -> list[str]:
    return [element.value for element in page.subheader]


def test_the_rulebook_lists_every_indicator_with_its_rule(published: Path, open_page: Open) -> None:
    page = open_page("rulebook")
    assert len(_rules(page)) == len(KPIS) + len(CASE_KPIS) + len(HAULAGE_KPIS) + len(EVENT_TYPES)
    words = markup.text(page)
    assert "定位漂移率 = 当日合计（示例口径）" in words and "gps_drift_rate · 1" in words and "覆盖率下限 60%" in words
    assert '<a href="#gps_drift_rate"' in "".join(markup.blocks(page))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("gps_drift_rate", ["定位漂移率"]),
        ("GPS drift", ["定位漂移率"]),  # English words find the rule on the Chinese page
        ("登记 30天", ["30天内到期登记"]),
        ("试行", ["治理事件总数"]),  # a text of a version that has ended
        ("no such rule", []),
    ],
)
def test_the_rulebook_is_searched_in_both_languages_and_all_versions(
    published: Path, open_page: Open, words: str, found: list[str]
) -> None:
    page = open_page("rulebook")
    page.text_input(key="q").set_value(words).run()
    assert not page.exception and _rules(page) == found
    assert page.query_params["q"] == words


def test_a_code_finds_its_indicator_alone_although_other_codes_begin_like_it(published: Path, open_page: Open) -> None:
    page = open_page("rulebook", q="incidents_total")
    assert _rules(page) == ["治理事件总数"]


def test_the_domain_narrows_the_rulebook_and_stays_in_the_address(published: Path, open_page: Open) -> None:
    page = open_page("rulebook", "en", domain="cameras")
    assert _rules(page) == ["Camera observation coverage", "Camera online rate", "Detection latency \\(p95\\)"]
    page.selectbox(key="domain").set_value("all").run()
    assert "domain" not in page.query_params and len(_rules(page)) > 3


def test_versions_stand_with_their_dates_and_with_what_they_changed(published: Path, open_page: Open) -> None:
    words = markup.text(open_page("rulebook", q="incidents_total"))
    assert "2025年1月1日 至 2025年12月31日" in words and "已失效" in words
    assert "覆盖率下限：50% → 60%" in words and "依据：（试行） → GB/T 30428" in words
    coming = markup.text(open_page("rulebook", q="camera_online_rate"))
    assert "自 2027年1月1日 起 尚未生效 目标值：98.0% → 99.0%" in coming


def test_two_versions_are_compared_on_the_same_days_of_a_month(published: Path, open_page: Open) -> None:
    page = open_page("rulebook", q="camera_online_rate")
    table = next(body for body in markup.blocks(page) if "各版本在2026年11月的结果" in body)
    assert "版本 1 · 现行有效" in table and "版本 2 · 尚未生效" in table
    edition = open_edition(published)
    rows = rulebook.comparisons(edition, DISTRICT, date(2026, 11, 1), LAST_DAY)
    mean = rows.filter(pl.col("rule_version") == "1", pl.col("business_date") > FIRST_DAY)["value"].mean()
    month = table.split("<tr>")[2]
    assert "各版均有数值的日期合计" in month and f"{mean:.1%}" in month and f"{mean * 0.9:.1%}" in month
    first = next(line for line in table.split("<tr>") if "2026年11月9日" in line)
    assert "覆盖不足" in first and first.count("%<") == 1, "only one version has a value for the day"
    assert "各版本在" not in markup.text(open_page("rulebook", q="gps_drift_rate"))


def test_a_worked_example_is_shown_where_the_rulebook_has_one(published: Path, open_page: Open) -> None:
    assert "算例 24小时中在线23小时：95.8%" in markup.text(open_page("rulebook", q="camera_online_rate"))
    assert "Worked example 23 of 24 hours" in markup.text(open_page("rulebook", "en", q="camera_online_rate"))
    assert "算例" not in markup.text(open_page("rulebook", q="gps_drift_rate"))


def test_the_rule_of_a_tile_leads_to_the_rulebook(published: Path, open_page: Open) -> None:
    page = open_page()
    page.button(key="rule-gps_drift_rate").click().run()
    assert not page.exception and len(page.get("page_link")) == 1
