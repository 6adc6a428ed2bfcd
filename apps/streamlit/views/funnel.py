"""Funnel: from detections to closed cases; false alarms by camera, algorithm and type; places that come back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Any

import polars as pl
import streamlit as st

from apps.streamlit import filters, formats, frame, rules, tables
from apps.streamlit import map as township_map
from apps.streamlit import status as statuses
from apps.streamlit.charts import bars, trend
from apps.streamlit.edition import Edition
from apps.streamlit.queries import cases, funnel, kpis
from apps.streamlit.queries.funnel import OUTCOMES, PARTS, STEPS
from apps.streamlit.queries.places import district_code, outlines
from apps.streamlit.wording import html_language, name_of, t, t_or

MOST_ROWS = 200
RULES = ("patrol_hours_saved", "case_false_alarm_rate")
SEEN = ("detections", "incidents")
TRENDS = ("incidents", "cases", "confirmed")
Definitions = Mapping[str, Mapping[str, Any]]


def page() -> None:
    edition = frame.title("funnel.title")
    left, middle, _ = st.columns([2, 3, 3])
    with left:
        place = filters.place(edition)
    with middle:
        first, last = filters.span(edition)
    definitions = kpis.definitions(edition, last)
    floor = float(definitions.get("incidents_total", {}).get("coverage_floor") or 0.0)
    days = funnel.days(edition, place.area_code, first, last, floor)
    st.header(f"{place.name} · {filters.span_words(first, last)}", anchor=False)
    whole = days.filter(pl.col("status") == statuses.OK, pl.col("case_status") == statuses.OK)
    _left_out(days, whole)
    if whole.is_empty():
        _no_funnel(days)
    else:
        _steps(whole)
        _summary(whole)
    _rules(definitions)
    _trend(days)
    _parts(edition, first, last)
    st.header(t("funnel.cameras", day=formats.day(last)), anchor=False)
    _cameras(edition, last)
    st.header(t("funnel.places", day=formats.day(last)), anchor=False)
    _places(edition, last)
    frame.end(t("funnel.note"))


def _left_out(days: pl.DataFrame, whole: pl.DataFrame) -> None:
    """Which days the steps leave out, and why: a dark camera and a missing case file are two things."""
    dark = days.filter(pl.col("status") == statuses.WITHHELD).height
    unseen = days.filter(pl.col("status") == statuses.NO_DATA).height
    untold = days.filter(pl.col("case_status") != statuses.OK).height
    if days.height == whole.height:
        return
    reasons = [
        (dark, t("funnel.dark", count=formats.number(dark))),
        (unseen, t("funnel.unseen", count=formats.number(unseen))),
        (untold, t("funnel.untold", count=formats.number(untold))),
    ]
    words = [reason for count, reason in reasons if count]
    text = t("funnel.left_out", shown=formats.number(whole.height), days=formats.number(days.height))
    st.warning(f"{text} {' '.join(words)}", icon=":material/visibility_off:")


def _no_funnel(days: pl.DataFrame) -> None:
    status = statuses.NO_DATA if days.is_empty() or (days["status"] == statuses.OK).any() else str(days["status"][-1])
    frame.notice(status, t("funnel.nothing"))


def _share(part: float, whole: float) -> str:
    return formats.percent(part / whole) if whole else "–"


def _steps(whole: pl.DataFrame) -> None:
    totals = {name: int(whole[name].sum()) for name in STEPS}
    # a closed case may have been a false alarm: what is closed is part of the cases, not of the confirmed
    of = {"incidents": "detections", "cases": "incidents", "confirmed": "cases", "closed": "cases"}
    chart_rows, lines = list[dict[str, Any]](), list[list[tables.Cell | str]]()
    for name in STEPS:
        part = _share(totals[name], totals[of[name]]) if name in of else "–"
        label, count = t(f"step.{name}"), formats.number(totals[name])
        chart_rows.append({"label": label, "value": float(totals[name]), "shown": count,
                           "note": f"({t('funnel.of', share=part, step=t(f'step.{of[name]}'))})" if name in of else ""})  # fmt: skip
        lines.append([label, tables.figure(count), tables.figure(part), t(f"step.{of[name]}") if name in of else "–"])
    left, right = st.columns([3, 2])
    with left:
        chart = bars.bars(
            pl.DataFrame(chart_rows),
            value_title=t("table.count"),
            value_format=",.0f",
            step=40,
            order=[row["label"] for row in chart_rows],
        )
        st.altair_chart(chart, width="stretch", theme=None, alt=t("funnel.describe"))
    with right:
        header = [t("funnel.step"), t("table.count"), t("funnel.share"), t("funnel.base")]
        tables.show(t("funnel.steps"), header, lines, numbers=(1, 2))


def _summary(whole: pl.DataFrame) -> None:
    verified = sum(int(whole[name].sum()) for name in OUTCOMES)
    false = int(whole["false_alarms"].sum())
    waiting = int(whole["cases"].sum()) - verified
    facts = [
        (t("funnel.false_alarm_rate"), _share(false, verified) if verified else t("funnel.no_outcome"),
         t("funnel.of_verified", part=formats.number(false), whole=formats.number(verified))),
        (t("step.duplicates"), formats.number(int(whole["duplicates"].sum())), ""),
        (t("funnel.waiting"), formats.number(waiting), t("funnel.waiting.note")),
        (t("funnel.hours"), formats.with_unit(float(whole["patrol_hours_saved"].sum()), "h"), t("funnel.hours.note")),
    ]  # fmt: skip
    cells = "".join(
        f"<div><dt>{escape(a)}</dt><dd>{escape(b)}<small>{escape(c)}</small></dd></div>" for a, b, c in facts
    )
    st.html(f'<dl class="yj-strip" lang="{html_language()}">{cells}</dl>')


def _rules(definitions: Definitions) -> None:
    """The declared formulas, with their parameters, as the rulebook states them."""
    known = [definitions[code] for code in RULES if code in definitions]
    for definition in known:
        formula = name_of(definition, "formula")
        left, right = st.columns([6, 1], vertical_alignment="center")
        with left:
            st.html(
                f'<p class="yj-formula" lang="{html_language()}"><strong>{escape(name_of(definition))}</strong> {escape(formula)}</p>'
            )
        with right:
            code = str(definition["kpi_code"])
            if st.button(t("tile.rule"), key=f"rule-{code}", type="tertiary", icon=":material/gavel:"):
                rules.dialog(definition)


def _trend(days: pl.DataFrame) -> None:
    st.header(t("funnel.trend"), anchor=False)
    rows = []
    for row in days.iter_rows(named=True):
        for name in TRENDS:
            status = row["status"] if name in SEEN else row["case_status"]
            words = t("funnel.untold.day") if name not in SEEN else statuses.reason(status, row["coverage"])
            rows.append({"business_date": row["business_date"], "series": t(f"step.{name}"), "value": row[name],
                         "when": formats.day(row["business_date"]),
                         "shown": words if row[name] is None else formats.number(row[name])})  # fmt: skip
    if not rows:
        st.info(t("event_trends.nothing"))
        return
    frame_rows = pl.DataFrame(rows, schema_overrides={"value": pl.Float64})
    chart = trend.trend(frame_rows, value_title=t("table.count"), order=[t(f"step.{name}") for name in TRENDS])
    st.altair_chart(chart, width="stretch", theme=None, alt=t("funnel.trend"))
    gaps = days.filter((pl.col("status") != statuses.OK) | (pl.col("case_status") != statuses.OK)).height
    if gaps:
        st.caption(t("chart.gaps", count=gaps))


def _label(row: Mapping[str, Any]) -> str:
    return name_of(row) or t_or(f"algorithm.{row['dimension_code']}", row["dimension_code"])


def _parts(edition: Edition, first: date, last: date) -> None:
    st.header(t("funnel.parts", span=filters.span_words(first, last)), anchor=False)
    dimension = filters.group("by", t("filter.group"), {code: t(f"funnel.by.{code}") for code in PARTS})
    found = funnel.parts(edition, dimension, first, last, MOST_ROWS)
    if found.is_empty():
        st.info(t("event_trends.nothing"))
        return
    lines: list[list[tables.Cell | str]] = []
    for row in found.iter_rows(named=True):
        rate = tables.Cell(t("funnel.no_outcome"), is_number=True, style="yj-none")
        if row["false_alarm_rate"] is not None:
            rate = tables.figure(formats.percent(row["false_alarm_rate"]))
        elif row["cases"] is None:
            rate = tables.unpublished(statuses.NO_DATA)
        hours = tables.unpublished(statuses.NO_DATA)
        if row["patrol_hours_saved"] is not None:
            hours = tables.figure(formats.number(row["patrol_hours_saved"], 1))
        lines.append([
            tables.Cell(_label(row), title=row["dimension_code"]), rate, *(_count(row, name) for name in
            ("verified", "false_alarms", "confirmed", "duplicates", "closed", "cases", "incidents", "detections")), hours,
            tables.figure(formats.number(row["dark_days"])),
        ])  # fmt: skip
    header = [
        t(f"funnel.by.{dimension}"), t("funnel.false_alarm_rate"), t("funnel.verified"), t("step.false_alarms"),
        t("step.confirmed"), t("step.duplicates"), t("step.closed"), t("step.cases"), t("step.incidents"), t("step.detections"),
        t("funnel.hours"), t("funnel.dark_days"),
    ]  # fmt: skip
    tables.show(t("funnel.parts.caption"), header, lines, numbers=range(1, len(header)), first=20)
    if dimension == "camera":
        st.caption(t("funnel.camera_rows"))


def _count(row: Mapping[str, Any], name: str) -> tables.Cell:
    if row[name] is None:
        return tables.unpublished(statuses.WITHHELD if name in SEEN else statuses.NO_DATA)
    return tables.figure(formats.number(row[name]))


def _arrived(edition: Edition, day: date, period: str) -> bool:
    """Whether the case files behind a list of the day are there; says so if not: an empty list would look like good news."""
    status, coverage = cases.status_of(edition, district_code(edition), period, day)
    if status == statuses.OK:
        return True
    words = (
        t("case_performance.no_file", day=formats.day(day))
        if status == statuses.NO_DATA
        else statuses.reason(status, coverage)
    )
    frame.notice(status, words)
    return False


def _cameras(edition: Edition, day: date) -> None:
    found = funnel.cameras_to_recalibrate(edition, day)
    arrived = _arrived(edition, day, "30d")
    if found.is_empty():
        if arrived:
            st.success(t("funnel.cameras.none"), icon=":material/check_circle:")
        return
    lines: list[list[tables.Cell | str]] = [
        [row["camera_id"], tables.figure(formats.percent(row["false_alarm_rate"])), *(tables.figure(formats.number(row[name]))
         for name in ("false_alarms", "verified", "cases"))]
        for row in found.iter_rows(named=True)
    ]  # fmt: skip
    header = [
        t("funnel.by.camera"),
        t("funnel.false_alarm_rate"),
        t("step.false_alarms"),
        t("funnel.verified"),
        t("step.cases"),
    ]
    tables.show(
        t("funnel.cameras.caption", count=formats.number(found.height)), header, lines, numbers=range(1, 5), first=20
    )


def _places(edition: Edition, day: date) -> None:
    found = funnel.repeat_places(edition, day)
    arrived = _arrived(edition, day, "day")
    if found.is_empty():
        if arrived:
            st.success(t("funnel.places.none"), icon=":material/check_circle:")
        return
    lines: list[list[tables.Cell | str]] = []
    points = []
    for row in found.iter_rows(named=True):
        where = name_of(row, "township") or row["area_code"] or t("funnel.outside")
        what = name_of(row, "category") or row["category_code"]
        count = formats.number(row["cases"])
        lines.append([
            f"{row['place_rank']}. {where}", what, tables.figure(count), tables.figure(formats.number(row["open_cases"])),
            tables.figure(f"{row['longitude']:.4f}, {row['latitude']:.4f}"),
        ])  # fmt: skip
        points.append({"longitude": row["longitude"], "latitude": row["latitude"], "count": row["cases"], "label": f"{where} · {what}",
                       "shown": t("funnel.place", count=count, still=formats.number(row["open_cases"]))})  # fmt: skip
    left, right = st.columns([3, 4])
    with left:
        chart = township_map.place_map(outlines(edition), points, height=300 if frame.is_phone() else 420)
        st.altair_chart(chart, width="stretch", theme=None, alt=t("funnel.places.describe"))
    with right:
        header = [
            t("table.township"),
            t("dimension.category"),
            t("step.cases"),
            t("funnel.still_open"),
            t("funnel.where"),
        ]
        tables.show(t("funnel.places.caption"), header, lines, numbers=(2, 3, 4), first=12)


page()
