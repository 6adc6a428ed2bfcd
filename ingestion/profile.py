"""The profile of one landed batch: the few numbers its gate looks at, computed once in DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb


@dataclass(frozen=True)
class BatchProfile:
    """Counts of one file alone (rows that repeat each other in it are its duplicates) and shares of its good rows.

    Shares are between 0 and 1. What other files hold is no part of it: a verdict must not depend on who came first.
    """

    feed: str
    file_name: str
    file_sha256: str
    received: int
    accepted: int
    quarantined: int
    duplicate: int
    late: int
    null_share: Mapping[str, float] = field(default_factory=dict)
    distinct: Mapping[str, int] = field(default_factory=dict)

    @property
    def refused_share(self) -> float:
        return self.quarantined / self.received if self.received else 0.0

    @property
    def duplicate_share(self) -> float:
        return self.duplicate / self.received if self.received else 0.0

    @property
    def late_share(self) -> float:
        return self.late / self.received if self.received else 0.0

    def as_row(self) -> dict[str, float]:
        """One flat row: what the expectations are evaluated on."""
        return {
            "received": self.received,
            "accepted": self.accepted,
            "refused_share": self.refused_share,
            "duplicate_share": self.duplicate_share,
            "late_share": self.late_share,
            **{f"null_share.{column}": share for column, share in self.null_share.items()},
            **{f"distinct.{column}": count for column, count in self.distinct.items()},
        }


def column_profile(
    con: duckdb.DuckDBPyConnection, table: str, gate: Mapping[str, Any]
) -> tuple[dict[str, float], dict[str, int]]:
    """Null shares and distinct counts of the columns that a contract's gate names, from `table` (accepted rows).

    `table` is a quoted relation name. Distinct counts are HyperLogLog estimates (a few percent): gates ask for
    magnitudes, and an exact count of millions of pseudonyms would cost more than the landing.
    """
    nulls = list(gate.get("null_share", {}))
    distincts = list(gate.get("distinct_min", {}))
    if not nulls and not distincts:
        return {}, {}
    parts = [f"coalesce(1 - count({_quoted(c)}) / nullif(count(*), 0), 0)::DOUBLE" for c in nulls]
    parts += [f"approx_count_distinct({_quoted(c)})" for c in distincts]
    row = con.execute(f"SELECT {', '.join(parts)} FROM {table}").fetchone()
    assert row is not None
    return dict(zip(nulls, row, strict=False)), dict(zip(distincts, row[len(nulls) :], strict=True))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
