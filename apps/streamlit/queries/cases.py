"""Case performance: figures of a window that ends on a day, for the district or one of its parts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from apps.streamlit.edition import Edition

PERIODS: Final = {"30d": 30, "7d": 7, "day": 1}  # window -> days
PARTS: Final = ("unit", "category", "township", "source")
# column of case_performance -> the KPI whose rule it follows
MEASURES: Final = {
    "filed": "cases_filed", "due": "cases_due", "closed": "cases_closed", "closing_rate": "case_closing_rate",
    "on_time_rate": "case_on_time_rate", "on_time_rate_filed": "case_on_time_rate_filed", "rework_rate": "case_rework_rate",
    "extension_rate": "case_extension_rate", "hand_back_rate": "case_hand_back_rate",
    "suspension_rate": "case_suspension_rate", "median_handling_hours": "case_handling_hours_median",
    "p90_handling_hours": "case_handling_hours_p90", "open_cases": "cases_open", "overdue": "cases_overdue",
}  # fmt: skip
_COMPARED = ", ".join(
    f"previous_{what}_{column}" for what in ("period", "year") for column in ("filed", "on_time_rate", "overdue")
)

_ROWS = f"""
SELECT business_date, status, coverage, {", ".join(MEASURES)}
FROM case_performance
WHERE period = $period AND dimension_code = $code AND dimension = $dimension AND list_contains($days, business_date)
"""

_SERIES = """
WITH days AS (
    SELECT unnest(generate_series($first::DATE, $last::DATE, INTERVAL 1 DAY))::DATE AS business_date
), rows AS (
    SELECT business_date, status, coverage, {measure} AS value FROM case_performance
    WHERE period = $period AND dimension_code = $code AND dimension = $dimension
        AND business_date BETWEEN $first::DATE - INTERVAL 1 YEAR AND $last
)
SELECT d.business_date, coalesce(n.status, 'no_data') AS status, n.coverage, n.value,
       coalesce(y.status, 'no_data') AS year_status, y.value AS year_value
FROM days d
LEFT JOIN rows n ON n.business_date = d.business_date
LEFT JOIN rows y ON y.business_date = (d.business_date - INTERVAL 1 YEAR)::DATE
ORDER BY d.business_date
"""

_PARTS = f"""
SELECT dimension_code, name_zh, name_en, status, coverage, tail_rank, {", ".join(MEASURES)}, {_COMPARED}
FROM case_performance
WHERE business_date = $day AND period = $period AND dimension = $dimension
ORDER BY tail_rank NULLS LAST, overdue DESC NULLS LAST, dimension_code
"""


def dimension_of(area: str) -> str:
    """`district` or `township`, by the length of an area's code."""
    return "district" if len(area) == 6 else "township"


def compared(edition: Edition, area: str, period: str, day: date) -> dict[str, dict[str, Any]]:
    """`now`, `period` (the window just before) and `year` (the same a year before) -> the row, where there is one.

    Each row has status, coverage and MEASURES; a measure is NULL unless the status is `ok`, and a rate also where there
    was nothing to divide by.
    """
    days = {"now": day, "period": day - timedelta(days=PERIODS[period]), "year": year_before(day)}
    found = edition.rows(
        _ROWS, {"period": period, "dimension": dimension_of(area), "code": area, "days": sorted(set(days.values()))}
    )
    by_day = {row["business_date"]: row for row in found.iter_rows(named=True)}
    return {name: by_day[when] for name, when in days.items() if when in by_day}


def series(edition: Edition, area: str, period: str, measure: str, first: date, last: date) -> pl.DataFrame:
    """business_date, status, coverage, value, year_status, year_value: every day, also those of which nothing is known."""
    if measure not in MEASURES:
        raise KeyError(measure)
    found = {"period": period, "dimension": dimension_of(area), "code": area, "first": first, "last": last}
    return edition.rows(_SERIES.format(measure=measure), found)


def parts(edition: Edition, dimension: str, period: str, day: date) -> pl.DataFrame:
    """One row per unit, category, township or source, the worst first.

    Columns: dimension_code, names, status, coverage, tail_rank (NULL: too few due cases to be ranked), MEASURES,
    previous_period_* and previous_year_* of filed, on_time_rate and overdue.
    """
    return edition.rows(_PARTS, {"dimension": dimension, "period": period, "day": day})


def status_of(edition: Edition, district: str, period: str, day: date) -> tuple[str, float | None]:
    """Status and coverage of the district's figures of a window: whether its files arrived."""
    row = compared(edition, district, period, day).get("now")
    return ("no_data", None) if row is None else (row["status"], row["coverage"])


def year_before(day: date) -> date:
    """The same day a year before; 28 February for 29 February, as the models have it."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
