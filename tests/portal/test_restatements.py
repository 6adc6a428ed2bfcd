from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from apps.streamlit.edition import open_edition
from apps.streamlit.queries import restatements
from apps.streamlit.queries.restatements import Chosen
from tests.portal import markup
from tests.portal.district import DISTRICT
from tests.portal.ledger_fixture import APPROVED_ID, BEFORE, LATE_ID, PENDING_ID, WITHDRAWN_TOWNSHIP
from tests.portal.published_fixture import HOSTILE, LAST_DAY

Open = Callable[..., AppTest]


def _alter(published: Path, sql: str, parameters: list[object]) -> None:
    """Publishes the file anew with one change: an open file cannot be written."""
    aside = published.with_name("aside.duckdb")
    shutil.copy(published, aside)
    with duckdb.connect(str(aside)) as con:
        con.execute(sql, parameters)
    os.replace(aside, published)


def _ledger(page: AppTest) -> str:
    return next(body for body in markup.blocks(page) if "逐条更正" in body)


def test_the_ledger_tells_what_was_published_what_is_now_and_why(published: Path, open_page: Open) -> None:
    page = open_page("restatements", change=LATE_ID)
    words = markup.text(page)
    assert "数值变化 6" in words and "待批 2" in words and "原因不明 1" in words
    row = next(line for line in _ledger(page).split("<tr>") if LATE_ID in line)
    assert "953 件" in row and "956 件" in row and "文件迟到" in row and "已生效" in row
    assert "events_20261121_late.csv" in words and "共 23 个" in words and "7d7d7d7d7d7d" in words
    assert "SJ-2026-104, SJ-2026-117" in words and "分子变化 +3" in words


def test_what_waits_stands_first_beside_the_official_value(published: Path, open_page: Open) -> None:
    page = open_page("restatements", state="pending", kpi="trucks_reporting_rate")
    assert _ledger(page).count("<tr>") == 2, "the head and the one that waits"
    assert "92.5%" in _ledger(page) and "89.1%" in _ledger(page)
    assert "公布值（有效）" in markup.text(page)
    assert page.code[0].value.startswith(f"yunjian restate approve {PENDING_ID} ")
    everything = _ledger(open_page("restatements"))
    assert everything.index(PENDING_ID) < everything.index(LATE_ID)


def test_a_withdrawn_figure_is_said_to_be_withdrawn_and_is_no_zero(published: Path, open_page: Open) -> None:
    page = open_page("restatements", area=WITHDRAWN_TOWNSHIP)
    assert "⊘ 撤回" in _ledger(page) and ">0<" not in _ledger(page)


def test_an_approved_change_names_who_approved_it_and_why(published: Path, open_page: Open) -> None:
    words = markup.text(open_page("restatements", change=APPROVED_ID))
    assert "王丽 · 2026-11-22 08:30:00" in words and "重新核对摄像机日志" in words


def test_a_link_opens_a_change_that_the_filters_leave_out(published: Path, open_page: Open) -> None:
    page = open_page("restatements", state="pending", change=LATE_ID)
    assert LATE_ID not in _ledger(page) and page.selectbox(key="change").value == LATE_ID
    assert "events_20261121_late.csv" in markup.text(page)


def test_the_filters_find_nothing_without_failing(published: Path, open_page: Open) -> None:
    page = open_page("restatements", state="approved", kpi="gps_drift_rate")
    assert "没有符合条件的更正" in page.info[0].value


def test_values_as_of_a_past_edition_are_one_query(published: Path, open_page: Open) -> None:
    edition = open_edition(published)
    day = date(2026, 11, 21)
    then = restatements.as_of(edition, BEFORE, DISTRICT, day).row(0, named=True)
    assert (then["kpi_code"], then["value"], then["now_value"]) == ("incidents_total", 953.0, 956.0), (
        "changed ones first"
    )
    now = restatements.as_of(edition, edition.edition, DISTRICT, day)
    assert now.filter(now["value"] != now["now_value"]).is_empty()
    words = markup.text(open_page("restatements", as_of=BEFORE, day="2026-11-21"))
    assert "治理事件总数 953 件 956 件 已变化" in words


def test_an_edition_from_before_a_figure_says_that_it_was_not_published(published: Path, open_page: Open) -> None:
    words = markup.text(open_page("restatements", as_of="20261119T011012Z-d30d9c8b"))
    assert "当时未公布" not in words
    _alter(published, "UPDATE kpi_value_history SET first_edition = ? WHERE business_date = ?", [BEFORE, LAST_DAY])
    words = markup.text(open_page("restatements", as_of="20261119T011012Z-d30d9c8b"))
    assert "当时未公布" in words and "已变化" not in words


def test_a_figure_has_its_whole_history(published: Path) -> None:
    edition = open_edition(published)
    rows = restatements.history(edition, "incidents_total", DISTRICT, date(2026, 11, 21))
    assert rows["value"].to_list() == [956.0, 953.0] and rows["restatement_id"].to_list() == [LATE_ID, None]
    assert rows["last_edition"].to_list() == [edition.edition, BEFORE]


@pytest.mark.parametrize(
    ("chosen", "figures"),
    [(Chosen(), 6), (Chosen(state="pending"), 2), (Chosen(cause="replay"), 1), (Chosen(area=DISTRICT, edition=BEFORE), 2),
     (Chosen(kpi="incidents_total"), 2)],
)  # fmt: skip
def test_counts_and_rows_follow_the_same_filters(published: Path, chosen: Chosen, figures: int) -> None:
    edition = open_edition(published)
    assert restatements.counts(edition, chosen)["figures"].sum() == figures
    assert restatements.ledger(edition, chosen, 100).height == figures
    assert restatements.by_edition(edition, chosen)["figures"].sum() == figures


def test_a_tile_has_a_mark_exactly_when_a_value_waits(published: Path, open_page: Open) -> None:
    tile = markup.tile(open_page(day="2026-11-19"), "渣土车上线率")
    assert "92.5%" in tile and "yj-pending" in tile and "待批更正：89.1%" in tile
    assert f'restatements?state=pending&amp;kpi=trucks_reporting_rate&amp;area={DISTRICT}"' in tile
    assert "yj-pending" not in "".join(markup.blocks(open_page()))
    table = markup.text(open_page("township_map", day="2026-11-19"))
    assert "佘山镇 43 ◷" in table and table.count("◷") == 1


@pytest.mark.parametrize("bad", ["no json", "[1, 2]", '{"files": 3, "new_key": {"a": 1}}', '{"files": [{}]}', None])
def test_evidence_of_any_shape_is_words(published: Path, open_page: Open, bad: str | None) -> None:
    _alter(published, "UPDATE restatements SET evidence = ?, row_ids = ? WHERE restatement_id = ?", [bad, bad, LATE_ID])
    words = markup.text(open_page("restatements", change=LATE_ID))
    assert "原因 文件迟到" in words and (bad != "no json" or "no json" in words)


def test_a_hostile_ledger_is_words(published_hostile: Path, open_page: Open) -> None:
    for change in (LATE_ID, APPROVED_ID):
        page = open_page("restatements", change=change)
        bodies = "".join(markup.blocks(page))
        assert "<script" not in bodies and "<img src=x" not in bodies and HOSTILE in markup.text(page)
