"""The ledger of what changed after it was published, and any figure as of any past edition."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import polars as pl

from apps.streamlit.edition import Edition

_CHOSEN = """
($state = '' OR r.state = $state) AND ($kpi = '' OR r.kpi_code = $kpi) AND ($area = '' OR r.area_code = $area)
AND ($cause = '' OR r.cause = $cause) AND ($edition = '' OR r.edition = $edition)
"""

_COUNTS = f"SELECT state, cause, count(*) AS figures FROM restatements r WHERE {_CHOSEN} GROUP BY ALL"

_EDITIONS = f"""
SELECT r.edition, any_value(e.published_at) AS published_at, r.cause, count(*) AS figures,
       count(DISTINCT r.kpi_code) AS kpis, count(DISTINCT r.area_code) AS areas, min(r.business_date) AS first_date,
       max(r.business_date) AS last_date, count(*) FILTER (r.state = 'pending') AS pending
FROM restatements r LEFT JOIN editions e USING (edition)
WHERE {_CHOSEN}
GROUP BY r.edition, r.cause ORDER BY r.edition DESC, figures DESC, r.cause LIMIT 60
"""

_LEDGER = f"""
SELECT r.* FROM restatements r WHERE {_CHOSEN}
-- what waits for somebody comes first, then the newest
ORDER BY r.state = 'pending' DESC, r.edition DESC, r.business_date DESC, r.kpi_code, r.area_code LIMIT $limit
"""

_HISTORY = """
SELECT h.first_edition, f.published_at, h.last_edition, h.value, h.numerator, h.denominator, h.coverage, h.status,
       h.rule_version, h.restatement_id
FROM kpi_value_history h LEFT JOIN editions f ON f.edition = h.first_edition
WHERE h.kpi_code = $kpi AND h.area_code = $area AND h.business_date = $day
ORDER BY h.first_edition DESC
"""

_AS_OF = """
WITH past AS (
    SELECT kpi_code, value, status, coverage, rule_version FROM kpi_value_history
    WHERE area_code = $area AND business_date = $day AND $edition BETWEEN first_edition AND last_edition
), now AS (
    SELECT kpi_code, value, status, coverage, rule_version, pending_value, pending_status FROM kpi_values
    WHERE area_code = $area AND business_date = $day
)
SELECT kpi_code, p.value, p.status, p.coverage, p.rule_version, n.value AS now_value, n.status AS now_status,
       n.coverage AS now_coverage, n.rule_version AS now_rule_version, n.pending_value, n.pending_status
FROM past p FULL JOIN now n USING (kpi_code)
-- what changed comes first
ORDER BY p.status IS NOT NULL AND (p.value, p.status, p.coverage, p.rule_version)
         IS DISTINCT FROM (n.value, n.status, n.coverage, n.rule_version) DESC, kpi_code
"""


@dataclass(frozen=True)
class Chosen:
    """What the reader asked for, by code; an empty word asks for all."""

    state: str = ""
    kpi: str = ""
    area: str = ""
    cause: str = ""
    edition: str = ""


def counts(edition: Edition, chosen: Chosen) -> pl.DataFrame:
    """state, cause, figures."""
    return edition.rows(_COUNTS, asdict(chosen))


def by_edition(edition: Edition, chosen: Chosen) -> pl.DataFrame:
    """edition, published_at, cause, figures, kpis, areas, first_date, last_date, pending: newest first, at most 60."""
    return edition.rows(_EDITIONS, asdict(chosen))


def ledger(edition: Edition, chosen: Chosen, limit: int) -> pl.DataFrame:
    """Rows of `restatements`: those that wait first, then the newest; at most `limit`."""
    return edition.rows(_LEDGER, {**asdict(chosen), "limit": limit})


def one(edition: Edition, restatement_id: str) -> dict[str, Any] | None:
    """One row of `restatements`; None when there is no such change."""
    frame = edition.rows("SELECT * FROM restatements WHERE restatement_id = $id", {"id": restatement_id})
    return None if frame.is_empty() else frame.row(0, named=True)


def history(edition: Edition, kpi: str, area: str, day: date) -> pl.DataFrame:
    """What editions said of one figure, the newest first.

    Columns: first_edition, published_at (of it), last_edition, value, numerator, denominator, coverage, status,
    rule_version, restatement_id.
    """
    return edition.rows(_HISTORY, {"kpi": kpi, "area": area, "day": day})


def as_of(edition: Edition, past: str, area: str, day: date) -> pl.DataFrame:
    """One row per KPI of an area and day: value, status, coverage and rule_version as edition `past` had them, and now_*.

    A NULL status means that the edition did not carry the figure.
    """
    return edition.rows(_AS_OF, {"edition": past, "area": area, "day": day})


def causes(edition: Edition) -> list[str]:
    """The causes that occur."""
    return edition.rows("SELECT DISTINCT cause FROM restatements ORDER BY cause")["cause"].to_list()


def editions(edition: Edition) -> list[str]:
    """The editions that changed something published, newest first."""
    return edition.rows("SELECT DISTINCT edition FROM restatements ORDER BY 1 DESC")["edition"].to_list()


def past_editions(edition: Edition) -> pl.DataFrame:
    """edition, published_at of all editions before this one, newest first."""
    return edition.rows(
        "SELECT edition, published_at FROM editions WHERE edition < $now ORDER BY edition DESC",
        {"now": edition.edition},
    )
