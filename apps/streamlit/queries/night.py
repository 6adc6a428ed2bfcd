"""Night construction, with and without a night-work permit."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from apps.streamlit.edition import Edition

KPI: Final = "night_construction_unpermitted"
STATES: Final = ("permitted", "unpermitted", "unknown_site")

# Where cameras saw too little, the indicator is withheld, and so is what they happened to see.
_NIGHT = """
WITH dark AS (
    SELECT area_code, business_date FROM kpi_values
    WHERE kpi_code = $kpi AND status = 'withheld_low_coverage' AND business_date BETWEEN $first AND $last
)
SELECT n.area_code, any_value(t.name_zh) AS name_zh, any_value(t.name_en) AS name_en, sum(n.incidents)::BIGINT AS incidents,
       sum(n.permitted)::BIGINT AS permitted, sum(n.unpermitted)::BIGINT AS unpermitted,
       sum(n.unknown_site)::BIGINT AS unknown_site
FROM night_construction n ANTI JOIN dark USING (area_code, business_date) LEFT JOIN townships t ON t.area_code = n.area_code
WHERE n.business_date BETWEEN $first AND $last AND starts_with(n.area_code, $area)
GROUP BY n.area_code ORDER BY unpermitted DESC, incidents DESC, n.area_code
"""


def by_area(edition: Edition, area: str, first: date, last: date) -> pl.DataFrame:
    """One row per area with incidents (the district also has its own): area_code, names, incidents, STATES."""
    return edition.rows(_NIGHT, {"kpi": KPI, "area": area, "first": first, "last": last})
