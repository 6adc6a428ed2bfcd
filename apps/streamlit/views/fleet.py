"""Fleet: are the trucks reporting, are their positions complete, how far do they drive at night."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import streamlit as st

from apps.streamlit import filters, formats, frame, tiles
from apps.streamlit import status as statuses
from apps.streamlit.charts import bars, trend
from apps.streamlit.edition import Edition
from apps.streamlit.queries import kpis
from apps.streamlit.queries.places import district_code
from apps.streamlit.wording import name_of, plain, t

CODES = ("trucks_reporting_rate", "gps_completeness", "gps_drift_rate", "waste_truck_night_km")


def page() -> None:
    edition = frame.title("fleet.title")
    column, _ = st.columns([2, 5])
    with column:
        first, last = filters.span(edition)
    definitions = kpis.definitions(edition, last)
    codes = [code for code in CODES if code in definitions]
    if not codes:
        st.info(t("fleet.nothing"))
        return
    area = district_code(edition)
    # a day more than the span, so that its first day has a change, too
    series = kpis.series(edition, codes, area, first - timedelta(days=1), last)
    readings = tiles.readings(definitions, series, last, area)
    st.header(t("overview.headline", place=t("place.district"), day=formats.day(last)), anchor=False)
    with st.container(key="tiles-0"):
        for column, code in zip(st.columns(len(codes)), codes, strict=True):
            with column:
                tiles.show(readings[code])
    st.header(t("fleet.trends"), anchor=False)
    inside = series.filter(pl.col("business_date") >= first)
    for start in range(0, len(codes), 2):
        for column, code in zip(st.columns(2), codes[start : start + 2], strict=False):
            with column:
                _trend(inside.filter(pl.col("kpi_code") == code), definitions[code])
    st.header(t("fleet.townships", day=formats.day(last)), anchor=False)
    _townships(edition, [code for code in codes if code in kpis.township_codes(edition)], definitions, last)
    st.caption(t("fleet.note"))


def _trend(series: pl.DataFrame, definition: dict[str, Any]) -> None:
    unit, name = str(definition["unit"]), name_of(definition)
    rows = []
    for row in series.iter_rows(named=True):
        published = row["value"] is not None
        words = (
            formats.with_unit(row["value"], unit)
            if published
            else statuses.reason(row["status"], row["coverage"], definition.get("coverage_floor"))
        )
        if published and row["coverage"] is not None:
            words = f"{words} · {t('tile.coverage')} {formats.percent(row['coverage'])}"
        rows.append({"business_date": row["business_date"], "value": row["value"], "series": name,
                     "when": formats.day(row["business_date"]), "shown": words})  # fmt: skip
    frame_rows = pl.DataFrame(rows, schema_overrides={"value": pl.Float64})
    target = definition["target"]
    chart = trend.trend(
        frame_rows, value_title=formats.unit_word(unit) or "%", order=[name], height=220, target=target,
        value_format=formats.axis(unit, series["value"], target), from_zero=not formats.is_fraction(unit),
        target_label="" if target is None else f"{t('tile.target')} {formats.with_unit(float(target), unit)}",
    )  # fmt: skip
    st.markdown(f"**{t('fleet.chart', name=plain(name_of(definition)))}**")
    st.altair_chart(chart, width="stretch", theme=None, alt=name)
    if series["value"].null_count():
        st.caption(t("chart.gaps", count=series["value"].null_count()))


def _townships(edition: Edition, codes: list[str], definitions: dict[str, dict[str, Any]], day: Any) -> None:
    if not codes:
        st.info(t("fleet.district_only"))
        return
    for start in range(0, len(codes), 2):
        for column, code in zip(st.columns(2), codes[start : start + 2], strict=False):
            with column:
                unit = str(definitions[code]["unit"])
                rows = [
                    {"label": name_of(row), "value": row["value"],
                     "shown": statuses.word(row["status"]) if row["value"] is None else formats.with_unit(row["value"], unit)}
                    for row in kpis.by_township(edition, code, day).iter_rows(named=True)
                ]  # fmt: skip
                st.markdown(f"**{plain(name_of(definitions[code]))}**")
                chart = bars.bars(
                    pl.DataFrame(rows, schema_overrides={"value": pl.Float64}), value_title=formats.unit_word(unit) or "%",
                    value_format=formats.axis(unit, (row["value"] for row in rows), definitions[code]["target"]),
                    target=definitions[code]["target"],
                )  # fmt: skip
                st.altair_chart(chart, width="stretch", theme=None, alt=name_of(definitions[code]))


page()
