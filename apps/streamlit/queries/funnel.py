"""From what cameras saw to what became of it; cameras that cry wolf, places that come back."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from apps.streamlit.edition import Edition

STEPS: Final = ("detections", "incidents", "cases", "confirmed", "closed")
OUTCOMES: Final = ("confirmed", "false_alarms", "duplicates")
PARTS: Final = ("event_type", "algorithm", "camera", "township")

# An area without a row had no detections that day; whether it was quiet or dark is what its cameras' coverage says.
_DAYS = """
WITH days AS (
    SELECT DISTINCT business_date FROM kpi_values WHERE business_date BETWEEN $first AND $last
), told AS (
    SELECT max(business_date) AS until FROM event_funnel WHERE case_status = 'ok'
), judged AS (
    SELECT d.business_date, f.* EXCLUDE (business_date, status, case_status, coverage), coalesce(f.coverage, c.coverage) AS coverage,
           coalesce(f.status, CASE WHEN c.coverage IS NULL THEN 'no_data'
                                   WHEN c.coverage < $floor THEN 'withheld_low_coverage' ELSE 'ok' END) AS status,
           coalesce(f.case_status, CASE WHEN d.business_date <= t.until THEN 'ok' ELSE 'no_data' END) AS case_status
    FROM days d CROSS JOIN told t
    LEFT JOIN event_funnel f ON f.business_date = d.business_date AND f.dimension = $dimension AND f.dimension_code = $code
    LEFT JOIN camera_coverage c ON c.business_date = d.business_date AND c.area_code = $code
)
SELECT business_date, status, case_status, coverage,
       CASE WHEN status = 'ok' THEN coalesce(detections, 0) END AS detections,
       CASE WHEN status = 'ok' THEN coalesce(incidents, 0) END AS incidents,
       CASE WHEN case_status = 'ok' THEN coalesce(cases, 0) END AS cases,
       CASE WHEN case_status = 'ok' THEN coalesce(confirmed, 0) END AS confirmed,
       CASE WHEN case_status = 'ok' THEN coalesce(false_alarms, 0) END AS false_alarms,
       CASE WHEN case_status = 'ok' THEN coalesce(duplicates, 0) END AS duplicates,
       CASE WHEN case_status = 'ok' THEN coalesce(closed, 0) END AS closed,
       CASE WHEN case_status = 'ok' THEN coalesce(patrol_hours_saved, 0) END AS patrol_hours_saved
FROM judged ORDER BY business_date
"""

_PARTS = """
SELECT f.dimension_code, any_value(coalesce(e.name_zh, t.name_zh)) AS name_zh, any_value(coalesce(e.name_en, t.name_en)) AS name_en,
       count(*) FILTER (f.status <> 'ok') AS dark_days, sum(f.detections)::BIGINT AS detections,
       sum(f.incidents)::BIGINT AS incidents, sum(f.cases)::BIGINT AS cases, sum(f.confirmed)::BIGINT AS confirmed,
       sum(f.false_alarms)::BIGINT AS false_alarms, sum(f.duplicates)::BIGINT AS duplicates, sum(f.closed)::BIGINT AS closed,
       sum(f.patrol_hours_saved) AS patrol_hours_saved,
       (sum(f.confirmed) + sum(f.false_alarms) + sum(f.duplicates))::BIGINT AS verified,
       sum(f.false_alarms) / nullif(sum(f.confirmed) + sum(f.false_alarms) + sum(f.duplicates), 0) AS false_alarm_rate
FROM event_funnel f
LEFT JOIN event_types e ON f.dimension = 'event_type' AND e.event_type = f.dimension_code
LEFT JOIN townships t ON f.dimension = 'township' AND t.area_code = f.dimension_code
WHERE f.dimension = $dimension AND f.business_date BETWEEN $first AND $last
GROUP BY f.dimension_code
ORDER BY false_alarms DESC NULLS LAST, false_alarm_rate DESC NULLS LAST, f.dimension_code LIMIT $limit
"""

_CAMERAS = """
SELECT camera_id, cases, verified, false_alarms, false_alarm_rate FROM cameras_to_recalibrate
WHERE business_date = $day ORDER BY false_alarm_rate DESC, false_alarms DESC, camera_id
"""

_PLACES = """
WITH categories AS (
    SELECT dimension_code AS category_code, name_zh, name_en FROM case_performance
    WHERE dimension = 'category' AND period = 'day' AND business_date = $day
)
SELECT r.place_rank, r.area_code, t.name_zh AS township_zh, t.name_en AS township_en, r.category_code,
       c.name_zh AS category_zh, c.name_en AS category_en, r.longitude, r.latitude, r.cases, r.open_cases
FROM repeat_places r LEFT JOIN townships t USING (area_code) LEFT JOIN categories c USING (category_code)
WHERE r.business_date = $day ORDER BY r.place_rank
"""


def days(edition: Edition, area: str, first: date, last: date, floor: float) -> pl.DataFrame:
    """One row per day: business_date, status, case_status, coverage, STEPS, false_alarms, duplicates, patrol_hours_saved.

    Counts of detections and incidents are NULL unless `status` is `ok` (`floor` is the coverage below which a day is
    withheld), those of cases unless `case_status` is: a quiet day is 0, a dark one is not.
    """
    dimension = "district" if len(area) == 6 else "township"
    found = {"dimension": dimension, "code": area, "first": first, "last": last, "floor": floor}
    return edition.rows(_DAYS, found)


def parts(edition: Edition, dimension: str, first: date, last: date, limit: int) -> pl.DataFrame:
    """One row per event type, algorithm, camera or township: most false alarms first, at most `limit`.

    Columns: dimension_code, names (of types and townships), dark_days, the counts (NULL: no day of them is shown),
    patrol_hours_saved, verified, false_alarm_rate (NULL: no case has an outcome).
    """
    return edition.rows(_PARTS, {"dimension": dimension, "first": first, "last": last, "limit": limit})


def cameras_to_recalibrate(edition: Edition, day: date) -> pl.DataFrame:
    """camera_id, cases, verified, false_alarms, false_alarm_rate of the 30 days up to the day: the worst first."""
    return edition.rows(_CAMERAS, {"day": day})


def repeat_places(edition: Edition, day: date) -> pl.DataFrame:
    """place_rank, township and category with their names, the middle of the place (WGS-84 degrees), cases, open_cases."""
    return edition.rows(_PLACES, {"day": day})
