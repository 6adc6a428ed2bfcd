"""The ledger of landing: for each file and business date, received = accepted + quarantined + duplicate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import duckdb

from lake.lakes import BRONZE


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
    """(feed, file hash) of landed files whose ledger does not balance or disagrees with the file's own counts."""
    return con.execute(
        f"""
        SELECT f.feed, f.file_sha256
        FROM {BRONZE}.landing_files AS f
        LEFT JOIN (
            SELECT feed, file_sha256, file_date, sum(received) AS received, sum(accepted) AS accepted,
                   sum(quarantined) AS quarantined, sum(duplicate) AS duplicate
            FROM (SELECT a.*, l.file_date FROM {BRONZE}.landing_accounting AS a JOIN {BRONZE}.landing_files AS l
                  ON l.feed = a.feed AND l.file_sha256 = a.file_sha256 AND l.status = 'landed')
            GROUP BY ALL
        ) AS a USING (feed, file_sha256, file_date)
        WHERE f.status = 'landed' AND f.received <> f.accepted + f.quarantined + f.duplicate
        """
    ).fetchall()
