"""Data health: does everything that was received have its place, what was refused and why, which editions there are."""

from __future__ import annotations

import os
from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from apps.streamlit import filters, formats, frame, tables
from apps.streamlit import status as statuses
from apps.streamlit.charts import trend
from apps.streamlit.edition import Edition
from apps.streamlit.queries import accounting
from apps.streamlit.wording import t, t_or

COUNTS = ("received", "accepted", "quarantined", "duplicate")


def page() -> None:
    edition = frame.title("data_health.title", alarmed=False)
    _balance(edition)
    column, other, _ = st.columns([2, 2, 3])
    with column:
        day = filters.day(edition)
    with other:
        first, last = filters.span(edition)
    _accounting(edition, day)
    st.header(t("data_health.quarantine"), anchor=False)
    left, right = st.columns(2)
    with left:
        _shares(edition, first, last)
    with right:
        _reasons(edition, first, last)
    st.header(t("data_health.gates"), anchor=False)
    _gates(edition, first, last)
    st.header(t("data_health.editions"), anchor=False)
    _editions(edition)
    _docs()


def _docs() -> None:
    """Links to the pages about models and checked batches, where this installation serves them."""
    address = os.environ.get("YUNJIAN_DOCS_URL")
    if not address:
        return
    st.header(t("data_health.docs"), anchor=False)
    left, right, _ = st.columns([2, 2, 3])
    left.link_button(t("data_health.docs.models"), f"{address}/dbt/index.html", icon=":material/schema:")
    right.link_button(t("data_health.docs.batches"), f"{address}/data_docs/index.html", icon=":material/fact_check:")


def _feed(feed: str) -> str:
    return t_or(f"feed.{feed}", feed)


def _figure(value: int | None) -> tables.Cell:
    return tables.unpublished(statuses.NO_DATA) if value is None else tables.figure(formats.number(value))


def _balance(edition: Edition) -> None:
    wrong = accounting.unbalanced(edition)
    if wrong.is_empty():
        st.success(t("data_health.balanced"), icon=":material/check_circle:")
        return
    frame.alarm(t("alarm.title"), t("data_health.unbalanced", count=formats.number(wrong.height)))
    rows: list[list[tables.Cell | str]] = [
        [
            _feed(row["feed"]),
            formats.day(row["business_date"]),
            *(_figure(row[name]) for name in COUNTS),
            _gap(row["gap"]),
        ]
        for row in wrong.head(50).iter_rows(named=True)
    ]
    header = [t("table.feed"), t("table.day"), *(t(f"table.{name}") for name in COUNTS), t("table.gap")]
    tables.show(t("data_health.unbalanced.caption"), header, rows, numbers=range(2, 7))


def _gap(gap: int | None) -> tables.Cell:
    if gap == 0:
        return tables.Cell(f"✓ {t('data_health.ok')}", is_number=True, style="yj-good")
    words = t("data_health.gap.unknown") if gap is None else formats.signed(gap, formats.number(abs(gap)))
    return tables.Cell(f"✗ {words}", is_number=True, style="yj-bad")


def _accounting(edition: Edition, day: date) -> None:
    rows: list[list[tables.Cell | str]] = []
    for row in accounting.day(edition, day).iter_rows(named=True):
        arrived = row["received"] is not None
        balance = _gap(row["gap"]) if arrived else tables.unpublished(statuses.NO_DATA)
        rows.append([
            tables.Cell(_feed(row["feed"]), title=f"{row['feed']}: {row['description'] or ''}"), row["owner"] or "–",
            *(_figure(row[name]) for name in (*COUNTS, "late", "files")), balance,
        ])  # fmt: skip
    header = [
        t("table.feed"),
        t("table.owner"),
        *(t(f"table.{name}") for name in (*COUNTS, "late", "files")),
        t("table.balance"),
    ]
    tables.show(t("data_health.accounting", day=formats.day(day)), header, rows, numbers=range(2, 9))
    st.caption(t("data_health.rule"))


def _shares(edition: Edition, first: date, last: date) -> None:
    shares = accounting.shares(edition, first, last)
    if shares.is_empty():
        st.info(t("data_health.nothing"))
        return
    rows = [
        {"business_date": row["business_date"], "series": _feed(row["feed"]), "value": row["quarantined_share"],
         "when": formats.day(row["business_date"]),
         "shown": statuses.word(statuses.NO_DATA) if row["quarantined_share"] is None else formats.percent(row["quarantined_share"], 2)}
        for row in shares.iter_rows(named=True)
    ]  # fmt: skip
    frame_rows = pl.DataFrame(rows, schema_overrides={"value": pl.Float64})
    order = frame_rows["series"].unique(maintain_order=True).to_list()
    chart = trend.trend(frame_rows, value_title=t("data_health.share"), order=order, value_format=".1%", height=280)
    st.altair_chart(chart, width="stretch", theme=None, alt=t("data_health.share"))


def _reasons(edition: Edition, first: date, last: date) -> None:
    rows: list[list[tables.Cell | str]] = [
        [_feed(row["feed"]), row["field"] or "–", tables.Cell(t_or(f"refused.{row['reason']}", row["reason"] or "–"), title=row["reason"] or ""),
         _figure(row["rows"])]
        for row in accounting.reasons(edition, first, last).head(100).iter_rows(named=True)
    ]  # fmt: skip
    if not rows:
        st.info(t("data_health.reasons.none"))
        return
    header = [t("table.feed"), t("table.field"), t("table.reason"), t("table.rows")]
    tables.show(t("data_health.reasons", span=filters.span_words(first, last)), header, rows, numbers=(3,), first=10)


def _gates(edition: Edition, first: date, last: date) -> None:
    gates = accounting.gates(edition, first, last)
    failed = gates.filter(~pl.col("success").fill_null(False))
    st.markdown(
        t(
            "data_health.gates.summary",
            passed=formats.number(gates.height - failed.height),
            failed=formats.number(failed.height),
        )
    )
    if failed.is_empty():
        return
    rows: list[list[tables.Cell | str]] = [
        [
            _feed(row["feed"]),
            formats.day(row["business_date"]),
            row["expectation"] or "–",
            _consequence(row),
            row["observed"] or "–",
        ]
        for row in failed.head(100).iter_rows(named=True)
    ]
    header = [t("table.feed"), t("table.day"), t("table.expectation"), t("table.consequence"), t("table.observed")]
    tables.show(t("data_health.gates.caption"), header, rows, first=8)


def _consequence(row: dict[str, Any]) -> tables.Cell:
    code = str(row["consequence"] or "")
    return tables.Cell(t_or(f"consequence.{code}", code), style="yj-bad" if code == "stop" else "")


def _editions(edition: Edition) -> None:
    rows: list[list[tables.Cell | str]] = []
    for row in accounting.editions(edition).iter_rows(named=True):
        now = row["edition"] == edition.edition
        when = formats.utc(row["published_at"])
        style = "yj-now" if now else ""
        rows.append([
            tables.Cell(f"{row['edition']}{t('data_health.editions.now') if now else ''}", style=style),
            tables.Cell(formats.moment(when), style=style),
            tables.Cell(str(row["content_hash"])[:12], style=style, title=str(row["content_hash"])),
            tables.Cell(str(row["code_version"] or "–")[:12], style=style),
            tables.Cell(t_or(f"edition.{row['reason']}", str(row["reason"] or "–")), style=style),
        ])  # fmt: skip
    header = [
        t("frame.edition"),
        f"{t('frame.published')} ({t('frame.zone')})",
        t("frame.hash"),
        t("table.code_version"),
        t("table.reason"),
    ]
    tables.show(t("data_health.editions.caption"), header, rows)


page()
