"""Places where loads were taken off outside every site of the register."""

from __future__ import annotations

from datetime import date

import polars as pl

from apps.streamlit.edition import Edition

_DUMPS = """
SELECT d.business_date, d.longitude, d.latitude, d.area_code, t.name_zh, t.name_en, d.shanghai_hour, d.dumps, d.confidence
FROM suspected_dumps d LEFT JOIN townships t USING (area_code)
WHERE d.business_date BETWEEN $first AND $last AND starts_with(d.area_code, $area)
ORDER BY d.business_date DESC, d.shanghai_hour DESC, d.longitude, d.latitude
"""


def dumps(edition: Edition, area: str, first: date, last: date) -> pl.DataFrame:
    """One row per day, hour and cell, newest first.

    Columns: business_date, middle of the cell (WGS-84 degrees), area_code and names of the township (NULL outside all),
    shanghai_hour (0-23), dumps, confidence.
    """
    return edition.rows(_DUMPS, {"area": area, "first": first, "last": last})


def in_hours(rows: pl.DataFrame, begin: int, end: int) -> pl.DataFrame:
    """The rows whose hour lies in [begin, end); begin after end crosses midnight."""
    after, before = pl.col("shanghai_hour") >= begin, pl.col("shanghai_hour") < end
    return rows.filter(after & before if begin < end else after | before)
