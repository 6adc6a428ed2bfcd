"""Case performance: are cases closed, and in time; the tail; against the window before and the year before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
import streamlit as st

from apps.streamlit import filters, formats, frame, tables, tiles
from apps.streamlit import status as statuses
from apps.streamlit.charts import trend
from apps.streamlit.edition import Edition
from apps.streamlit.queries import cases, kpis
from apps.streamlit.queries.cases import MEASURES, PARTS, PERIODS
from apps.streamlit.queries.places import district_code
from apps.streamlit.wording import name_of, t

TILES = ("case_on_time_rate", "case_closing_rate", "cases_open", "cases_overdue")
TREND_DAYS = 60
WORST = 10
MOST_ROWS = 20
TAIL = ("on_time_rate", "overdue", "due", "rework_rate", "p90_handling_hours")
TABLE = ("filed", "due", "closed", "open_cases", "overdue", "closing_rate", "on_time_rate", "on_time_rate_filed",
         "rework_rate", "extension_rate", "hand_back_rate", "suspension_rate", "median_handling_hours",
         "p90_handling_hours")  # fmt: skip
Definitions = Mapping[str, Mapping[str, Any]]


def page() -> None:
    edition = frame.title("case_performance.title")
    left, middle, right = st.columns([2, 2, 4])
    with left:
        place = filters.place(edition)
    with middle:
        day = filters.day(edition)
    with right:
        period = filters.group("period", t("filter.period"), {code: t(f"period.{code}") for code in PERIODS})
    definitions = kpis.definitions(edition, day)
    _tiles(edition, definitions, place.area_code, place.name, day)
    rows = cases.compared(edition, place.area_code, period, day)
    window = t(
        f"period.{period}.words", first=formats.day(day - timedelta(days=PERIODS[period] - 1)), last=formats.day(day)
    )
    st.header(f"{place.name} · {window}", anchor=False)
    _notice(rows.get("now"), day)
    _compared(rows, definitions, window)
    _trend(edition, definitions, place.area_code, period, day)
    status, _ = cases.status_of(edition, district_code(edition), period, day)
    if status == statuses.OK:
        st.header(t("case_performance.tail", window=window), anchor=False)
        st.caption(t("case_performance.tail.note"))
        for dimension in ("unit", "category"):
            _tail(cases.parts(edition, dimension, period, day), dimension, definitions)
        _all(edition, definitions, period, day)
    frame.end(t("case_performance.note"))


def _tiles(edition: Edition, definitions: Definitions, area: str, name: str, day: date) -> None:
    codes = [code for code in TILES if code in definitions]
    if not codes:
        return
    series = kpis.series(edition, codes, area, day - timedelta(days=13), day)
    readings = tiles.readings(definitions, series, day, area)
    st.header(t("overview.headline", place=name, day=formats.day(day)), anchor=False)
    with st.container(key="tiles-0"):
        for column, code in zip(st.columns(len(codes)), codes, strict=True):
            with column:
                tiles.show(readings[code])


def _notice(row: Mapping[str, Any] | None, day: date) -> None:
    """Why there is no figure: a missing file has words of its own, and is never a 0."""
    status = statuses.NO_DATA if row is None else row["status"]
    if status == statuses.OK:
        return
    words = statuses.reason(status, row["coverage"] if row else None)
    if status == statuses.NO_DATA:
        words = t("case_performance.no_file", day=formats.day(day))
    frame.notice(status, words)


def _name(definitions: Definitions, column: str) -> str:
    return name_of(definitions.get(MEASURES[column], {})) or column


def _unit(definitions: Definitions, column: str) -> str:
    return str(definitions.get(MEASURES[column], {}).get("unit") or ("ratio" if column.endswith("_rate") else ""))


def _head(definitions: Definitions, column: str) -> str:
    """A measure's name with its unit, for columns of bare figures."""
    word = formats.unit_word(_unit(definitions, column))
    return f"{_name(definitions, column)} ({word})" if word else _name(definitions, column)


def _cell(row: Mapping[str, Any] | None, column: str, unit: str, *, bare: bool = False) -> tables.Cell:
    """A figure; or the status of its row; or, where files arrived and there was nothing to count, just that."""
    if row is None or row["status"] != statuses.OK:
        return tables.unpublished(statuses.NO_DATA if row is None else row["status"], row["coverage"] if row else None)
    if row[column] is None:
        return tables.Cell(
            t("case_performance.none"), is_number=True, style="yj-none", title=t("case_performance.none.why")
        )
    return tables.figure(formats.amount(row[column], unit) if bare else formats.with_unit(row[column], unit))


def _compared(rows: Mapping[str, Mapping[str, Any]], definitions: Definitions, window: str) -> None:
    lines: list[list[tables.Cell | str]] = []
    now = rows.get("now")
    for column in MEASURES:
        unit, definition = _unit(definitions, column), definitions.get(MEASURES[column], {})
        target = definition.get("target")
        sign = "≤" if definition.get("better") == "lower" else "≥"
        aim = t("tile.target.none") if target is None else f"{sign} {formats.with_unit(float(target), unit)}"
        value = _cell(now, column, unit)
        if target is not None and now is not None and now[column] is not None:
            met = now[column] <= target if definition.get("better") == "lower" else now[column] >= target
            aim = f"{aim} {t('tile.target.met') if met else t('tile.target.missed')}"
        line: list[tables.Cell | str] = [
            tables.Cell(_name(definitions, column), title=str(definition.get("variant") or "")),
            value,
            tables.figure(aim),
        ]
        for then in ("period", "year"):
            line += [_cell(rows.get(then), column, unit), _change(now, rows.get(then), column, unit)]
        lines.append(line)
    header = [
        t("table.kpi"), t("table.value"), t("tile.target"), t("case_performance.period_before"), t("case_performance.on_period"),
        t("case_performance.year_before"), t("case_performance.on_year"),
    ]  # fmt: skip
    tables.show(t("case_performance.compared", window=window), header, lines, numbers=range(1, 7))


def _change(now: Mapping[str, Any] | None, then: Mapping[str, Any] | None, column: str, unit: str) -> tables.Cell:
    a, b = (None if row is None or row["status"] != statuses.OK else row[column] for row in (now, then))
    return tables.figure("–" if a is None or b is None else formats.moved(a - b, unit))


def _trend(edition: Edition, definitions: Definitions, area: str, period: str, day: date) -> None:
    st.header(t("case_performance.trend"), anchor=False)
    order = ("on_time_rate", *(column for column in MEASURES if column != "on_time_rate"))
    left, _ = st.columns([3, 5])
    with left:
        measure = filters.pick("measure", t("filter.kpi"), {column: _name(definitions, column) for column in order})
    found = cases.series(
        edition, area, period, measure, max(day - timedelta(days=TREND_DAYS - 1), kpis.first_day(edition)), day
    )
    unit, this, before = _unit(definitions, measure), t("case_performance.this_year"), t("case_performance.year_before")
    rows = []
    for row in found.iter_rows(named=True):
        for series, value, status in (
            (this, row["value"], row["status"]),
            (before, row["year_value"], row["year_status"]),
        ):
            if series == before and value is None:
                continue  # a year nobody has is no gap of this one
            words = statuses.reason(status, row["coverage"]) if status != statuses.OK else t("case_performance.none")
            rows.append({"business_date": row["business_date"], "series": series, "value": value,
                         "when": formats.day(row["business_date"]),
                         "shown": words if value is None else formats.with_unit(value, unit)})  # fmt: skip
    frame_rows = pl.DataFrame(rows, schema_overrides={"value": pl.Float64})
    names = [name for name in (this, before) if name in frame_rows["series"]]
    target = definitions.get(MEASURES[measure], {}).get("target")
    chart = trend.trend(
        frame_rows, value_title=formats.unit_word(unit) or "%", order=names, height=260, target=target, grey=before,
        value_format=formats.axis(unit, frame_rows["value"], target), from_zero=not formats.is_fraction(unit),
        target_label="" if target is None else f"{t('tile.target')} {formats.with_unit(float(target), unit)}",
    )  # fmt: skip
    st.altair_chart(chart, width="stretch", theme=None, alt=_name(definitions, measure))
    if found["value"].null_count():
        st.caption(t("chart.gaps", count=found["value"].null_count()))


def _tail(rows: pl.DataFrame, dimension: str, definitions: Definitions) -> None:
    worst = rows.filter(pl.col("tail_rank").is_not_null()).head(WORST)
    caption = t(f"case_performance.worst.{dimension}")
    if worst.is_empty():
        st.info(t("case_performance.unranked", what=caption))
        return
    lines: list[list[tables.Cell | str]] = []
    for row in worst.iter_rows(named=True):
        line: list[tables.Cell | str] = [
            tables.Cell(f"{row['tail_rank']}. {name_of(row)}", title=row["dimension_code"])
        ]
        line += [_cell(row, column, _unit(definitions, column)) for column in TAIL]
        for column in ("on_time_rate", "overdue"):
            line += [_against(row, column, what, _unit(definitions, column)) for what in ("period", "year")]
        lines.append(line)
    header = [t(f"dimension.{dimension}"), *(_name(definitions, column) for column in TAIL)]
    header += [
        f"{_name(definitions, column)} · {t(f'case_performance.on_{what}')}"
        for column in ("on_time_rate", "overdue")
        for what in ("period", "year")
    ]
    tables.show(caption, header, lines, numbers=range(1, len(header)))


def _against(row: Mapping[str, Any], column: str, what: str, unit: str) -> tables.Cell:
    now, then = row[column], row[f"previous_{what}_{column}"]
    return tables.figure("–" if now is None or then is None else formats.moved(now - then, unit))


def _all(edition: Edition, definitions: Definitions, period: str, day: date) -> None:
    st.header(t("case_performance.all"), anchor=False)
    dimension = filters.group("part", t("filter.group"), {code: t(f"dimension.{code}") for code in PARTS})
    lines: list[list[tables.Cell | str]] = []
    for row in cases.parts(edition, dimension, period, day).iter_rows(named=True):
        lines.append([
            tables.Cell(name_of(row), title=row["dimension_code"]),
            *(_cell(row, column, _unit(definitions, column), bare=True) for column in TABLE),
        ])  # fmt: skip
    header = [t(f"dimension.{dimension}"), *(_head(definitions, column) for column in TABLE)]
    tables.show(t("case_performance.all.caption"), header, lines, numbers=range(1, len(header)), first=MOST_ROWS)


page()
