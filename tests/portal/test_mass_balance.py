from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from apps.streamlit.charts.dots import dots
from apps.streamlit.edition import open_edition
from apps.streamlit.queries import balance
from tests.portal import markup
from tests.portal.haulage_fixture import BEST, WORST
from tests.portal.published_fixture import build_published

Open = Callable[..., AppTest]
MONTH = date(2026, 11, 1)


def _table(page: AppTest) -> list[str]:
    """The rows of the permits, without the head."""
    body = next(body for body in markup.blocks(page) if "<table" in body)
    return body.split("<tr>")[2:]


def test_permits_stand_by_their_difference_whichever_way_it_points(published: Path, open_page: Open) -> None:
    rows = _table(open_page("mass_balance"))
    assert [row.split(">")[1].split("<")[0] for row in rows] == [
        "1. P-03", "2. P-04", "3. 无处置证", "4. P-01", "5. P-02", "6. P-05"
    ]  # fmt: skip
    for words in (WORST, "S-3", "R-2", ">12,000<", ">1,694<", ">980<", ">1,008<", ">+686<", "yj-bad", "40.5%"):
        assert words in rows[0], words
    assert "−154" in rows[1] and "−18.3%" in rows[1] and "yj-bad" not in rows[1]


def test_what_a_permit_does_not_declare_or_haul_is_no_zero_share(published: Path, open_page: Open) -> None:
    rows = _table(open_page("mass_balance"))
    assert "无数据" in rows[5] and "未运出" in rows[5] and "0.0%" not in rows[5]
    assert "无数据" not in rows[2], "without a permit there is nothing to declare"


def test_the_sums_are_those_of_the_rows_shown(published: Path, open_page: Open) -> None:
    edition = open_edition(published)
    rows, sums = balance.permits(edition, MONTH, BEST), balance.totals(edition, MONTH, BEST)
    assert rows.height == 2 and set(rows["carrier"]) == {BEST}
    for name in ("declared_m3", "hauled_m3", "received_m3", "receipts_m3", "difference_m3", "trips", "receipts"):
        assert sums[name] == rows[name].sum()
    assert sums["difference_share"] == pytest.approx(rows["difference_m3"].sum() / rows["hauled_m3"].sum())
    page = open_page("mass_balance", carrier=BEST)
    assert len(_table(page)) == 2
    strip = next(body for body in markup.blocks(page) if "yj-strip" in body)
    assert f">{sums['hauled_m3']:,.0f}<" in strip and ">+14<" in strip


def test_a_site_is_found_whether_it_loads_or_receives(published: Path) -> None:
    edition = open_edition(published)
    assert balance.permits(edition, MONTH, site="S-9")["permit_id"].to_list() == ["none"]
    assert set(balance.permits(edition, MONTH, site="R-2")["permit_id"]) == {"P-03", "P-04"}


def test_a_month_whose_receipts_have_not_come_has_no_difference(published: Path, open_page: Open) -> None:
    page = open_page("mass_balance", "en", month="2026-10")
    words = markup.text(page)
    assert page.query_params["month"] == "2026-10"
    assert "No file of settlement receipts has arrived for October 2026" in words
    assert "what was hauled is unknown" in words, "nor were there positions in that month"
    strip = next(body for body in markup.blocks(page) if "yj-strip" in body)
    assert strip.count("No data") == 4 and not markup.charts(page)
    for row in _table(page):
        assert row.count("No data") >= 5 and ">0<" not in row and "%" not in row


def test_a_month_with_some_of_its_receipts_says_how_many(published: Path, open_page: Open) -> None:
    assert balance.arrived(open_edition(published), MONTH) == {"days": 14, "tracked": 13, "settled": 12}
    warnings = [one.value for one in open_page("mass_balance").warning]
    assert any("13 天（共 14 天）" in words for words in warnings)
    assert any("12 天（共 14 天）" in words for words in warnings)


def test_a_month_whose_receipts_were_all_refused_has_no_difference(published: Path, open_page: Open) -> None:
    with duckdb.connect(str(published)) as con:
        con.execute(
            "UPDATE data_accounting SET accepted = 0, quarantined = received WHERE feed = 'settlement_receipts'"
        )
    assert balance.arrived(open_edition(published), MONTH)["settled"] == 0
    for row in _table(open_page("mass_balance", "en")):
        assert row.count("No data") >= 3 and "%" not in row


def test_a_volume_nobody_knows_is_no_zero_and_what_has_none_is_counted(published: Path, open_page: Open) -> None:
    unknown = "difference_m3 = NULL, difference_share = NULL, difference_rank = 7"
    with duckdb.connect(str(published)) as con:
        con.execute(f"UPDATE mass_balance SET unmeasured_trips = 121, hauled_m3 = NULL, received_m3 = NULL, {unknown} WHERE permit_id = 'P-03'")  # fmt: skip
        con.execute("UPDATE mass_balance SET unmeasured_receipts = 4 WHERE permit_id = 'P-04'")
    page = open_page("mass_balance", "en")
    row = _table(page)[5]
    assert ">P-03<" in row and row.count("No data") == 4 and "none hauled" not in row and "yj-bad" not in row
    assert "121; 121 without a volume" in row and ">71; 4 without a volume<" in "".join(_table(page))
    strip = next(body for body in markup.blocks(page) if "yj-strip" in body)
    sums = balance.totals(open_edition(published), MONTH)
    assert "; 121 without a volume" in strip and "; 4 without a volume" in strip
    known = balance.permits(open_edition(published), MONTH).filter(pl.col("difference_m3").is_not_null())
    assert sums["difference_share"] == pytest.approx(known["difference_m3"].sum() / known["hauled_m3"].sum())


def test_what_a_figure_means_is_what_the_rulebook_says(published: Path, open_page: Open) -> None:
    with duckdb.connect(str(published)) as con:
        con.execute("UPDATE kpi_definitions SET formula_zh = '口径甲', denominator_zh = '分母乙' WHERE kpi_code = $code", {"code": balance.KPI})  # fmt: skip
    page = open_page("mass_balance")
    facts = next(body for body in markup.blocks(page) if "yj-facts" in body)
    assert "口径甲" in facts and "分母乙" in facts and "GB/T 30428" in facts
    assert "8.60%" in markup.tile(page, "消纳结算缺口率")


def test_a_rulebook_without_the_indicator_leaves_the_balance_standing(published: Path, open_page: Open) -> None:
    with duckdb.connect(str(published)) as con:
        con.execute("DELETE FROM kpi_definitions WHERE kpi_code = $code", {"code": balance.KPI})
    page = open_page("mass_balance")
    assert "没有结算缺口率" in page.info[0].value and len(_table(page)) == 6
    assert "yj-bad" not in "".join(_table(page)), "without a target nothing is too much"


@pytest.mark.parametrize(("lang", "words"), [("zh", "不代表没有运输"), ("en", "does not mean that nothing was hauled")])
def test_an_edition_without_a_balance_says_so(portal_home: Path, open_page: Open, lang: str, words: str) -> None:
    file = build_published(portal_home / "published" / "published.duckdb", days=3)
    with duckdb.connect(str(file)) as con:
        con.execute("DELETE FROM mass_balance")
    page = open_page("mass_balance", lang)
    assert words in markup.text(page) and "<table" not in "".join(markup.blocks(page))


def test_nonsense_in_the_address_shows_the_latest_month_and_everything(published: Path, open_page: Open) -> None:
    page = open_page("mass_balance", month="2031-02", carrier="nobody", site="nowhere")
    assert "2026年11月" in page.header[1].value and len(_table(page)) == 6


def test_measures_are_told_apart_by_shape_and_a_missing_one_has_no_mark() -> None:
    frame = pl.DataFrame(
        {"label": ["a", "a", "b", "b"], "kind": ["x", "y", "x", "y"], "value": [3.0, 5.0, 1.0, None], "shown": list("3515")}
    )  # fmt: skip
    spec = dots(frame, order=["a", "b"], kinds=["x", "y"], value_title="m").to_dict()
    lines, marks = (json.dumps(layer.get("data", spec.get("data"))) for layer in spec["layer"])
    assert '"low": 3.0, "high": 5.0' in lines and marks.count('"value"') == 3
    assert spec["layer"][1]["encoding"]["shape"]["scale"]["range"] == ["square", "diamond"]
