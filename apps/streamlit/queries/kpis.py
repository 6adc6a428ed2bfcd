"""KPI values and their rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from apps.streamlit.edition import Edition

_DEFINITIONS = """
SELECT * FROM kpi_definitions
WHERE effective_from IS NULL OR effective_from <= $day
-- the rule in force on the day; one that has ended stands in only where no newer one exists
QUALIFY row_number() OVER (
    PARTITION BY kpi_code
    ORDER BY coalesce(effective_to >= $day, true) DESC, effective_from DESC NULLS LAST, rule_version DESC) = 1
ORDER BY domain, kpi_code
"""

# a value that is not 'ok' is never shown as a number, whatever stands in the column; an 'ok' without a number is no data
_STATUS = "CASE WHEN status = 'ok' AND (value IS NULL OR NOT isfinite(value)) THEN 'no_data' ELSE status END"

_SERIES = f"""
WITH days AS (
    SELECT DISTINCT business_date FROM kpi_values WHERE business_date BETWEEN $first AND $last
), codes AS (
    SELECT unnest($codes::VARCHAR[]) AS kpi_code
), found AS (
    SELECT kpi_code, business_date, value, coverage, rule_version, {_STATUS} AS status, pending_value, pending_status
    FROM kpi_values
    WHERE area_code = $area AND business_date BETWEEN $first AND $last AND list_contains($codes, kpi_code)
)
SELECT kpi_code, business_date, CASE WHEN status = 'ok' THEN value END AS value, coverage, rule_version,
       coalesce(status, 'no_data') AS status, pending_value, pending_status
FROM codes CROSS JOIN days LEFT JOIN found USING (kpi_code, business_date)
ORDER BY kpi_code, business_date
"""

_TOWNSHIPS = f"""
WITH found AS (
    SELECT area_code, value, coverage, {_STATUS} AS status, pending_value, pending_status
    FROM kpi_values WHERE kpi_code = $code AND business_date = $day
)
SELECT t.area_code, t.name_zh, t.name_en, t.area_km2, t.label_longitude, t.label_latitude, t.is_approximate,
       t.geometry_geojson, CASE WHEN status = 'ok' THEN value END AS value, coverage,
       coalesce(status, 'no_data') AS status, pending_value, pending_status
FROM townships t LEFT JOIN found USING (area_code)
ORDER BY t.area_code
"""


def definitions(edition: Edition, day: date) -> dict[str, dict[str, Any]]:
    """kpi_code -> the rule in force on `day`: the columns of kpi_definitions, also those a later rulebook adds."""
    return {row["kpi_code"]: row for row in edition.rows(_DEFINITIONS, {"day": day}).iter_rows(named=True)}


def series(edition: Edition, codes: Sequence[str], area: str, first: date, last: date) -> pl.DataFrame:
    """One row per code and day that has any KPI.

    Columns: kpi_code, business_date, value, coverage, rule_version, status, pending_value and pending_status (what waits
    for approval because the month is closed).
    """
    return edition.rows(_SERIES, {"codes": list(codes), "area": area, "first": first, "last": last})


def by_township(edition: Edition, code: str, day: date) -> pl.DataFrame:
    """One row per township: area_code, names, area_km2, label point, geometry_geojson, value, coverage, status, pending_*."""
    return edition.rows(_TOWNSHIPS, {"code": code, "day": day})


def township_codes(edition: Edition) -> list[str]:
    """The KPI codes that are computed per township."""
    frame = edition.rows(
        "SELECT DISTINCT kpi_code FROM kpi_values SEMI JOIN townships USING (area_code) ORDER BY kpi_code"
    )
    return frame["kpi_code"].to_list()


def first_day(edition: Edition) -> date:
    """The first business date with KPI values."""
    first: date = edition.rows("SELECT min(business_date) AS day FROM kpi_values")["day"][0]
    return first
