"""Overview: the state of the district, or of one township, on one day."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from apps.streamlit import filters, formats, frame, tables, tiles
from apps.streamlit.queries import kpis
from apps.streamlit.wording import name_of, t, t_or

TREND_DAYS = 14
ROW = 4
# the indicators with a tile, in this order; all others stand in the table below them
HEADLINE = (
    "incidents_total", "incidents_per_10k_residents", "camera_online_rate", "camera_coverage",
    "detection_latency_p95", "trucks_reporting_rate", "gps_completeness", "gps_drift_rate",
    "waste_truck_night_km", "residents_total", "migrant_share", "registrations_expiring_30d",
)  # fmt: skip


def page() -> None:
    edition = frame.title("overview.title")
    left, right, _ = st.columns([2, 2, 4])
    with left:
        place = filters.place(edition)
    with right:
        day = filters.day(edition)
    definitions = kpis.definitions(edition, day)
    series = kpis.series(edition, list(definitions), place.area_code, day - timedelta(days=TREND_DAYS - 1), day)
    found = tiles.readings(definitions, series, day, place.area_code)
    st.header(t("overview.headline", place=place.name, day=formats.day(day)), anchor=False)
    _tiles([found[code] for code in HEADLINE if code in found])
    st.header(t("overview.others"), anchor=False)
    _others([reading for code, reading in found.items() if code not in HEADLINE])
    st.caption(t("overview.note"))


def _tiles(readings: list[tiles.Reading]) -> None:
    for start in range(0, len(readings), ROW):
        with st.container(key=f"tiles-{start}"):
            for column, reading in zip(st.columns(ROW), readings[start : start + ROW], strict=False):
                with column:
                    tiles.show(reading)


def _others(readings: list[tiles.Reading]) -> None:
    rows: list[list[tables.Cell | str]] = []
    for reading in sorted(readings, key=lambda one: (str(one.definition["domain"]), str(one.definition["kpi_code"]))):
        domain = str(reading.definition["domain"])
        value = tables.figure(reading.shown)
        if reading.value is None:
            value = tables.unpublished(reading.status, reading.coverage, reading.floor)
        change = reading.change
        moved = t("tile.change.none") if change is None else formats.moved(change, reading.unit)
        coverage = t("tile.coverage.none") if reading.coverage is None else formats.percent(reading.coverage)
        rows.append([
            name_of(reading.definition), tables.with_pending(value, reading.pending), tables.figure(moved), tables.figure(coverage),
            t_or(f"domain.{domain}", domain),
        ])  # fmt: skip
    header = [t("table.kpi"), t("table.value"), t("table.change"), t("table.coverage"), t("table.domain")]
    tables.show(t("overview.others.caption"), header, rows, numbers=(1, 2, 3))


page()
