"""Incidents by day, township and event type.

A township's count is shown only where its KPI for that day is published: the counts of a day whose cameras were dark
would read as a fall of incidents. Days without events of a kind count 0; days without published KPIs count nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from apps.streamlit.edition import Edition

_COUNTS = """
WITH cells AS (
    SELECT business_date, area_code, event_type
    FROM (SELECT DISTINCT business_date FROM kpi_values WHERE business_date BETWEEN $first AND $last)
    CROSS JOIN (SELECT unnest($areas::VARCHAR[]) AS area_code)
    CROSS JOIN (SELECT unnest($types::VARCHAR[]) AS event_type)
), counted AS (
    SELECT business_date, area_code, event_type, sum(incidents) AS incidents
    FROM event_counts WHERE business_date BETWEEN $first AND $last GROUP BY ALL
), judged AS (
    SELECT c.business_date, c.area_code, c.event_type, coalesce(n.incidents, 0) AS incidents,
           coalesce(of_type.status, of_all.status, 'no_data') = 'ok' AS is_published
    FROM cells c
    LEFT JOIN counted n USING (business_date, area_code, event_type)
    LEFT JOIN kpi_values of_type ON of_type.business_date = c.business_date AND of_type.area_code = c.area_code
        AND of_type.kpi_code = 'incidents_' || c.event_type
    LEFT JOIN kpi_values of_all ON of_all.business_date = c.business_date AND of_all.area_code = c.area_code
        AND of_all.kpi_code = 'incidents_total'
)
SELECT business_date, area_code, event_type, CASE WHEN is_published THEN incidents END::BIGINT AS incidents, is_published
FROM judged ORDER BY ALL
"""

_COVERAGE = """
SELECT business_date, sum(observed_hours) / nullif(sum(expected_hours), 0) AS coverage
FROM camera_coverage
WHERE list_contains($areas, area_code) AND business_date BETWEEN $first AND $last
GROUP BY business_date ORDER BY business_date
"""


def counts(edition: Edition, areas: Sequence[str], types: Sequence[str], first: date, last: date) -> pl.DataFrame:
    """business_date, area_code, event_type, incidents (NULL when withheld), is_published."""
    return edition.rows(_COUNTS, {"areas": list(areas), "types": list(types), "first": first, "last": last})


def coverage(edition: Edition, areas: Sequence[str], first: date, last: date) -> pl.DataFrame:
    """business_date, coverage (0-1): observed of expected camera hours in the areas."""
    return edition.rows(_COVERAGE, {"areas": list(areas), "first": first, "last": last})


def counts_whole_district(edition: Edition, district: str) -> bool:
    """Whether event_counts has rows of the district itself (they also hold events outside every township)."""
    frame = edition.rows("SELECT count(*) > 0 AS found FROM event_counts WHERE area_code = $area", {"area": district})
    return bool(frame["found"][0])


def event_types(edition: Edition) -> dict[str, dict[str, Any]]:
    """event_type -> its row (domain, name_zh, name_en)."""
    frame = edition.rows("SELECT event_type, domain, name_zh, name_en FROM event_types ORDER BY domain, event_type")
    return {row["event_type"]: row for row in frame.iter_rows(named=True)}
