"""Late rows: received, or delivered, after the business date they count for was over and its grace had passed.

A row is late when the Shanghai date of its received time less the contract's grace (or, where nothing says when it was
received, the date of its file) lies after its business date. Only rows that bronze keeps count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ingestion.batch import DROPPED, MEETS, TYPED, Batch
from ingestion.contracts import Contract
from ingestion.duplicates import received_of
from ingestion.rules.compiler import SHANGHAI_HOURS
from lake.engine import sql_text
from lake.lakes import BRONZE


@dataclass(frozen=True)
class LateReplaced:
    """Late rows of an earlier file that rows of this one replace: that file has so many late rows fewer."""

    file_sha256: str
    business_date: date
    rows: int


def late_by_date(batch: Batch, file_received: datetime | None, file_date: date | None) -> dict[date, int]:
    """The late rows that this batch puts into bronze, by business date. Needs `DROPPED` complete."""
    received = received_of(batch.contract, "t", file_received)
    fallback = f"DATE {sql_text(file_date.isoformat())}" if file_date else "NULL::DATE"
    days = list(batch.good_by_date())
    if batch.contract.received_column is None or batch.contract.received_column in batch.rules.constants:
        # Every row was received with the file: its date alone says whether it is late.
        listed = ", ".join(f"(DATE {sql_text(day.isoformat())})" for day in days)
        constant = batch.rules.constants.get(batch.contract.received_column or "", received)
        late = _late(batch.contract, constant, fallback, "t._date")
        if (
            not days
            or not batch.con.execute(f"SELECT 1 FROM (VALUES {listed}) AS t (_date) WHERE {late} LIMIT 1").fetchone()
        ):
            return {}
    rows = batch.con.execute(
        f"SELECT _date, count(*) FROM {TYPED} AS t WHERE _fault = 0 AND rowid NOT IN (SELECT _row FROM {DROPPED}) "
        f"AND {_late(batch.contract, received, fallback, 't._date')} GROUP BY ALL"
    ).fetchall()
    return dict(rows)


def late_replaced(batch: Batch) -> list[LateReplaced]:
    """The late landed rows that this batch replaces."""
    if batch.con.execute(f"SELECT 1 FROM {MEETS} WHERE _wins LIMIT 1").fetchone() is None:
        return []  # as of nearly every file, for which the lake need not be asked
    late = _late(batch.contract, "m._landed_received", "f.file_date", "m._date")
    by_date = "" if batch.contract.business_date_column else "AND f.file_date = m._date "
    rows = batch.con.execute(
        f"SELECT m._landed_file, m._date, count(*) FROM {MEETS} AS m JOIN {BRONZE}.landing_files AS f "
        f"ON f.file_sha256 = m._landed_file AND f.feed = ? AND f.status = 'landed' {by_date}"
        f"WHERE m._wins AND {late} GROUP BY ALL",
        [batch.contract.feed],
    ).fetchall()
    return [LateReplaced(*row) for row in rows]


def _late(contract: Contract, received: str, fallback: str, business_date: str) -> str:
    shift = SHANGHAI_HOURS - contract.grace_hours
    seen = f"CAST({received} + to_microseconds({round(shift * 3_600_000_000)}) AS DATE)"
    return f"coalesce({seen}, {fallback}) > {business_date}"
