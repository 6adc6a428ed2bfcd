"""Population: residents by township and household type; small counts stay suppressed."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import streamlit as st

from apps.streamlit import filters, formats, frame, tables, tiles
from apps.streamlit import status as statuses
from apps.streamlit.charts import bars
from apps.streamlit.queries import kpis, residents
from apps.streamlit.wording import name_of, t, t_or

CODES = ("residents_total", "residents_registered", "residents_migrant", "residents_overseas",
         "migrant_share", "registrations_expiring_30d")  # fmt: skip
KINDS = ("registered", "migrant", "overseas")
ALL = "all"  # the household types together
TREND_DAYS = 14


def page() -> None:
    edition = frame.title("residents.title")
    left, right, _ = st.columns([2, 2, 4])
    with left:
        place = filters.place(edition)
    with right:
        day = filters.day(edition)
    definitions = kpis.definitions(edition, day)
    codes = [code for code in CODES if code in definitions]
    series = kpis.series(edition, codes, place.area_code, day - timedelta(days=TREND_DAYS - 1), day)
    readings = tiles.readings(definitions, series, day, place.area_code)
    st.header(t("overview.headline", place=place.name, day=formats.day(day)), anchor=False)
    for start in range(0, len(codes), 3):
        with st.container(key=f"tiles-{start}"):
            for column, code in zip(st.columns(3), codes[start : start + 3], strict=False):
                with column:
                    tiles.show(readings[code])
    counted = residents.latest_day(edition, day)
    counts = residents.by_area(edition, counted) if counted else pl.DataFrame()
    if counted is None or counts.is_empty():
        st.info(t("residents.nothing"))
        return
    st.header(t("residents.by_township", day=formats.day(counted)), anchor=False)
    if counted != day:
        st.warning(t("residents.older", day=formats.day(counted)))
    kinds = [*KINDS, *sorted(set(counts["household_type"].to_list()) - {*KINDS, ALL})]
    wide, narrow = st.columns([3, 2])
    with wide:
        _chart(counts.filter(pl.col("name_zh").is_not_null()), kinds)
    with narrow:
        _table(counts, [*kinds, ALL] if ALL in counts["household_type"] else kinds)
    frame.end(t("residents.note"))


def _kind(kind: str) -> str:
    return t_or(f"household.{kind}", kind)


def _chart(counts: pl.DataFrame, kinds: list[str]) -> None:
    """Bars as long as the published total; what suppression keeps apart is one grey piece, not a gap."""
    undivided = t("household.undivided")
    rows: list[dict[str, object]] = []
    totals: dict[str, int] = {}
    for _, group in counts.group_by("area_code", maintain_order=True):
        label = name_of(group.row(0, named=True))
        cells = {row["household_type"]: row for row in group.iter_rows(named=True)}
        shown = {kind: cells[kind]["persons"] for kind in kinds if kind in cells and cells[kind]["persons"] is not None}
        total = cells[ALL]["persons"] if ALL in cells else None
        hidden = [cell for kind, cell in cells.items() if kind != ALL and cell["persons"] is None]
        pieces = [(_kind(kind), persons) for kind, persons in shown.items()]
        note = ""
        if hidden and total is not None:
            pieces.append((undivided, total - sum(shown.values())))
        elif hidden:  # no total to show the length with: say what is missing
            note = t("residents.left_out", mark=statuses.mark(hidden[0]["status"]), status=statuses.word(hidden[0]["status"]),
                     kind=", ".join(_kind(cell["household_type"]) for cell in hidden))  # fmt: skip
        totals[label] = sum(persons for _, persons in pieces)
        rows += [
            {"label": label, "kind": kind, "value": persons, "shown": formats.number(persons), "note": note}
            for kind, persons in pieces
        ]
    order = sorted(totals, key=lambda label: -totals[label])
    names = [_kind(kind) for kind in kinds] + ([undivided] if any(row["kind"] == undivided for row in rows) else [])
    chart = bars.stacked(
        pl.DataFrame(rows, schema_overrides={"value": pl.Float64}), order=order, kinds=names, value_title=t("unit.persons"),
        grey=undivided,
    )  # fmt: skip
    st.altair_chart(chart, width="stretch", theme=None, alt=t("residents.describe"))


def _table(counts: pl.DataFrame, kinds: list[str]) -> None:
    rows = []
    for (_, *_), group in counts.sort("area_code").group_by("area_code", maintain_order=True):
        cells = {row["household_type"]: row for row in group.iter_rows(named=True)}
        line: list[tables.Cell | str] = [name_of(group.row(0, named=True)) or t("place.district")]
        for kind in kinds:
            row = cells.get(kind)
            if row is None or row["persons"] is None:
                line.append(tables.unpublished(row["status"] if row else statuses.NO_DATA))
            else:
                line.append(tables.figure(formats.number(row["persons"])))
        rows.append(line)
    header = [t("table.township"), *(_kind(kind) for kind in kinds)]
    tables.show(t("residents.table"), header, rows, numbers=range(1, len(header)))


page()
