from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from apps.streamlit.charts.hours import hours
from apps.streamlit.edition import open_edition
from apps.streamlit.queries import dumps, haulage, night, tracks
from apps.streamlit.queries.dumps import in_hours
from tests.portal import markup
from tests.portal.district import DISTRICT, TOWNSHIPS
from tests.portal.haulage_fixture import BEST, SMALL, UNJUDGED, UNSEEN, UNTRACKED, WORST
from tests.portal.published_fixture import DARK_TOWNSHIP, build_published

Open = Callable[..., AppTest]
FIRST, LAST = date(2026, 11, 9), date(2026, 11, 22)
TABLES = ("waste_trips", "waste_conformance", "suspected_dumps", "night_construction", "track_quality", "mass_balance")


def _block(page: AppTest, words: str) -> str:
    return next(body for body in markup.blocks(page) if words in body and "<table" in body)


def _without(file: Path, *statements: str) -> None:
    """Takes rows out of the published file."""
    with duckdb.connect(str(file)) as con:
        for statement in statements:
            con.execute(statement)


@pytest.fixture
def empty(portal_home: Path) -> Path:
    """An edition into which no haulage feed ever came."""
    file = build_published(portal_home / "published" / "published.duckdb", days=3)
    _without(file, *(f"DELETE FROM {table}" for table in TABLES),
             "DELETE FROM kpi_values WHERE kpi_code LIKE 'waste%' OR kpi_code LIKE 'night%'")  # fmt: skip
    return file


def test_the_tiles_state_value_and_coverage_and_open_their_rule(published: Path, open_page: Open) -> None:
    page = open_page("waste_haulage")
    trips = open_edition(published).rows("SELECT count(*) AS n FROM waste_trips WHERE business_date = $day", {"day": LAST})["n"][0]  # fmt: skip
    tile = markup.tile(page, "渣土车重载趟次")
    assert f">{trips}<" in tile and "趟" in tile and "93.0%" in tile
    page.button(key="rule-waste_conformance_rate").click().run()
    assert "waste_conformance_rate · 1" in markup.text(page)


def test_every_trip_is_counted_once_and_those_not_judged_are_called_so(published: Path, open_page: Open) -> None:
    edition = open_edition(published)
    found = haulage.verdicts(edition, DISTRICT, FIRST, LAST)
    assert sum(found.values()) == edition.rows("SELECT count(*) AS n FROM waste_trips")["n"][0]
    assert all(found.values())
    strip = next(
        body for body in markup.blocks(open_page("waste_haulage")) if "不予判定" in body and "yj-strip" in body
    )
    for verdict, count in found.items():
        assert f"<dd>{count}<" in strip, verdict


def test_a_township_has_the_trips_that_were_loaded_in_it(published: Path) -> None:
    edition = open_edition(published)
    parts = [sum(haulage.verdicts(edition, row[0], FIRST, LAST).values()) for row in TOWNSHIPS]
    assert sum(parts) == sum(haulage.verdicts(edition, DISTRICT, FIRST, LAST).values()) and parts[0] > 0


def test_violations_are_counted_by_type_without_the_days_that_are_withheld(published: Path, open_page: Open) -> None:
    edition = open_edition(published)
    found = haulage.findings(edition, DISTRICT, FIRST, LAST)
    assert set(found["withheld_days"]) == {1}
    unjudged = edition.rows("SELECT DISTINCT business_date AS d FROM waste_conformance WHERE dimension = 'district' AND status <> 'ok'")["d"].to_list()  # fmt: skip
    trips = edition.rows("SELECT * FROM waste_trips").filter(~pl.col("business_date").is_in(unjudged))
    assert unjudged == [date(2026, 11, 9 + UNJUDGED)]
    for row in found.filter(pl.col("finding") != "any").iter_rows(named=True):
        named = trips.filter(pl.col("findings").str.split(",").list.contains(row["finding"])).height
        assert row["violations"] == named and row["share"] == pytest.approx(named / row["trips"])
    page = open_page("waste_haulage")
    bars = markup.charts(page)[0]
    assert "偏离核准路线" in bars and "疑似偷倒" in bars
    assert "有 1 天可判定趟次比例低于发布下限" in markup.text(page) and "灰色短条：2 天" in markup.text(page)
    series = haulage.series(edition, DISTRICT, ["off_route"], FIRST, LAST)
    assert series.height == 14 and series["violations"].null_count() == 2, "every day, and two of them are gaps"
    assert series["status"][UNTRACKED] == "no_data" and series["status"][UNJUDGED] == "withheld_low_coverage"


def test_days_without_positions_are_said_to_be_unknown(published: Path, open_page: Open) -> None:
    assert "所选 14 天中有 1 天没有定位数据" in open_page("waste_haulage").warning[0].value
    page = open_page("waste_haulage")
    dark = date(2026, 11, 9 + UNTRACKED)
    page.date_input(key="span").set_value((dark, dark)).run()
    words = markup.text(page)
    assert not page.exception and "趟次、违规、偷倒均不可知，不代表为零" in words
    assert "运输企业排名" not in words, "no list that would read as good news"
    tile = markup.tile(page, "渣土车重载趟次")
    assert "无数据" in tile and ">0<" not in tile


def test_companies_are_ranked_by_conformance_and_few_trips_are_marked(published: Path, open_page: Open) -> None:
    found = haulage.carriers(open_edition(published), FIRST, LAST, 0.6)
    place = dict(found.select("carrier", "place").iter_rows())
    assert place[BEST] == 1 and place[WORST] == 3 and place[SMALL] is None and place[UNSEEN] is None
    ranked = found.filter(pl.col("place").is_not_null())
    assert ranked["rate"].to_list() == sorted(ranked["rate"], reverse=True)
    assert (ranked["trips"] >= haulage.RANKED_FROM).all() and (ranked["coverage"] < 1).all()
    assert ranked["coverage"].to_list() == pytest.approx((ranked["trips"] / ranked["ended"]).to_list())
    rows = _block(open_page("waste_haulage"), BEST).split("<tr>")
    small, unseen = (next(row for row in rows if name in row) for name in (SMALL, UNSEEN))
    assert "趟次太少" in small and "100.0%" in small
    assert "不排名" in unseen and unseen.count("覆盖不足") == 2


def test_a_company_at_the_same_rate_as_another_has_the_same_place(published: Path) -> None:
    _without(published, f"UPDATE waste_conformance SET violations = 0 WHERE finding = 'any' AND dimension_code IN ('{BEST}', '{WORST}') AND status = 'ok'")  # fmt: skip
    found = haulage.carriers(open_edition(published), FIRST, LAST, 0.6)
    assert [place for place in found["place"].to_list() if place] == [1, 1, 3]


@pytest.mark.parametrize(
    ("begin", "end", "hours_left"), [(0, 24, {2, 10, 23}), (22, 5, {2, 23}), (2, 3, {2}), (3, 10, set()), (10, 11, {10})]
)  # fmt: skip
def test_dumps_are_filtered_by_hour_of_day_also_across_midnight(
    published: Path, begin: int, end: int, hours_left: set[int]
) -> None:
    every = dumps.dumps(open_edition(published), DISTRICT, FIRST, LAST)
    assert set(in_hours(every, begin, end)["shanghai_hour"]) == hours_left


def test_dumps_stand_on_the_map_with_their_hours_and_follow_the_filter(published: Path, open_page: Open) -> None:
    page = open_page("waste_haulage")
    assert any("车墩镇" in chart and "02:00, 10:00" in chart for chart in markup.charts(page))
    assert "疑似偷倒：13 趟" in _block(page, "疑似偷倒：")
    page.selectbox(key="hour_from").set_value("22").run()
    page.selectbox(key="hour_until").set_value("5").run()
    assert "疑似偷倒：12 趟" in _block(page, "疑似偷倒：")
    assert page.query_params["hour_from"] == "22" and page.query_params["hour_until"] == "5"
    page.selectbox(key="hour_from").set_value("3").run()
    assert "所选时段没有" in page.info[0].value and not page.exception


def test_no_dump_is_good_news_only_when_every_day_is_known(published: Path, open_page: Open) -> None:
    quiet = open_page("waste_haulage", area="310117102")
    assert "不代表没有" in markup.text(quiet) and not any("未发现" in one.value for one in quiet.success)
    quiet.date_input(key="span").set_value((LAST, LAST)).run()
    assert "所选日期未发现疑似偷倒" in quiet.success[0].value


def test_hours_outside_the_choice_stand_back() -> None:
    spec = hours({2: 4}, {1, 2}, value_title="n", words={hour: str(hour) for hour in range(24)}).to_dict()
    rows = spec["layer"][0]["data"]["values"] if "data" in spec["layer"][0] else spec["data"]["values"]
    assert len(rows) == 24 and [row["hour"] for row in rows if row["chosen"]] == ["01", "02"]


def test_night_work_is_permitted_not_permitted_or_unknown_and_dark_days_are_left_out(
    published: Path, open_page: Open
) -> None:
    edition = open_edition(published)
    found = {row["area_code"]: row for row in night.by_area(edition, DISTRICT, FIRST, LAST).iter_rows(named=True)}
    assert found[DARK_TOWNSHIP]["incidents"] == 2 * 11, "three dark days"
    for row in found.values():
        assert row["incidents"] == sum(row[state] for state in night.STATES)
    page = open_page("waste_haulage")
    assert any("无许可登记或无数据：1 天" in one.value for one in page.warning)
    assert "无证" in _block(page, "各街镇夜间施工事件") and "小昆山镇" in _block(page, "各街镇夜间施工事件")
    dark = open_page("waste_haulage", area=DARK_TOWNSHIP)
    assert any("视频覆盖不足、不计入：3 天" in one.value for one in dark.warning)


def test_cleaning_says_what_was_left_out_and_why(published: Path, open_page: Open) -> None:
    found = tracks.cleaned(open_edition(published), FIRST, LAST)
    counted = found.filter(pl.col("rule") != tracks.NOTED)
    assert (
        counted["share"].sum() == pytest.approx(1.0)
        and found["rule"][0] == "kept"
        and found["rule"][-1] == tracks.NOTED
    )
    table = _block(open_page("waste_haulage"), "保留与剔除的定位点")
    for rule, why in (
        ("跳点", "不可能这么快到达"),
        ("坐标加密", "无法读取"),
        ("时钟偏差", "相差过大"),
        ("乱序（已保留）", "排序"),
    ):
        assert rule in table and why in table
    assert f">{counted.filter(pl.col('rule') == 'jump')['fixes'][0]:,}<" in table


@pytest.mark.parametrize(("lang", "unknown"), [("zh", "不可知"), ("en", "are unknown; they are not zero")])
def test_an_edition_without_haulage_data_says_so_and_shows_no_zero(
    empty: Path, open_page: Open, lang: str, unknown: str
) -> None:
    page = open_page("waste_haulage", lang)
    assert unknown in markup.text(page) and not markup.charts(page) and not page.success
    assert ">0<" not in "".join(markup.blocks(page))


def test_codes_the_catalog_does_not_know_are_shown_as_they_are(published: Path, open_page: Open) -> None:
    _without(published, "UPDATE waste_conformance SET finding = 'new_kind' WHERE finding = 'off_route'",
             "UPDATE track_quality SET rule = 'new_rule' WHERE rule = 'jump'")  # fmt: skip
    page = open_page("waste_haulage")
    assert "new_kind" in markup.charts(page)[0] and "new_rule" in markup.text(page)
