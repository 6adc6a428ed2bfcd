"""What was received and what became of it; quarantine reasons, batch gates, editions."""

from __future__ import annotations

from datetime import date

import polars as pl

from apps.streamlit.edition import Edition

_GAP = "received - accepted - quarantined - duplicate"

_DAY = f"""
SELECT f.feed, f.description, f.owner, a.received, a.accepted, a.quarantined, a.duplicate, a.late, a.files,
       {_GAP} AS gap
FROM feeds f FULL JOIN (SELECT * FROM data_accounting WHERE business_date = $day) a USING (feed)
ORDER BY feed
"""

_UNBALANCED = f"""
SELECT feed, business_date, received, accepted, quarantined, duplicate, {_GAP} AS gap
FROM data_accounting
-- NULL is no balance either
WHERE {_GAP} IS DISTINCT FROM 0
ORDER BY business_date DESC, feed
"""

_SHARES = """
SELECT feed, business_date, quarantined / nullif(received, 0) AS quarantined_share,
       duplicate / nullif(received, 0) AS duplicate_share, late / nullif(received, 0) AS late_share, received
FROM data_accounting WHERE business_date BETWEEN $first AND $last ORDER BY feed, business_date
"""

_REASONS = """
SELECT feed, field, reason, sum(rows)::BIGINT AS rows
FROM quarantine_reasons WHERE business_date BETWEEN $first AND $last
GROUP BY ALL ORDER BY rows DESC, feed, field, reason
"""

_GATES = """
SELECT feed, business_date, expectation, consequence, success, observed::VARCHAR AS observed
FROM batch_gates WHERE business_date BETWEEN $first AND $last
ORDER BY success, business_date DESC, feed, expectation
"""

_EDITIONS = """
SELECT edition, published_at, content_hash, code_version, reason
FROM editions ORDER BY published_at DESC, edition DESC LIMIT 30
"""


def day(edition: Edition, when: date) -> pl.DataFrame:
    """One row per feed: feed, description, owner, received ... files (NULL when nothing arrived), gap (0 = balanced)."""
    return edition.rows(_DAY, {"day": when})


def unbalanced(edition: Edition) -> pl.DataFrame:
    """The feed-days that do not balance, newest first: feed, business_date, received ... gap."""
    return edition.rows(_UNBALANCED)


def shares(edition: Edition, first: date, last: date) -> pl.DataFrame:
    """feed, business_date, quarantined_share, duplicate_share, late_share (0-1), received."""
    return edition.rows(_SHARES, {"first": first, "last": last})


def reasons(edition: Edition, first: date, last: date) -> pl.DataFrame:
    """feed, field, reason, rows: quarantined rows of the period, most first."""
    return edition.rows(_REASONS, {"first": first, "last": last})


def gates(edition: Edition, first: date, last: date) -> pl.DataFrame:
    """feed, business_date, expectation, consequence, success, observed: failures first."""
    return edition.rows(_GATES, {"first": first, "last": last})


def editions(edition: Edition) -> pl.DataFrame:
    """edition, published_at, content_hash, code_version, reason: newest first, at most 30."""
    return edition.rows(_EDITIONS)


def days(edition: Edition) -> list[date]:
    """The business dates with accounting, newest first."""
    return edition.rows("SELECT DISTINCT business_date FROM data_accounting ORDER BY 1 DESC")["business_date"].to_list()
