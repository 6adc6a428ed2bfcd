"""The ledger of landing: for each file and business date, received = accepted + quarantined + duplicate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import duckdb

from lake.lakes import BRONZE

_COUNTS = ("received", "accepted", "quarantined", "duplicate", "late")


@dataclass(frozen=True)
class DayCount:
    """One row of the ledger."""

    received: int
    accepted: int
    quarantined: int
    duplicate: int
    late: int


class Unbalanced(AssertionError):
    """Rows were lost or counted twice: nothing is committed."""


@dataclass(frozen=True)
class Ledger:
    """The counts of one file by business date."""

    days: Mapping[date, DayCount] = field(default_factory=dict)

    def total(self, name: str) -> int:
        return sum(getattr(count, name) for count in self.days.values())


def balance(
    good: Mapping[date, int],
    refused: Mapping[date, int],
    duplicate: Mapping[date, int],
    late: Mapping[date, int],
    *,
    received: int,
) -> Ledger:
    """The ledger of a file. Raises Unbalanced unless every one of the `received` rows is in it exactly once."""
    days = {}
    for day in sorted({*good, *refused}):
        repeats, bad = duplicate.get(day, 0), refused.get(day, 0)
        kept = good.get(day, 0) - repeats
        days[day] = DayCount(good.get(day, 0) + bad, kept, bad, repeats, late.get(day, 0))
    ledger = Ledger(days)
    if ledger.total("received") != received or any(count.accepted < 0 for count in days.values()):
        raise Unbalanced(f"{received} rows received, the ledger says {days}")
    return ledger


def unbalanced_files(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """(feed, file hash) of landed bytes whose counts do not add up, in their own record or against the ledger."""
    counts = ", ".join(f"sum({name})::BIGINT AS {name}" for name in _COUNTS)
    same = " AND ".join(f"f.{name} = coalesce(a.{name}, 0)" for name in _COUNTS)
    return con.execute(
        f"""
        SELECT f.feed, f.file_sha256
        FROM (SELECT feed, file_sha256, {counts} FROM {BRONZE}.landing_files WHERE status = 'landed' GROUP BY ALL) AS f
        LEFT JOIN (SELECT feed, file_sha256, {counts} FROM {BRONZE}.landing_accounting GROUP BY ALL) AS a
            USING (feed, file_sha256)
        WHERE NOT ({same} AND f.received = f.accepted + f.quarantined + f.duplicate)
        ORDER BY ALL
        """
    ).fetchall()
