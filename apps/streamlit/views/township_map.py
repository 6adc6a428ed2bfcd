"""Township map: one indicator on one day, with the same numbers as a table."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import Any

import polars as pl
import streamlit as st

from apps.streamlit import filters, formats, frame, rules, tables, tiles
from apps.streamlit import map as township_map
from apps.streamlit import status as statuses
from apps.streamlit.queries import kpis
from apps.streamlit.wording import html_language, name_of, t

PREFERRED = "incidents_total"


def page() -> None:
    edition = frame.title("township_map.title")
    definitions = kpis.definitions(edition, edition.data_through)
    codes = sorted(
        (code for code in kpis.township_codes(edition) if code in definitions),
        key=lambda code: (code != PREFERRED, str(definitions[code]["domain"]), code),
    )
    if not codes:
        st.info(t("township_map.nothing"))
        return
    left, middle, right, _ = st.columns([3, 2, 1.4, 2], vertical_alignment="bottom")
    with left:
        code = filters.kpi(definitions, codes)
    with middle:
        day = filters.day(edition)
    with right:
        if st.button(t("tile.rule"), icon=":material/gavel:", key="rule"):
            rules.dialog(definitions[code])
    frame_rows = kpis.by_township(edition, code, day)
    rows = [_row(row, definitions[code]) for row in frame_rows.iter_rows(named=True)]
    wide, narrow = st.columns([3, 2])
    with wide:
        words = t("township_map.describe", kpi=name_of(definitions[code]), day=formats.day(day))
        st.altair_chart(
            township_map.township_map(rows, height=360 if frame.is_phone() else 560),
            width="stretch",
            theme=None,
            alt=words,
        )
        _legend(rows, definitions[code])
        if frame_rows["is_approximate"].any():
            st.caption(t("township_map.approximate"))
    with narrow:
        _table(frame_rows, definitions[code], day)


def _row(row: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    published = row["value"] is not None
    coverage = row["coverage"]
    reason = t("tile.coverage") + " " + formats.percent(coverage) if coverage is not None else ""
    return {
        **row,
        "label": name_of(row),
        "shown": formats.with_unit(row["value"], str(definition["unit"]))
        if published
        else statuses.word(row["status"]),
        "reason": reason if published else statuses.reason(row["status"], coverage, definition.get("coverage_floor")),
    }


def _legend(rows: list[dict[str, Any]], definition: dict[str, Any]) -> None:
    """Classes with their bounds and the marks of what is not published: the words stay readable without colour."""
    values = sorted(row["value"] for row in rows if row["value"] is not None)
    bounds = township_map.classes(values)
    unit, items, low = str(definition["unit"]), [], values[0] if values else 0.0
    for bound, shade in zip(bounds, township_map.class_colours(len(bounds)), strict=True):
        inside = [value for value in values if low <= value <= bound]
        first, last = formats.amount(min(inside), unit), formats.with_unit(bound, unit)
        words = last if first == formats.amount(bound, unit) else t("township_map.class", low=first, high=last)
        items.append(f'<li><span class="yj-swatch" style="background:{shade}"></span>{escape(words)}</li>')
        low = next((value for value in values if value > bound), bound)
    for status in sorted({row["status"] for row in rows if row["value"] is None}):
        items.append(
            f'<li><span class="yj-swatch yj-{statuses.style(status)}"></span>{escape(statuses.word(status))}</li>'
        )
    st.html(f'<ul class="yj-legend" lang="{html_language()}">{"".join(items)}</ul>')


def _table(frame_rows: pl.DataFrame, definition: dict[str, Any], day: date) -> None:
    ordered = frame_rows.sort(["value", "area_code"], descending=[True, False], nulls_last=True)
    rows: list[list[tables.Cell | str]] = []
    for row in ordered.iter_rows(named=True):
        value = tables.unpublished(row["status"], row["coverage"], definition.get("coverage_floor"))
        if row["value"] is not None:
            value = tables.figure(formats.amount(row["value"], str(definition["unit"])))
        coverage = "–" if row["coverage"] is None else formats.percent(row["coverage"])
        waits = tiles.pending(row["pending_value"], row["pending_status"], str(definition["unit"]))
        rows.append([name_of(row), tables.with_pending(value, waits), tables.figure(coverage)])
    unit = formats.unit_word(str(definition["unit"]))
    caption = t("township_map.table", kpi=name_of(definition), day=formats.day(day))
    header = [t("table.township"), f"{t('table.value')} ({unit})" if unit else t("table.value"), t("table.coverage")]
    tables.show(caption, header, rows, numbers=(1, 2))


page()
