"""A published file as large as three years make it, of figures without meaning: for the clock, not for the eye."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb

from geography.shipped import DISTRICT_CODE as DISTRICT

LAST = date(2026, 3, 2)
DAYS = 1096
_EVERY_DAY = (
    f"(SELECT unnest(generate_series(DATE '{LAST - timedelta(days=DAYS - 1)}', DATE '{LAST}', INTERVAL 1 DAY))::DATE "
    "AS business_date)"
)
# 60 KPIs in 18 areas; units, cameras and categories as a district has them
_GROWN = f"""
CREATE TABLE areas AS SELECT '{DISTRICT}' AS area_code UNION ALL SELECT area_code FROM townships;
CREATE TABLE parts AS
    SELECT 'district' AS dimension, '{DISTRICT}' AS dimension_code
    UNION ALL SELECT 'township', area_code FROM townships
    UNION ALL SELECT 'unit', 'U' || n FROM range(60) r(n)
    UNION ALL SELECT 'category', 'C' || n FROM range(26) r(n)
    UNION ALL SELECT 'source', 'S' || n FROM range(4) r(n);
CREATE TABLE codes AS
    SELECT kpi_code FROM kpi_definitions WHERE effective_to IS NULL
    UNION SELECT 'extra_' || n FROM range(20) r(n);

CREATE OR REPLACE TABLE kpi_values AS
SELECT kpi_code, area_code, business_date, random() AS value, 1.0 AS numerator, 2.0 AS denominator, 0.97 AS coverage,
       'ok' AS status, '1' AS rule_version, (SELECT max(edition) FROM editions) AS edition, NULL::DOUBLE AS pending_value,
       NULL::VARCHAR AS pending_status
FROM codes, areas, {_EVERY_DAY} ORDER BY kpi_code, area_code, business_date;

CREATE OR REPLACE TABLE kpi_value_history AS
SELECT kpi_code, area_code, business_date, value, numerator, denominator, coverage, status, rule_version,
       '20231124T010000Z-' || kpi_code AS first_edition, edition AS last_edition, NULL::VARCHAR AS restatement_id
FROM kpi_values ORDER BY kpi_code, area_code, business_date;

CREATE TABLE pattern AS SELECT * FROM restatements LIMIT 1;
INSERT INTO pattern BY NAME
SELECT 'none' AS restatement_id, edition, kpi_code, area_code, business_date, value AS as_published_value,
       status AS as_published_status, edition AS as_published_edition, 'value' AS change, 'late_file' AS cause, 'published' AS state
FROM kpi_values WHERE (SELECT count(*) = 0 FROM pattern) LIMIT 1;
CREATE OR REPLACE TABLE restatements AS
SELECT p.* REPLACE (left(sha256(v.kpi_code || v.area_code || v.business_date), 12) AS restatement_id,
                    '2026' || strftime(v.business_date, '%m%d') || 'T010000Z-ffffffff' AS edition,
                    v.kpi_code AS kpi_code, v.area_code AS area_code, v.business_date AS business_date,
                    CASE WHEN hash(v.business_date) % 50 = 0 THEN 'pending' ELSE 'published' END AS state)
FROM pattern p, kpi_values v WHERE hash(v.kpi_code, v.area_code, v.business_date) % 5 = 0;

CREATE OR REPLACE TABLE rule_comparisons AS
SELECT v.business_date, v.area_code, v.kpi_code, n::VARCHAR AS rule_version, n = 1 AS is_in_force, v.value, v.numerator, v.denominator,
       v.coverage, v.status
FROM kpi_values v, range(1, 3) r(n) WHERE v.kpi_code LIKE 'extra%' ORDER BY v.business_date;

CREATE TABLE case_pattern AS SELECT * FROM case_performance WHERE status = 'ok' LIMIT 1;
CREATE OR REPLACE TABLE case_performance AS
SELECT c.* REPLACE (d.business_date AS business_date, w.period AS period, p.dimension AS dimension,
                    p.dimension_code AS dimension_code, (hash(p.dimension_code) % 50)::INTEGER AS tail_rank)
FROM case_pattern c, parts p, (SELECT unnest(['day', '7d', '30d']) AS period) w, {_EVERY_DAY} d
ORDER BY d.business_date, w.period, p.dimension;

CREATE TABLE funnel_pattern AS SELECT * FROM event_funnel WHERE case_status = 'ok' AND status = 'ok' LIMIT 1;
CREATE OR REPLACE TABLE event_funnel AS
SELECT f.* REPLACE (d.business_date AS business_date, p.dimension AS dimension, p.dimension_code AS dimension_code)
FROM funnel_pattern f, {_EVERY_DAY} d,
     (SELECT dimension, dimension_code FROM parts WHERE dimension IN ('district', 'township')
      UNION ALL SELECT 'event_type', event_type FROM event_types UNION ALL SELECT 'camera', 'CAM-' || n FROM range(300) r(n)) p
ORDER BY d.business_date, p.dimension;

CREATE OR REPLACE TABLE cameras_to_recalibrate AS
SELECT c.* REPLACE (d.business_date AS business_date, 'CAM-' || n AS camera_id)
FROM (FROM cameras_to_recalibrate LIMIT 1) c, range(40) r(n), {_EVERY_DAY} d ORDER BY d.business_date;
CREATE OR REPLACE TABLE repeat_places AS
SELECT c.* REPLACE (d.business_date AS business_date, n AS place_rank)
FROM (FROM repeat_places LIMIT 1) c, range(100) r(n), {_EVERY_DAY} d ORDER BY d.business_date;
CREATE OR REPLACE TABLE camera_coverage AS
SELECT c.* REPLACE (d.business_date AS business_date, a.area_code AS area_code)
FROM (FROM camera_coverage LIMIT 1) c, areas a, {_EVERY_DAY} d ORDER BY d.business_date;

CREATE TABLE companies AS SELECT 'Company ' || n AS carrier FROM range(40) r(n);
CREATE TABLE findings AS SELECT DISTINCT finding FROM waste_conformance;
CREATE OR REPLACE TABLE waste_trips AS
SELECT t.* REPLACE (d.business_date AS business_date, left(sha256(n || '/' || d.business_date), 32) AS trip_id,
                    'Company ' || n % 40 AS carrier, 'P' || n % 300 AS permit_id,
                    ['compliant', 'violation', 'not_judged', 'compliant'][1 + n % 4] AS verdict)
FROM (FROM waste_trips LIMIT 1) t, range(3000) r(n), {_EVERY_DAY} d ORDER BY d.business_date;
CREATE OR REPLACE TABLE waste_conformance AS
SELECT c.* REPLACE (d.business_date AS business_date, p.dimension AS dimension, p.dimension_code AS dimension_code,
                    f.finding AS finding)
FROM (FROM waste_conformance WHERE status = 'ok' LIMIT 1) c, findings f, {_EVERY_DAY} d,
     (SELECT dimension, dimension_code FROM parts WHERE dimension IN ('district', 'township')
      UNION ALL SELECT 'carrier', carrier FROM companies) p
ORDER BY d.business_date, p.dimension;
CREATE OR REPLACE TABLE mass_balance AS
SELECT m.* REPLACE (month.business_date AS month, 'P' || n AS permit_id, 'Company ' || n % 40 AS carrier, n AS difference_rank)
FROM (FROM mass_balance LIMIT 1) m, range(300) r(n),
     (SELECT DISTINCT date_trunc('month', business_date)::DATE AS business_date FROM {_EVERY_DAY}) month ORDER BY 1;
CREATE OR REPLACE TABLE suspected_dumps AS
SELECT s.* REPLACE (d.business_date AS business_date, s.longitude + n / 1000 AS longitude, n AS shanghai_hour)
FROM (FROM suspected_dumps LIMIT 1) s, range(20) r(n), {_EVERY_DAY} d ORDER BY d.business_date;
CREATE OR REPLACE TABLE night_construction AS
SELECT n.* REPLACE (d.business_date AS business_date, a.area_code AS area_code)
FROM (FROM night_construction LIMIT 1) n, areas a, {_EVERY_DAY} d ORDER BY d.business_date;
CREATE TABLE rules AS FROM track_quality WHERE business_date = (SELECT max(business_date) FROM track_quality);
CREATE OR REPLACE TABLE track_quality AS
SELECT r.* REPLACE (d.business_date AS business_date) FROM rules r, {_EVERY_DAY} d ORDER BY d.business_date;
DROP TABLE companies; DROP TABLE findings; DROP TABLE rules; DROP TABLE areas; DROP TABLE parts; DROP TABLE codes; DROP TABLE pattern; DROP TABLE case_pattern; DROP TABLE funnel_pattern;
CHECKPOINT;
"""


def grow(published: Path) -> Path:
    """Turns a small district's published file into three years of a large one's."""
    with duckdb.connect(str(published)) as con:
        con.execute(_GROWN)
    return published
