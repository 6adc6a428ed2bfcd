"""Waste haulage: were the trips as their permits say, whose were not, where was dumped, what do the tracks leave out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from html import escape
from typing import Any

import polars as pl
import streamlit as st

from apps.streamlit import filters, formats, frame, tables, tiles
from apps.streamlit import map as township_map
from apps.streamlit import status as statuses
from apps.streamlit.charts import bars, hours, trend
from apps.streamlit.edition import Edition
from apps.streamlit.queries import dumps, haulage, kpis, night, tracks
from apps.streamlit.queries.haulage import VERDICTS
from apps.streamlit.queries.places import Place, district_code, outlines
from apps.streamlit.wording import html_language, name_of, t, t_or

TILES = ("waste_trips", "waste_conformance_rate", "waste_dark_hours", "waste_suspected_dumps")
DRAWN = 4  # findings in the trend
MOST_ROWS = 15
Definitions = Mapping[str, Mapping[str, Any]]


def page() -> None:
    edition = frame.title("waste_haulage.title")
    left, middle, _ = st.columns([2, 3, 3])
    with left:
        place = filters.place(edition)
    with middle:
        first, last = filters.span(edition)
    definitions = kpis.definitions(edition, last)
    _tiles(edition, definitions, place, last)
    span = filters.span_words(first, last)
    days = haulage.days(edition, first, last)
    st.header(t("waste_haulage.verdicts", place=place.name, span=span), anchor=False)
    if _known(days):
        _verdicts(haulage.verdicts(edition, place.area_code, first, last))
        _findings(edition, place, first, last)
        st.header(t("waste_haulage.carriers", span=span), anchor=False)
        _carriers(edition, definitions, first, last)
        st.header(t("waste_haulage.dumps", place=place.name, span=span), anchor=False)
        _dumps(edition, place, first, last)
    st.header(t("waste_haulage.night", place=place.name, span=span), anchor=False)
    _night(edition, place, first, last)
    st.header(t("waste_haulage.tracks", span=span), anchor=False)
    _tracks(tracks.cleaned(edition, first, last))
    frame.end(t("waste_haulage.note"))


def _tiles(edition: Edition, definitions: Definitions, place: Place, day: date) -> None:
    codes = [code for code in TILES if code in definitions]
    if not codes:
        st.info(t("waste_haulage.no_rules"))
        return
    series = kpis.series(edition, codes, place.area_code, day - timedelta(days=13), day)
    readings = tiles.readings(definitions, series, day, place.area_code)
    st.header(t("overview.headline", place=place.name, day=formats.day(day)), anchor=False)
    with st.container(key="tiles-0"):
        for column, code in zip(st.columns(len(codes)), codes, strict=True):
            with column:
                tiles.show(readings[code])


def _known(days: pl.DataFrame) -> bool:
    """Whether positions of any day were processed; says which were not: days without them are no days without trips."""
    missing = days.filter(~pl.col("is_known")).height
    if missing == days.height:
        frame.notice(statuses.NO_DATA, t("waste_haulage.no_positions"))
        return False
    if missing:
        words = t("waste_haulage.days_missing", count=formats.number(missing), days=formats.number(days.height))
        st.warning(words, icon=":material/visibility_off:")
    return True


def _strip(facts: list[tuple[str, str, str]]) -> None:
    cells = "".join(
        f"<div><dt>{escape(a)}</dt><dd>{escape(b)}<small>{escape(c)}</small></dd></div>" for a, b, c in facts
    )
    st.html(f'<dl class="yj-strip" lang="{html_language()}">{cells}</dl>')


def _verdicts(found: Mapping[str, int]) -> None:
    total = sum(found.values())
    facts = [(t("waste_haulage.all_trips"), formats.number(total), "")]
    for verdict in VERDICTS:
        share = t("waste_haulage.of_trips", share=formats.percent(found[verdict] / total)) if total else ""
        facts.append((t(f"verdict.{verdict}"), formats.number(found[verdict]), share))
    _strip(facts)
    st.caption(t("waste_haulage.verdicts.note"))


def _findings(edition: Edition, place: Place, first: date, last: date) -> None:
    every = haulage.findings(edition, place.area_code, first, last)
    st.subheader(t("waste_haulage.findings"), anchor=False)
    withheld = int(every["withheld_days"].max() or 0) if every.height else 0
    if withheld:
        st.caption(t("waste_haulage.withheld_days", count=formats.number(withheld)))
    if every.is_empty() or every["violations"].null_count() == every.height:
        frame.notice(statuses.WITHHELD if withheld else statuses.NO_DATA, t("waste_haulage.none_judged"))
        return
    kinds = every.filter(pl.col("finding") != haulage.ANY)
    names = {code: t_or(f"finding.{code}", code) for code in kinds["finding"]}
    rows = [
        {"label": names[row["finding"]], "value": float(row["violations"]), "shown": formats.number(row["violations"]),
         "note": f"({formats.percent(row['share'])})" if row["violations"] else ""}
        for row in kinds.iter_rows(named=True)
    ]  # fmt: skip
    left, right = st.columns(2)
    with left:
        order = [str(row["label"]) for row in rows]
        chart = bars.bars(pl.DataFrame(rows), value_title=t("waste_haulage.axis"), value_format=",.0f", order=order)
        st.altair_chart(chart, width="stretch", theme=None, alt=t("waste_haulage.findings"))
        judged = every.filter(pl.col("finding") == haulage.ANY).row(0, named=True)
        st.caption(t("waste_haulage.findings.note", trips=formats.number(judged["trips"]),
                     broken=formats.number(judged["violations"])))  # fmt: skip
    with right:
        drawn = kinds.filter(pl.col("violations") > 0)["finding"].to_list()[:DRAWN]
        if drawn:
            _trend(haulage.series(edition, place.area_code, drawn, first, last), {code: names[code] for code in drawn})
        else:
            st.success(t("waste_haulage.findings.none"), icon=":material/check_circle:")


def _trend(found: pl.DataFrame, names: Mapping[str, str]) -> None:
    rows = []
    for row in found.iter_rows(named=True):
        words = t("waste_haulage.none_that_day")
        if row["status"] != statuses.NO_DATA:
            words = statuses.reason(row["status"], row["coverage"])
        shown = words if row["violations"] is None else formats.with_unit(row["violations"], "trips")
        rows.append({"business_date": row["business_date"], "series": names[row["finding"]], "value": row["violations"],
                     "when": formats.day(row["business_date"]), "shown": shown})  # fmt: skip
    frame_rows = pl.DataFrame(rows, schema_overrides={"value": pl.Float64})
    chart = trend.trend(frame_rows, value_title=t("waste_haulage.axis"), order=list(names.values()), height=300)
    st.altair_chart(chart, width="stretch", theme=None, alt=t("waste_haulage.trend", count=len(names)))
    gaps = frame_rows.filter(pl.col("value").is_null())["business_date"].n_unique()
    if gaps:
        st.caption(t("chart.gaps", count=gaps))


def _carriers(edition: Edition, definitions: Definitions, first: date, last: date) -> None:
    floor = float(definitions.get("waste_conformance_rate", {}).get("coverage_floor") or 0.0)
    found = haulage.carriers(edition, first, last, floor)
    if found.is_empty():
        st.info(t("waste_haulage.carriers.none"))
        return
    lines: list[list[tables.Cell | str]] = []
    for row in found.iter_rows(named=True):
        place = tables.figure(formats.number(row["place"] or 0))
        if row["place"] is None:
            word = t("waste_haulage.few") if row["status"] == statuses.OK else t("waste_haulage.unranked")
            place = tables.Cell(word, is_number=True, style="yj-none")
        coverage = "–" if row["coverage"] is None else formats.percent(row["coverage"])
        rate, broken = (tables.said(row[name], row["status"], unit, row["coverage"])
                        for name, unit in (("rate", "ratio"), ("violations", "")))  # fmt: skip
        worst = ""
        if row["worst_finding"]:
            name = t_or(f"finding.{row['worst_finding']}", row["worst_finding"])
            worst = t("waste_haulage.worst", finding=name, count=formats.number(row["worst_times"]))
        lines.append([row["carrier"], place, rate, broken, tables.figure(formats.number(row["trips"])),
                      tables.figure(formats.number(row["ended"])), tables.figure(coverage), worst or "–"])  # fmt: skip
    header = [
        t("waste_haulage.carrier"), t("waste_haulage.place"), t("waste_haulage.rate"), t("verdict.violation"),
        t("waste_haulage.judged"), t("waste_haulage.ended"), t("table.coverage"), t("waste_haulage.main"),
    ]  # fmt: skip
    tables.show(t("waste_haulage.carriers.caption"), header, lines, numbers=range(1, 7), first=MOST_ROWS)
    note = t("waste_haulage.carriers.note", count=haulage.RANKED_FROM, floor=formats.percent(floor, 0))
    st.caption(note)


def _dumps(edition: Edition, place: Place, first: date, last: date) -> None:
    series = kpis.series(edition, [TILES[3]], place.area_code, first, last)
    unsure = series.filter(pl.col("status") != statuses.OK).height
    if unsure:
        st.warning(t("waste_haulage.dumps.unsure", count=formats.number(unsure)), icon=":material/visibility_off:")
    every = dumps.dumps(edition, place.area_code, first, last)
    if every.is_empty():
        if unsure:
            frame.notice(statuses.NO_DATA, t("waste_haulage.dumps.unknown"))
        else:
            st.success(t("waste_haulage.dumps.none"), icon=":material/check_circle:")
        return
    column, _ = st.columns([2, 5])
    with column:
        begin, end = filters.hours()
    shown = dumps.in_hours(every, begin, end)
    left, right = st.columns([3, 4])
    with left:
        _dump_map(edition, shown)
    with right:
        counts = {int(hour): int(count) for hour, count in
                  every.group_by("shanghai_hour").agg(pl.col("dumps").sum()).iter_rows()}  # fmt: skip
        inside = {hour for hour in range(24) if (begin <= hour < end if begin < end else hour >= begin or hour < end)}
        words = {hour: t("waste_haulage.hour", begin=f"{hour:02}", end=f"{hour + 1:02}", count=counts.get(hour, 0))
                 for hour in range(24)}  # fmt: skip
        chart = hours.hours(counts, inside, value_title=t("waste_haulage.dumps.axis"), words=words)
        st.altair_chart(chart, width="stretch", theme=None, alt=t("waste_haulage.dumps.by_hour"))
        if shown.is_empty():
            st.info(t("waste_haulage.dumps.other_hours"))
        else:
            _dump_rows(shown)


def _where(row: Mapping[str, Any]) -> str:
    return name_of(row) or t("waste_haulage.outside")


def _dump_map(edition: Edition, shown: pl.DataFrame) -> None:
    cells = shown.group_by("longitude", "latitude", maintain_order=True).agg(
        pl.col("name_zh", "name_en").first(), pl.col("dumps").sum(), pl.col("shanghai_hour").unique().sort()
    )
    points = [
        {"longitude": row["longitude"], "latitude": row["latitude"], "count": row["dumps"], "label": _where(row),
         "shown": t("waste_haulage.dumps.point", count=formats.number(row["dumps"]),
                    hours=", ".join(f"{hour:02}:00" for hour in row["shanghai_hour"]))}
        for row in cells.iter_rows(named=True)
    ]  # fmt: skip
    chart = township_map.place_map(outlines(edition), points, height=320 if frame.is_phone() else 460)
    st.altair_chart(chart, width="stretch", theme=None, alt=t("waste_haulage.dumps.describe"))


def _dump_rows(shown: pl.DataFrame) -> None:
    lines: list[list[tables.Cell | str]] = [
        [formats.day(row["business_date"]), tables.figure(f"{row['shanghai_hour']:02}:00"), _where(row),
         tables.figure(f"{row['longitude']:.4f}, {row['latitude']:.4f}"), tables.figure(formats.number(row["dumps"])),
         t_or(f"confidence.{row['confidence']}", row["confidence"])]
        for row in shown.iter_rows(named=True)
    ]  # fmt: skip
    header = [
        t("table.day"), t("waste_haulage.hour.head"), t("table.township"), t("funnel.where"), t("waste_haulage.dumps.head"),
        t("waste_haulage.confidence"),
    ]  # fmt: skip
    total = formats.number(int(shown["dumps"].sum()))
    tables.show(t("waste_haulage.dumps.caption", count=total), header, lines, numbers=(1, 3, 4), first=8)


def _night(edition: Edition, place: Place, first: date, last: date) -> None:
    status = kpis.series(edition, [night.KPI], place.area_code, first, last)["status"].to_list()
    found = night.by_area(edition, place.area_code, first, last)
    if set(status) <= {statuses.NO_DATA} and found.is_empty():
        frame.notice(statuses.NO_DATA, t("waste_haulage.night.unknown"))
        return
    for reason, words in ((statuses.WITHHELD, "dark"), (statuses.NO_DATA, "untold")):
        if count := status.count(reason):
            st.warning(t(f"waste_haulage.night.{words}", count=formats.number(count)), icon=":material/visibility_off:")
    if found.is_empty():
        st.info(t("waste_haulage.night.none"))
        return
    whole = found.filter(pl.col("area_code") == place.area_code)
    if whole.height:
        row = whole.row(0, named=True)
        facts = [(t("step.incidents"), formats.number(row["incidents"]), "")]
        _strip(facts + [(t(f"night.{state}"), formats.number(row[state]), t(f"night.{state}.note")) for state in night.STATES])  # fmt: skip
    parts = found.filter(pl.col("area_code") != district_code(edition))
    if place.area_code != district_code(edition) or parts.is_empty():
        return
    kinds = [t(f"night.{state}") for state in night.STATES]
    rows = [
        {"label": _where(row), "kind": kind, "value": float(row[state]), "shown": formats.number(row[state]), "note": ""}
        for row in parts.iter_rows(named=True)
        for state, kind in zip(night.STATES, kinds, strict=True)
    ]  # fmt: skip
    order = [_where(row) for row in parts.iter_rows(named=True)]
    chart = bars.stacked(
        pl.DataFrame(rows), order=order, kinds=kinds, value_title=t("event_trends.axis"), grey=kinds[2]
    )
    left, right = st.columns([2, 3])
    with left:
        st.altair_chart(chart, width="stretch", theme=None, alt=t("waste_haulage.night.describe"))
    with right:
        lines: list[list[tables.Cell | str]] = [
            [_where(row), *(tables.figure(formats.number(row[name])) for name in ("unpermitted", "permitted", "unknown_site", "incidents"))]
            for row in parts.iter_rows(named=True)
        ]  # fmt: skip
        header = [t("table.township"), kinds[1], kinds[0], kinds[2], t("step.incidents")]
        tables.show(t("waste_haulage.night.caption"), header, lines, numbers=range(1, 5), first=MOST_ROWS)


def _tracks(found: pl.DataFrame) -> None:
    if found.is_empty():
        frame.notice(statuses.NO_DATA, t("waste_haulage.no_positions"))
        return
    removed = found.filter(~pl.col("rule").is_in([tracks.KEPT, tracks.NOTED]), pl.col("fixes") > 0)
    lines: list[list[tables.Cell | str]] = []
    for row in found.iter_rows(named=True):
        share = "–" if row["share"] is None else formats.percent(row["share"], 2)
        lines.append([t_or(f"cleaning.{row['rule']}", row["rule"]), tables.figure(formats.number(row["fixes"])),
                      tables.figure(share), tables.Cell(t_or(f"cleaning.{row['rule']}.why", "–"), style="yj-prose")])  # fmt: skip
    left, right = st.columns([2, 3])
    with left:
        if removed.is_empty():
            st.success(t("waste_haulage.tracks.none"), icon=":material/check_circle:")
        else:
            rows = [
                {"label": t_or(f"cleaning.{row['rule']}", row["rule"]), "value": float(row["fixes"]),
                 "shown": formats.number(row["fixes"]), "note": f"({formats.percent(row['share'] or 0.0, 2)})"}
                for row in removed.iter_rows(named=True)
            ]  # fmt: skip
            chart = bars.bars(
                pl.DataFrame(rows), value_title=t("waste_haulage.tracks.axis"), value_format=",.0f", step=34
            )
            st.altair_chart(chart, width="stretch", theme=None, alt=t("waste_haulage.tracks.describe"))
    with right:
        header = [
            t("waste_haulage.tracks.rule"),
            t("waste_haulage.tracks.axis"),
            t("funnel.share"),
            t("waste_haulage.tracks.why"),
        ]
        tables.show(t("waste_haulage.tracks.caption"), header, lines, numbers=(1, 2))


page()
