"""The balance of waste by month and permit: declared, hauled, received, settled."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from apps.streamlit.edition import Edition
from apps.streamlit.queries.kpis import first_day

KPI: Final = "waste_receipt_gap_share"
NO_PERMIT: Final = "none"
UNKNOWN_SITE: Final = "unknown"
_RECEIPTS = "settlement_receipts"

_MONTHS = "SELECT DISTINCT month FROM mass_balance ORDER BY month DESC"

_PERMITS = """
SELECT permit_id, site_id, receiving_site_id, carrier, declared_m3, trips, coalesce(unmeasured_trips, 0) AS unmeasured_trips,
       hauled_m3, received_trips, received_m3, receipts, coalesce(unmeasured_receipts, 0) AS unmeasured_receipts, receipts_m3,
       difference_m3, difference_share, difference_rank
FROM mass_balance
WHERE month = $month AND ($carrier = '' OR carrier = $carrier) AND ($site = '' OR $site IN (site_id, receiving_site_id))
ORDER BY difference_rank, permit_id, site_id
"""

_TOTALS = f"""
SELECT count(*) FILTER (permit_id <> '{NO_PERMIT}') AS permits,
       count(*) FILTER (permit_id <> '{NO_PERMIT}' AND declared_m3 IS NULL) AS undeclared, sum(declared_m3) AS declared_m3,
       sum(trips)::BIGINT AS trips, sum(unmeasured_trips)::BIGINT AS unmeasured_trips, sum(hauled_m3) AS hauled_m3,
       sum(received_trips)::BIGINT AS received_trips, sum(received_m3) AS received_m3, sum(receipts)::BIGINT AS receipts,
       sum(unmeasured_receipts)::BIGINT AS unmeasured_receipts, sum(receipts_m3) AS receipts_m3,
       sum(difference_m3) AS difference_m3,
       sum(difference_m3) / nullif(sum(hauled_m3) FILTER (difference_m3 IS NOT NULL), 0) AS difference_share
FROM ({_PERMITS})
"""

_ARRIVED = """
SELECT (SELECT count(DISTINCT business_date) FROM track_quality WHERE business_date BETWEEN $first AND $last) AS tracked,
       (SELECT count(DISTINCT business_date) FROM data_accounting
        -- a file refused altogether settles nothing: of its date no receipt is known
        WHERE feed = $feed AND accepted > 0 AND business_date BETWEEN $first AND $last) AS settled
"""


def months(edition: Edition) -> list[date]:
    """The months that have a balance, as their first days, the latest first."""
    return edition.rows(_MONTHS)["month"].to_list()


def permits(edition: Edition, month: date, carrier: str = "", site: str = "") -> pl.DataFrame:
    """One row per permit and site, the greatest difference of the month first.

    An empty `carrier` or `site` (of loading or receiving) means all. Columns as in mass_balance; volumes in cubic metres.
    """
    return edition.rows(_PERMITS, {"month": month, "carrier": carrier, "site": site})


def totals(edition: Edition, month: date, carrier: str = "", site: str = "") -> dict[str, Any]:
    """The sums of what is known of `permits`, how many permits they are and how many of these declare no volume (undeclared)."""
    return edition.rows(_TOTALS, {"month": month, "carrier": carrier, "site": site}).row(0, named=True)


def last_day(edition: Edition, month: date) -> date:
    """The last day of the month that the edition reaches."""
    after = (month + timedelta(days=31)).replace(day=1)
    return max(month, min(after - timedelta(days=1), edition.data_through))


def arrived(edition: Edition, month: date) -> dict[str, int]:
    """Days of the month that the edition spans (`days`), with positions of trucks (`tracked`), with receipts (`settled`)."""
    last = last_day(edition, month)
    found = edition.rows(_ARRIVED, {"feed": _RECEIPTS, "first": month, "last": last}).row(0, named=True)
    spanned = (last - max(month, min(first_day(edition), last))).days + 1
    return {"days": spanned, **found}
