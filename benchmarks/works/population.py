"""Population records pseudonymised and landed, against bare CSV to Parquet."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.arena import Work
from benchmarks.landing import bare, landed

FILE = "population_records_2026-03-01_1.csv"

_MAKE = """
COPY (
    SELECT
        '310117' || strftime(DATE '1940-01-01' + (hash(i) % 29000)::INTEGER, '%Y%m%d')
            || lpad((i % 1000)::VARCHAR, 3, '0') || (i // 1000 % 10)::VARCHAR || chr(65 + (i // 10000 % 26)::INTEGER)
            || (i // 260000)::VARCHAR AS id_number,
        'Person ' || i::VARCHAR AS name,
        '1' || lpad((hash(i, 9) % 10000000000)::VARCHAR, 10, '0') AS phone,
        ['male', 'female'][1 + (hash(i, 1) % 2)::INTEGER] AS sex,
        (DATE '1940-01-01' + (hash(i) % 29000)::INTEGER)::VARCHAR AS birth_date,
        ['registered', 'migrant', 'migrant', 'registered', 'overseas'][1 + (hash(i, 2) % 5)::INTEGER] AS household_type,
        (310117001 + hash(i, 3) % 6)::VARCHAR AS township_code,
        (310117001001 + (hash(i, 3) % 6) * 1000 + hash(i, 4) % 40)::VARCHAR AS community_code,
        (DATE '2010-01-01' + (hash(i, 5) % 5800)::INTEGER)::VARCHAR AS registered_on,
        (DATE '2026-01-01' + (hash(i, 6) % 900)::INTEGER)::VARCHAR AS valid_until,
        'active' AS status
    FROM (SELECT range AS i FROM range({rows}))
) TO '{target}' (FORMAT csv, HEADER true)
"""


def _prepare(data: Path, rows: int) -> None:
    with duckdb.connect() as con:
        con.execute(_MAKE.format(rows=rows, target=data / FILE))


WORK = Work(
    name="population",
    title="Population records: pseudonymised, sealed and landed",
    goal="at most 3 times bare CSV -> Parquet",
    rows=1_900_000,
    prepare=_prepare,
    arms={
        "yunjian land": landed("population_records", [FILE]),
        "bare CSV -> Parquet": bare(f"COPY (SELECT * FROM read_csv('{{data}}/{FILE}')) TO '{{room}}/bare.parquet'"),
    },
    compare=("received",),
    at_most=3.0,
)
