"""Residents as the population office exports them: CSV lines, or the columns of a workbook or Parquet file."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sample_district.residents import HOUSEHOLD_TYPES, STATUSES, Residents
from sample_district.terrain import Terrain

COLUMNS = (
    "id_number", "name", "phone", "sex", "birth_date", "household_type", "township_code", "community_code",
    "registered_on", "valid_until", "status",
)  # fmt: skip
HEADER = (",".join(COLUMNS) + "\n").encode()
# One office writes words, another Chinese, a third codes: the contract knows them as synonyms.
_SEXES = (("female", "male"), ("女", "男"), ("2", "1"))


def population_frame(residents: Residents, terrain: Terrain) -> pl.DataFrame:
    """One row per person, all columns as text, missing dates as NULL."""
    codes = pl.Series(terrain.codes)[residents.area]
    numbers = pl.Series(residents.number)
    sex_words = pl.Series([word for words in _SEXES for word in words])[(residents.area % 3) * 2 + residents.sex]
    return pl.DataFrame(
        {
            "id_number": pl.Series(np.ascontiguousarray(residents.id_digits).view("S18").ravel().astype("U18")),
            "name": "样本" + numbers.cast(pl.String).str.zfill(7),
            "phone": (10_000_000_000 + numbers * 37).cast(pl.String),
            "sex": sex_words,
            "birth_date": _text(residents.birth_date),
            "household_type": pl.Series(HOUSEHOLD_TYPES)[residents.household],
            "township_code": codes,
            "community_code": codes + pl.Series(residents.community).cast(pl.String).str.zfill(3),
            "registered_on": _text(residents.registered_on),
            "valid_until": _text(residents.valid_until),
            "status": pl.Series(STATUSES)[residents.status],
        }
    )


def population_lines(frame: pl.DataFrame) -> pl.Series:
    """CSV lines, newline included; no value holds a comma."""
    filled = frame.with_columns(pl.col("registered_on", "valid_until").fill_null(""))
    return filled.select((pl.concat_str(list(COLUMNS), separator=",") + "\n").alias("line"))["line"]


def _text(days: NDArray[np.datetime64]) -> pl.Series:
    return pl.Series(days.astype("datetime64[D]")).cast(pl.Date).dt.to_string("%Y-%m-%d")
