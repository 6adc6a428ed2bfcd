"""The restatement ledger: every change of a published figure, why it came about, and who let it into a closed month.

A row is written with the edition that first carries the change, either in force or held beside the official figure. It is
never changed afterwards: whether it is in force, pending, approved or superseded follows from the approvals and from what
later editions said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from lake.bookkeeping import as_utc
from lake.commit import commit
from lake.content_hash import column_types
from lake.engine import sql_text
from lake.lakes import WAREHOUSE
from lake.official_values import CHANGES, HISTORY, KEY, SAID, VALUES

LEDGER = f"{WAREHOUSE}.main.restatements"
APPROVALS = f"{WAREHOUSE}.main.restatement_approvals"
RESTATED = "temp.restated"
SERVED = "served"
_COLUMNS = (
    "restatement_id",
    "edition",
    *KEY,
    *(f"as_{column}" for column in SAID),
    "as_edition",
    *(f"now_{column}" for column in SAID),
    "change",
    "cause",
    "evidence",
    "rows_flipped",
    "row_ids",
    "is_held",
)

# Finds the causes: updates `cause`, `evidence`, `rows_flipped` and `row_ids` of the rows of `RESTATED`, which hold a
# change each and `since_edition`, the last edition that the build agreed with. The connection has `warehouse`, `bronze`
# (as the build read it) and, where there is a serving edition, `served`.
CauseFinder = Callable[[duckdb.DuckDBPyConnection], None]


@dataclass(frozen=True)
class Approval:
    """One row of `warehouse.main.restatement_approvals`."""

    restatement_id: str
    approved_by: str
    reason: str
    approved_at: datetime


def note_changes(con: duckdb.DuckDBPyConnection, edition: str, serving: str | None, find: CauseFinder | None) -> None:
    """Fill `RESTATED` with the changes of `CHANGES` that the ledger does not hold yet, each with its cause.

    `serving` is the serving edition, attached as `served`; None when there is none.
    """
    shown = column_types(con, SERVED, "main", VALUES) if serving else {}
    # A change that is pending and changes once more: what made it pending counts too.
    pending = f"SELECT {', '.join(KEY)} FROM {SERVED}.main.{VALUES} WHERE pending_status IS NOT NULL"
    superseded = f"SEMI JOIN ({pending}) USING ({', '.join(KEY)})" if "pending_status" in shown else "WHERE false"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE restated AS
        WITH superseded AS (
            SELECT {", ".join(KEY)}, as_edition, arg_max(evidence, edition) ->> '$.since_edition' AS since_edition
            FROM (SELECT * FROM {LEDGER} WHERE is_held) {superseded} GROUP BY ALL
        )
        SELECT c.*, coalesce(s.since_edition, {sql_text(serving or "")}) AS since_edition,
               'unexplained'::VARCHAR AS cause, NULL::VARCHAR AS evidence, NULL::BIGINT AS rows_flipped,
               NULL::VARCHAR AS row_ids
        FROM {CHANGES} AS c LEFT JOIN superseded AS s USING ({", ".join(KEY)}, as_edition)
        WHERE c.restatement_id NOT IN (SELECT restatement_id FROM {LEDGER})
        """
    )
    if find is not None and con.execute(f"SELECT 1 FROM {RESTATED} LIMIT 1").fetchone():
        find(con)
    con.execute(
        f"""UPDATE {RESTATED} SET evidence =
            json_merge_patch(coalesce(evidence, '{{}}')::JSON, json_object('since_edition', since_edition))"""
    )
    con.execute(f"ALTER TABLE {RESTATED} ADD COLUMN edition VARCHAR DEFAULT {sql_text(edition)}")


def record_ledger(con: duckdb.DuckDBPyConnection, history: str) -> None:
    """Note, within a commit of the caller, the rows of `RESTATED` and those of the query `history`."""
    names = ", ".join(_COLUMNS)
    con.execute(f"INSERT INTO {LEDGER} ({names}) SELECT {names} FROM {RESTATED}")
    con.execute(f"INSERT INTO {HISTORY} {history}")


def write_history(con: duckdb.DuckDBPyConnection, target: str, history: str, editions: str) -> None:
    """Create `target` (`kpi_value_history`): the warehouse's rows and those of `history`, each with its last edition.

    `editions` is the relation of all editions, the one being published among them.
    """
    con.execute(
        f"""
        CREATE TABLE {target} AS
        WITH stated AS (SELECT * FROM {HISTORY} UNION ALL BY NAME ({history})),
        places AS (
            SELECT edition, lag(edition) OVER (ORDER BY edition) AS before, max(edition) OVER () AS latest FROM {editions}
        ),
        runs AS (
            SELECT *, lead(first_edition) OVER (PARTITION BY {", ".join(KEY)} ORDER BY first_edition) AS next_edition
            FROM stated
        )
        SELECT {", ".join(KEY)}, {", ".join(SAID)}, first_edition,
               coalesce(p.before, (SELECT any_value(latest) FROM places)) AS last_edition, restatement_id
        FROM runs AS r LEFT JOIN places AS p ON p.edition = r.next_edition
        ORDER BY {", ".join(KEY)}, first_edition
        """
    )


def write_restatements(con: duckdb.DuckDBPyConnection, target: str, history: str) -> None:
    """Create `target` (`restatements`): the ledger's rows and those of `RESTATED`, with what became of each.

    `history` is the finished table `kpi_value_history`.
    """
    names = ", ".join(_COLUMNS)
    as_published = ", ".join(f"as_{column} AS as_published_{column}" for column in SAID)
    now = ", ".join(f"now_{column}" for column in SAID)
    con.execute(
        f"""
        CREATE TABLE {target} AS
        WITH ledger AS (SELECT {names} FROM {LEDGER} UNION ALL SELECT {names} FROM {RESTATED}),
        took AS (
            SELECT restatement_id, min(first_edition) AS effective_edition
            FROM {history} WHERE restatement_id IS NOT NULL GROUP BY ALL
        )
        SELECT r.restatement_id, r.edition, {", ".join(KEY)}, {as_published}, as_edition AS as_published_edition, {now},
               change, cause, evidence, now_numerator - as_numerator AS numerator_delta,
               now_denominator - as_denominator AS denominator_delta, rows_flipped, row_ids,
               CASE WHEN NOT r.is_held THEN 'published'
                    WHEN t.effective_edition IS NOT NULL THEN 'approved'
                    WHEN r.restatement_id IN (SELECT restatement_id FROM {CHANGES} WHERE is_held) THEN 'pending'
                    ELSE 'superseded' END AS state,
               t.effective_edition, a.approved_by, a.reason AS approval_reason, a.approved_at
        FROM ledger AS r
        LEFT JOIN took AS t ON t.restatement_id = r.restatement_id
        LEFT JOIN {APPROVALS} AS a ON a.restatement_id = r.restatement_id
        ORDER BY r.edition, {", ".join(KEY)}
        """
    )


def mend_ledger_from(con: duckdb.DuckDBPyConnection, served: str, editions: Sequence[str]) -> None:
    """Note again what the attached file `served` tells of `editions` that this warehouse has lost, and all approvals.

    Within a commit of the caller.
    """
    names = {"as_edition": "as_published_edition", "is_held": "state <> 'published'"}
    names |= {f"as_{column}": f"as_published_{column}" for column in SAID}
    columns = ", ".join(names.get(column, column) for column in _COLUMNS)
    con.execute(
        f"""INSERT INTO {LEDGER} ({", ".join(_COLUMNS)}) SELECT {columns} FROM {served}.main.restatements
            WHERE edition IN (SELECT unnest(?::VARCHAR[]))
              AND restatement_id NOT IN (SELECT restatement_id FROM {LEDGER})""",
        [list(editions)],
    )
    con.execute(
        f"""INSERT INTO {HISTORY}
            SELECT {", ".join(KEY)}, {", ".join(SAID)}, first_edition, restatement_id FROM {served}.main.kpi_value_history
            WHERE first_edition IN (SELECT unnest(?::VARCHAR[]))
              AND first_edition NOT IN (SELECT first_edition FROM {HISTORY})""",
        [list(editions)],
    )
    con.execute(
        f"""INSERT INTO {APPROVALS}
            SELECT restatement_id, approved_by, approval_reason, approved_at FROM {served}.main.restatements
            WHERE approved_by IS NOT NULL AND restatement_id NOT IN (SELECT restatement_id FROM {APPROVALS})"""
    )


def record_approvals(
    con: duckdb.DuckDBPyConnection, ids: Sequence[str], *, approved_by: str, reason: str, now: datetime
) -> list[Approval]:
    """Note that a named person lets these changes into a closed month; the next edition carries them.

    Raises ValueError without a name or a reason. The caller holds the warehouse's writer lock, and has looked which
    changes are pending.
    """
    if not approved_by.strip() or not reason.strip():
        raise ValueError("an approval needs a name and a reason")
    rows = [Approval(one, approved_by.strip(), reason.strip(), as_utc(now)) for one in ids]
    extra = {"action": "approve", "restatements": len(rows), "approved_by": approved_by}
    with commit(
        con, WAREHOUSE, author=approved_by, message=f"approved {len(rows)} restatements: {reason}", extra=extra
    ):
        con.executemany(
            f"INSERT INTO {APPROVALS} VALUES (?, ?, ?, ?)",
            [[row.restatement_id, row.approved_by, row.reason, row.approved_at] for row in rows],
        )
    return rows
