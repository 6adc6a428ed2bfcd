"""NDJSON detection events landed with all checks, against DuckDB's bare `read_json` to Parquet."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.arena import Work
from benchmarks.landing import bare, landed

FILE = "detection_events_2026-03-01_1.ndjson"

# One in a thousand is refused (an unknown code, a confidence over 1) and one in a hundred stands twice.
_MAKE = """
COPY (
    WITH types AS (SELECT list(code) AS codes FROM read_csv('{codes}', header = true))
    SELECT
        'ev-' || '{day}' || lpad((i - (i % 100 = 99)::BIGINT)::VARCHAR, 12, '0') AS event_id,
        'SJ' || lpad((hash(k) % {cameras})::VARCHAR, 6, '0') AS camera_id,
        CASE WHEN k % 2000 = 7 THEN 'no_such_code' ELSE codes[1 + (hash(k, 1) % 21)::INTEGER] END AS event_type,
        strftime(TIMESTAMP '{day} 00:00:00' + to_milliseconds(k * 86400000 // {rows}),
                 '%Y-%m-%dT%H:%M:%S.%g') || '+08:00' AS detected_at,
        CASE WHEN k % 2000 = 1007 THEN 1.7 ELSE round(0.5 + (hash(k, 2) % 5000) / 10000, 4) END AS confidence,
        round(121.0 + (hash(k, 3) % 400000) / 1e6, 6) AS longitude,
        round(30.9 + (hash(k, 4) % 260000) / 1e6, 6) AS latitude,
        'WGS84' AS datum,
        'yolo-gov 3.' || (hash(k, 5) % 4)::VARCHAR AS algorithm,
        'edge-' || lpad((hash(k, 6) % 3000)::VARCHAR, 5, '0') AS edge_device_id,
        'trk-' || (k // 4)::VARCHAR AS track_id,
        's3://snapshots/{day}/ev-' || lpad(k::VARCHAR, 12, '0') || '.jpg' AS snapshot_uri,
        [hash(k, 7) % 1000, hash(k, 8) % 600, 1000 + hash(k, 7) % 900, 600 + hash(k, 8) % 400] AS bbox
    FROM (SELECT range AS i, range - (range % 100 = 99)::BIGINT AS k FROM range({rows})), types
) TO '{target}' (FORMAT json)
"""


CODES = Path(__file__).parents[2] / "data_contracts" / "codes" / "event_types.csv"


def write_events(target: Path, day: str, rows: int, cameras: int = 48_000) -> None:
    """`rows` NDJSON events of one day (ISO date, Asia/Shanghai), of cameras SJ000000 to SJ<cameras - 1>."""
    with duckdb.connect() as con:
        con.execute(_MAKE.format(codes=CODES, rows=rows, target=target, day=day, cameras=cameras))


def _prepare(data: Path, rows: int) -> None:
    write_events(data / FILE, "2026-03-01", rows)


WORK = Work(
    name="events",
    title="Detection events: NDJSON landed with checks, refusals, dedupe and sort",
    goal="at most 1.1 times DuckDB's bare `read_json` -> Parquet, under 2 GiB",
    rows=5_000_000,
    prepare=_prepare,
    arms={
        "yunjian land": landed("detection_events", [FILE]),
        "bare read_json -> Parquet": bare(
            f"COPY (SELECT * FROM read_json('{{data}}/{FILE}', format = 'newline_delimited')) TO '{{room}}/bare.parquet'"
        ),
    },
    compare=("received",),
    at_most=1.1,
    memory_gib=2.0,
)
