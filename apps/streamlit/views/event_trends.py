"""Event trends: incidents by day, filtered by township and type, beside the period before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from html import escape
from typing import Any

import polars as pl
import streamlit as st

from apps.streamlit import filters, formats, frame
from apps.streamlit import status as statuses
from apps.streamlit.charts import bars, trend
from apps.streamlit.edition import Edition
from apps.streamlit.queries import events
from apps.streamlit.queries.places import district_code, townships
from apps.streamlit.wording import html_language, name_of, t

MOST_SERIES = 6
GROUPS = ("total", "event_type", "area_code")


def page() -> None:
    edition = frame.title("event_trends.title")
    kinds = {code: name_of(row) for code, row in events.event_types(edition).items()}
    areas = {place.area_code: place.name for place in townships(edition)}
    a, b, c = st.columns([2, 3, 3])
    with a:
        first, last = filters.span(edition)
    with b:
        picked_areas = filters.pick_many("areas", t("filter.townships"), areas, nothing=t("filter.all_townships"))
    with c:
        picked_types = filters.pick_many("types", t("filter.event_types"), kinds, nothing=t("filter.all_event_types"))
    d, e = st.columns([5, 3], vertical_alignment="center")
    with d:
        group = filters.group("group", t("filter.group"), {code: t(f"filter.group.{code}") for code in GROUPS})
    with e:
        compare = filters.switch("compare", t("filter.compare"))
    chosen_areas = _areas(edition, picked_areas, list(areas), group == "area_code")
    chosen_types = picked_types or list(kinds)
    counts = events.counts(edition, chosen_areas, chosen_types, first, last)
    span = (last - first).days + 1
    before = events.counts(edition, chosen_areas, chosen_types, first - timedelta(days=span), first - timedelta(days=1))
    if counts.is_empty():
        st.info(t("event_trends.nothing"))
        return
    _summary(counts, before, first, last)
    names = {"event_type": kinds, "area_code": areas}
    _trend(counts, before if compare else None, group, names, span)
    coverage = events.coverage(edition, chosen_areas, first, last)
    _coverage(coverage)
    left, right = st.columns(2)
    with left:
        st.header(t("event_trends.by_type"), anchor=False)
        _ranking(counts, "event_type", names["event_type"])
    with right:
        st.header(t("event_trends.by_township"), anchor=False)
        by_area = counts
        if chosen_areas == [district_code(edition)]:
            by_area = events.counts(edition, list(areas), chosen_types, first, last)
        _ranking(by_area, "area_code", areas)
    frame.end()


def _areas(edition: Edition, picked: Sequence[str], every: Sequence[str], split: bool) -> list[str]:
    """The areas to add up: the district's own rows for the whole district, where the edition has them."""
    if picked:
        return list(picked)
    district = district_code(edition)
    return [district] if not split and events.counts_whole_district(edition, district) else list(every)


def _total(frame_rows: pl.DataFrame) -> int | None:
    return None if frame_rows["incidents"].null_count() == frame_rows.height else int(frame_rows["incidents"].sum())


def _left_out(counts: pl.DataFrame) -> int:
    """Township-days whose counts are not published."""
    return counts.filter(~pl.col("is_published")).select("business_date", "area_code").unique().height


def _summary(counts: pl.DataFrame, before: pl.DataFrame, first: date, last: date) -> None:
    now, then = _total(counts), _total(before) if not before.is_empty() else None
    missing = _left_out(counts)
    complete = not missing and not before.is_empty() and not _left_out(before)
    full = before["business_date"].n_unique() == counts["business_date"].n_unique() if not before.is_empty() else False
    change = t("event_trends.not_comparable")
    if now is not None and then and complete and full:
        change = formats.signed(now - then, formats.percent(abs(now - then) / then))
    facts = [
        (t("event_trends.total"), statuses.word(statuses.NO_DATA) if now is None else formats.number(now),
         filters.span_words(first, last)),
        (t("event_trends.before"), statuses.word(statuses.NO_DATA) if then is None else formats.number(then), ""),
        (t("event_trends.change"), change, ""),
        (t("event_trends.left_out"), formats.number(missing), t("event_trends.left_out.unit")),
    ]  # fmt: skip
    cells = "".join(
        f"<div><dt>{escape(a)}</dt><dd>{escape(b)}<small>{escape(c)}</small></dd></div>" for a, b, c in facts
    )
    st.html(f'<dl class="yj-strip" lang="{html_language()}">{cells}</dl>')
    if missing:
        st.warning(t("event_trends.warning", count=formats.number(missing)), icon=":material/visibility_off:")


def _trend(
    counts: pl.DataFrame, before: pl.DataFrame | None, group: str, names: Mapping[str, Mapping[str, str]], span: int
) -> None:
    if group == "total":
        now = t("event_trends.this_period")
        daily, order = _daily(counts).with_columns(series=pl.lit(now)), [now]
        if before is not None and not before.is_empty():
            shifted = _daily(before).with_columns(
                business_date=pl.col("business_date") + pl.duration(days=span), series=pl.lit(t("event_trends.before"))
            )
            daily, order = pl.concat([daily, shifted]), [now, t("event_trends.before")]
    else:
        ranked = (
            counts.group_by(group).agg(pl.col("incidents").sum()).sort(["incidents", group], descending=[True, False])
        )
        leading = ranked[group].head(MOST_SERIES).to_list()
        if ranked.height > MOST_SERIES:
            st.caption(t("event_trends.leading", count=MOST_SERIES))
        daily = pl.concat([
            _daily(counts.filter(pl.col(group) == code)).with_columns(series=pl.lit(names[group].get(code, code)))
            for code in leading
        ])  # fmt: skip
        order = [names[group].get(code, code) for code in leading]
    chart = trend.trend(daily, value_title=t("event_trends.axis"), order=order, height=320)
    st.altair_chart(chart, width="stretch", theme=None, alt=t("event_trends.describe", count=len(order)))


def _daily(counts: pl.DataFrame) -> pl.DataFrame:
    """business_date, value (NULL when no township is published), when, shown."""
    daily = counts.group_by("business_date").agg(
        value=pl.when(pl.col("is_published").any()).then(pl.col("incidents").sum()),
        left_out=pl.col("area_code").filter(~pl.col("is_published")).n_unique(),
    )
    rows: list[dict[str, Any]] = []
    for row in daily.sort("business_date").iter_rows(named=True):
        words = statuses.word(statuses.WITHHELD) if row["value"] is None else formats.number(row["value"])
        if row["value"] is not None and row["left_out"]:
            words = t("event_trends.partly", value=words, count=row["left_out"])
        rows.append({"business_date": row["business_date"], "value": row["value"], "partial": row["left_out"] > 0,
                     "when": formats.day(row["business_date"]), "shown": words})  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"value": pl.Float64})


def _coverage(coverage: pl.DataFrame) -> None:
    st.header(t("event_trends.coverage"), anchor=False)
    if coverage.is_empty():
        st.info(t("event_trends.coverage.none"))
        return
    rows = [
        {**row, "when": formats.day(row["business_date"]),
         "shown": statuses.word(statuses.NO_DATA) if row["coverage"] is None else formats.percent(row["coverage"])}
        for row in coverage.iter_rows(named=True)
    ]  # fmt: skip
    chart = trend.coverage_strip(pl.DataFrame(rows), title=t("table.coverage"))
    st.altair_chart(chart, width="stretch", theme=None, alt=t("event_trends.coverage"))
    st.caption(t("event_trends.coverage.note"))


def _ranking(counts: pl.DataFrame, by: str, names: Mapping[str, str]) -> None:
    totals = counts.group_by(by).agg(
        value=pl.when(pl.col("is_published").any()).then(pl.col("incidents").sum()),
        left_out=pl.col("business_date").filter(~pl.col("is_published")).n_unique(),
    )
    rows = []
    for row in totals.iter_rows(named=True):
        words = statuses.word(statuses.WITHHELD) if row["value"] is None else formats.number(row["value"])
        note = ""
        if (
            by == "area_code" and row["left_out"] and row["value"] is not None
        ):  # the same gaps cut all event types alike
            note = f"{statuses.mark(statuses.WITHHELD)} {t('event_trends.days_left_out', count=row['left_out'])}"
        rows.append({"label": names.get(row[by], row[by]), "value": row["value"], "shown": words, "note": note})
    frame_rows = pl.DataFrame(rows, schema_overrides={"value": pl.Float64})
    chart = bars.bars(frame_rows, value_title=t("event_trends.axis"), value_format=",.0f")
    st.altair_chart(chart, width="stretch", theme=None, alt=t(f"event_trends.ranking.{by}"))


page()
