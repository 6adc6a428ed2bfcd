"""Residents by township and household type."""

from __future__ import annotations

from datetime import date

import polars as pl

from apps.streamlit.edition import Edition

_COUNTS = """
SELECT p.area_code, t.name_zh, t.name_en, p.household_type, CASE WHEN p.status = 'ok' THEN p.persons END AS persons,
       CASE WHEN p.status = 'ok' AND p.persons IS NULL THEN 'no_data' ELSE p.status END AS status
FROM population_counts p LEFT JOIN townships t USING (area_code)
WHERE p.business_date = $day
ORDER BY p.area_code, p.household_type
"""


def by_area(edition: Edition, day: date) -> pl.DataFrame:
    """area_code, names (NULL for the district), household_type (`all` = together), persons (NULL unless ok), status."""
    return edition.rows(_COUNTS, {"day": day})


def latest_day(edition: Edition, day: date) -> date | None:
    """The last business date up to `day` that has resident counts; None when there is none."""
    frame = edition.rows(
        "SELECT max(business_date) AS day FROM population_counts WHERE business_date <= $day", {"day": day}
    )
    found: date | None = frame["day"][0]
    return found
