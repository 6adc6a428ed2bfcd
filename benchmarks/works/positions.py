"""CSV positions landed, against DuckDB's bare COPY of the same file."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.arena import Work
from benchmarks.landing import bare, landed

FILE = "truck_gps_2026-03-01_1.csv"

_MAKE = """
COPY (
    SELECT
        '沪D' || lpad((t % 100000)::VARCHAR, 5, '0') AS plate_no,
        '0139' || lpad(t::VARCHAR, 8, '0') AS terminal_id,
        strftime(TIMESTAMP '2026-03-01 00:00:00' + to_milliseconds((i // 3000) * 86400000 // greatest({rows} // 3000, 1)),
                 '%Y-%m-%d %H:%M:%S') AS reported_at,
        round(121.0 + (hash(i, 3) % 400000) / 1e6, 6) AS longitude,
        round(30.9 + (hash(i, 4) % 260000) / 1e6, 6) AS latitude,
        round((hash(i, 5) % 800) / 10, 1) AS speed_kmh,
        hash(i, 6) % 360 AS heading_deg,
        hash(i, 7) % 40 AS altitude_m,
        ['empty', 'half', 'full'][1 + (hash(t, i // 9000) % 3)::INTEGER] AS load_state,
        hash(t, i // 6000) % 3 > 0 AS acc_on,
        'WGS84' AS datum
    FROM (SELECT range AS i, range % 3000 AS t FROM range({rows}))
) TO '{target}' (FORMAT csv, HEADER true)
"""


def _prepare(data: Path, rows: int) -> None:
    with duckdb.connect() as con:
        con.execute(_MAKE.format(rows=rows, target=data / FILE))


WORK = Work(
    name="positions",
    title="Truck positions: CSV landed",
    goal="at most 1.5 times the bare COPY, under 2 GiB",
    rows=10_000_000,
    prepare=_prepare,
    arms={
        "yunjian land": landed("truck_gps", [FILE]),
        "bare COPY CSV -> Parquet": bare(
            f"COPY (SELECT * FROM read_csv('{{data}}/{FILE}')) TO '{{room}}/bare.parquet'"
        ),
    },
    compare=("received",),
    at_most=1.5,
    memory_gib=2.0,
)
