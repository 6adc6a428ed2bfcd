"""What cleaning did with the positions of trucks."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from apps.streamlit.edition import Edition

KEPT: Final = "kept"
NOTED: Final = "out_of_order"  # kept, and sorted: a note beside the sum of the others

_CLEANED = """
WITH counted AS (
    SELECT rule, sum(fixes)::BIGINT AS fixes FROM track_quality WHERE business_date BETWEEN $first AND $last GROUP BY rule
)
SELECT rule, fixes, fixes / nullif((SELECT sum(fixes) FROM counted WHERE rule <> $noted), 0) AS share
FROM counted ORDER BY rule = $noted, rule <> $kept, fixes DESC, rule
"""


def cleaned(edition: Edition, first: date, last: date) -> pl.DataFrame:
    """rule, fixes, share of all positions: kept first, then why the others were left out, then what was only noted."""
    return edition.rows(_CLEANED, {"first": first, "last": last, "kept": KEPT, "noted": NOTED})
