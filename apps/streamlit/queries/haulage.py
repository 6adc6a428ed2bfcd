"""Trips of waste trucks: which days are known, how they were judged, what was found, how the companies stand."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from apps.streamlit.edition import Edition
from apps.streamlit.queries.cases import dimension_of

VERDICTS: Final = ("compliant", "violation", "not_judged", "open")
ANY: Final = "any"  # a trip with at least one finding
RANKED_FROM: Final = 20  # trips judged: of fewer, one trip more or less moves a rate by more than five points

# Positions of a day that were processed leave rows in track_quality, also of a day without a trip.
_DAYS = """
SELECT d.business_date, q.business_date IS NOT NULL AS is_known
FROM (SELECT DISTINCT business_date FROM kpi_values WHERE business_date BETWEEN $first AND $last) d
LEFT JOIN (SELECT DISTINCT business_date FROM track_quality WHERE business_date BETWEEN $first AND $last) q
    USING (business_date)
ORDER BY business_date
"""

# The district's code is how those of its townships begin.
_VERDICTS = """
SELECT verdict, count(*) AS trips FROM waste_trips
WHERE business_date BETWEEN $first AND $last AND starts_with(area_code, $area) GROUP BY verdict
"""

_FINDINGS = """
SELECT finding, (sum(trips) FILTER (status = 'ok'))::BIGINT AS trips, sum(violations)::BIGINT AS violations,
       sum(violations) / nullif(sum(trips) FILTER (status = 'ok'), 0) AS share,
       count(*) FILTER (status = 'withheld_low_coverage') AS withheld_days
FROM waste_conformance
WHERE dimension = $dimension AND dimension_code = $code AND business_date BETWEEN $first AND $last
GROUP BY finding ORDER BY violations DESC NULLS LAST, finding
"""

_SERIES = """
WITH days AS (
    SELECT DISTINCT business_date FROM kpi_values WHERE business_date BETWEEN $first AND $last
), rows AS (
    SELECT business_date, finding, status, coverage, violations FROM waste_conformance
    WHERE dimension = $dimension AND dimension_code = $code AND business_date BETWEEN $first AND $last
)
SELECT d.business_date, f.finding, coalesce(r.status, 'no_data') AS status, r.coverage, r.violations
FROM days d CROSS JOIN (SELECT unnest($findings::VARCHAR[]) AS finding) f
LEFT JOIN rows r ON r.business_date = d.business_date AND r.finding = f.finding
ORDER BY f.finding, d.business_date
"""

# Days on which too little of a company's trips could be judged stay out of its rate and lower its coverage.
_CARRIERS = """
WITH conformance AS (
    SELECT dimension_code AS carrier, finding, trips, violations, status FROM waste_conformance
    WHERE dimension = 'carrier' AND business_date BETWEEN $first AND $last
), judged AS (
    SELECT carrier, coalesce(sum(trips) FILTER (status = 'ok'), 0)::BIGINT AS trips, sum(violations)::BIGINT AS violations
    FROM conformance WHERE finding = 'any' GROUP BY carrier
), worst AS (
    SELECT carrier, finding, sum(violations)::BIGINT AS times FROM conformance WHERE finding <> 'any'
    GROUP BY carrier, finding HAVING sum(violations) > 0
    QUALIFY row_number() OVER (PARTITION BY carrier ORDER BY sum(violations) DESC, finding) = 1
), driven AS (
    SELECT carrier, count(*) AS all_trips, count(*) FILTER (verdict <> 'open') AS ended FROM waste_trips
    WHERE carrier IS NOT NULL AND business_date BETWEEN $first AND $last GROUP BY carrier
), rated AS (
    SELECT d.carrier, d.all_trips, d.ended, coalesce(j.trips, 0) AS trips, j.violations,
           j.trips / nullif(d.ended, 0) AS coverage, 1 - j.violations / nullif(j.trips, 0) AS rate,
           w.finding AS worst_finding, w.times AS worst_times
    FROM driven d LEFT JOIN judged j USING (carrier) LEFT JOIN worst w USING (carrier)
), standing AS (
    SELECT *, CASE WHEN ended = 0 THEN 'no_data' WHEN coalesce(coverage, 0) < $floor OR trips = 0 THEN 'withheld_low_coverage'
                   ELSE 'ok' END AS status
    FROM rated
)
SELECT carrier, all_trips, ended, trips, CASE WHEN status = 'ok' THEN violations END AS violations, coverage,
       CASE WHEN status = 'ok' THEN rate END AS rate, status,
       CASE WHEN status = 'ok' THEN worst_finding END AS worst_finding, worst_times,
       CASE WHEN status = 'ok' AND trips >= $ranked_from
            THEN rank() OVER (PARTITION BY status = 'ok' AND trips >= $ranked_from ORDER BY rate DESC) END AS place
FROM standing ORDER BY place NULLS LAST, status <> 'ok', trips DESC, carrier
"""


def days(edition: Edition, first: date, last: date) -> pl.DataFrame:
    """business_date and is_known: whether positions of trucks were processed for it; without, no count of it means 0."""
    return edition.rows(_DAYS, {"first": first, "last": last})


def verdicts(edition: Edition, area: str, first: date, last: date) -> dict[str, int]:
    """VERDICTS -> trips that started in the area on the days."""
    rows = edition.rows(_VERDICTS, {"area": area, "first": first, "last": last})
    return dict.fromkeys(VERDICTS, 0) | dict(rows.iter_rows())


def findings(edition: Edition, area: str, first: date, last: date) -> pl.DataFrame:
    """finding (also `any`), trips judged, violations, share, withheld_days: the most frequent first.

    Days that are withheld, or on which no trip could be judged, are in none of the figures; NULL: there is no other.
    """
    found = {"dimension": dimension_of(area), "code": area, "first": first, "last": last}
    return edition.rows(_FINDINGS, found)


def series(edition: Edition, area: str, kinds: list[str], first: date, last: date) -> pl.DataFrame:
    """business_date, finding, status, coverage, violations (NULL unless the status is `ok`): every day for each of `kinds`."""
    found = {"dimension": dimension_of(area), "code": area, "findings": kinds, "first": first, "last": last}
    return edition.rows(_SERIES, found)


def carriers(edition: Edition, first: date, last: date, floor: float) -> pl.DataFrame:
    """One row per haulage company with trips, the highest conformance first.

    Columns: carrier, all_trips, ended, trips (judged), violations, coverage (judged of ended), rate (NULL unless `status` is
    `ok`; withheld below the coverage `floor`), status, worst_finding, worst_times, place (NULL: not ranked, because fewer
    than RANKED_FROM trips were judged or the rate is withheld).
    """
    return edition.rows(_CARRIERS, {"first": first, "last": last, "floor": floor, "ranked_from": RANKED_FROM})
