"""What officials were told, edition by edition, and what a new build would change of it.

The build's figures are a proposal. A figure that was never published becomes official with its edition; one that differs
from what was published becomes official too and is written down, unless its month is closed: then what was published stays
official, with the new figure beside it, until a named person approves it (`lake/restatements.py`).
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from lake.bookkeeping import as_utc
from lake.content_hash import column_types, value_text
from lake.engine import sql_name, sql_text
from lake.lakes import WAREHOUSE

VALUES = "kpi_values"
KEY = ("kpi_code", "area_code", "business_date")
# What is said of a key; a change of any of them is a restatement.
SAID = {
    "value": "DOUBLE",
    "numerator": "DOUBLE",
    "denominator": "DOUBLE",
    "coverage": "DOUBLE",
    "status": "VARCHAR",
    "rule_version": "VARCHAR",
}
WITHDRAWN = "withdrawn"  # the status of a figure that an edition no longer carries
HISTORY = f"{WAREHOUSE}.main.value_history"
PROPOSED = f"{WAREHOUSE}.published.{VALUES}"
OFFICIAL = "temp.official_values"
CHANGES = "temp.value_changes"
_LATEST = "temp.values_as_published"


def propose(con: duckdb.DuckDBPyConnection, *, now: datetime, grace_days: int) -> None:
    """Compare the warehouse's `kpi_values` with the last official ones; fills `CHANGES` and `OFFICIAL`.

    `CHANGES`: one row per key whose figure would change, with `as_<column>` (as published), `now_<column>`, `change`
    (which kind), `restatement_id` and `is_held`. `OFFICIAL`: the rows of `kpi_values` as the edition will carry them,
    with `pending_value` and `pending_status` where a change is held. A month is closed for a figure `grace_days` after
    the month's end, or after the figure was first published where that was later: history that is loaded years
    afterwards can be corrected as long as last month can.
    """
    _latest(con)
    _find_changes(con, as_utc(now), grace_days)
    _official(con)


def seed_history(con: duckdb.DuckDBPyConnection, served: str, edition: str) -> None:
    """Take what the attached file `served` says as first published in its `edition`: it was made before histories were kept."""
    said = ", ".join(f"{column}::{kind}" for column, kind in SAID.items())
    con.execute(
        f"INSERT INTO {HISTORY} SELECT {', '.join(KEY)}, {said}, ?, NULL FROM {sql_name(served)}.main.{VALUES}",
        [edition],
    )


def new_history(edition: str) -> str:
    """SELECT of the rows that `edition` adds to the history: first publications, and changes that are not held."""
    said = ", ".join(f"now_{column}" for column in SAID)
    fresh = ", ".join(f"p.{column}::{kind} AS {column}" for column, kind in SAID.items())
    return f"""
        SELECT {", ".join(f"p.{column}" for column in KEY)}, {fresh}, {sql_text(edition)} AS first_edition,
               NULL::VARCHAR AS restatement_id
        FROM {PROPOSED} AS p ANTI JOIN {_LATEST} AS l USING ({", ".join(KEY)})
        UNION ALL
        SELECT {", ".join(KEY)}, {said}, {sql_text(edition)}, restatement_id FROM {CHANGES} WHERE NOT is_held
    """


def _latest(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE values_as_published AS
        SELECT h.*, min(e.published_at) OVER (PARTITION BY {_keys("h")}) AS first_published_at
        FROM {HISTORY} AS h LEFT JOIN {WAREHOUSE}.main.editions AS e ON e.edition = h.first_edition
        QUALIFY row_number() OVER (PARTITION BY {_keys("h")} ORDER BY h.first_edition DESC) = 1
        """
    )


def _find_changes(con: duckdb.DuckDBPyConnection, now: datetime, grace_days: int) -> None:
    before = ", ".join(f"l.{column} AS as_{column}" for column in SAID)
    after = ", ".join(
        f"coalesce(p.{column}, '{WITHDRAWN}') AS now_{column}"
        if column == "status"
        else f"p.{column}::{kind} AS now_{column}"
        for column, kind in SAID.items()
    )
    moved = " OR ".join(f"p.{column} IS DISTINCT FROM l.{column}" for column in SAID)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE value_changes AS
        WITH moved AS (
            SELECT {", ".join(f"l.{column}" for column in KEY)}, {before}, {after},
                   l.first_edition AS as_edition, l.first_published_at
            FROM {_LATEST} AS l LEFT JOIN {PROPOSED} AS p ON {_same_key("l", "p")}
            WHERE {moved}
        ), changed AS (
            SELECT *, {_text("as_")} AS as_text, {_text("now_")} AS now_text FROM moved
            -- Sums differ in their last digits from build to build: what ten digits do not show is no change.
            WHERE as_text <> now_text
        ), known AS (
            SELECT *, left(sha256(concat_ws('|', {", ".join(KEY)}, as_edition, as_text, now_text)), 12) AS restatement_id,
                   greatest(
                       -- the end of the month in the district, as UTC
                       (last_day(business_date) + 1)::TIMESTAMP - INTERVAL 8 HOUR, first_published_at
                   ) + to_days(?) <= ?::TIMESTAMP AS is_closed
            FROM changed
        )
        SELECT {", ".join(KEY)}, {", ".join(f"as_{column}" for column in SAID)}, as_edition,
               {", ".join(f"now_{column}" for column in SAID)},
               CASE WHEN as_status = '{WITHDRAWN}' OR as_status = 'no_data' THEN 'first_value'
                    WHEN now_status = '{WITHDRAWN}' THEN '{WITHDRAWN}'
                    WHEN as_status <> now_status THEN 'status'
                    WHEN {_text("as_", "value")} <> {_text("now_", "value")} THEN 'value'
                    WHEN {_text("as_", "numerator", "denominator")} <> {_text("now_", "numerator", "denominator")}
                        THEN 'parts'
                    WHEN as_rule_version <> now_rule_version THEN 'rule'
                    ELSE 'coverage' END AS change,
               restatement_id, is_closed,
               coalesce(is_closed, false) AND restatement_id NOT IN (
                   SELECT restatement_id FROM {WAREHOUSE}.main.restatement_approvals
               ) AS is_held
        FROM known
        """,
        [grace_days, now],
    )


def _official(con: duckdb.DuckDBPyConnection) -> None:
    columns = column_types(con, WAREHOUSE, "published", VALUES)
    kept = ", ".join(
        f"CASE WHEN c.is_held THEN c.as_{column}::{kind} ELSE p.{column} END AS {column}"
        for column, kind in columns.items()
        if column in SAID
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE official_values AS
        SELECT p.* REPLACE ({kept}), CASE WHEN c.is_held THEN c.now_value END AS pending_value,
               CASE WHEN c.is_held THEN c.now_status END AS pending_status
        FROM {PROPOSED} AS p LEFT JOIN {CHANGES} AS c ON {_same_key("p", "c")}
        """
    )
    # A figure of a closed month that the build no longer has stays as well.
    con.execute(
        f"""
        INSERT INTO {OFFICIAL} BY NAME
        SELECT {", ".join(KEY)}, {", ".join(f"as_{column} AS {column}" for column in SAID)},
               '{WITHDRAWN}' AS pending_status
        FROM {CHANGES} WHERE is_held AND now_status = '{WITHDRAWN}'
        """
    )


def _keys(alias: str) -> str:
    return ", ".join(f"{alias}.{column}" for column in KEY)


def _same_key(left: str, right: str) -> str:
    return " AND ".join(f"{left}.{column} = {right}.{column}" for column in KEY)


def _text(prefix: str, *columns: str) -> str:
    """SQL for what is said, as text that two builds of one figure spell alike."""
    return " || ".join(value_text(f"{prefix}{column}", SAID[column]) for column in columns or SAID)
