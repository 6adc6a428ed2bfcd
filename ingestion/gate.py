"""The gate of each batch: Great Expectations on the batch's profile, as its contract declares.

Row rules are compiled to SQL and run on every row; the gate looks at what no single row shows: how many were refused,
how empty a column is, whether half the cameras are missing. Each expectation has one consequence: `stop` keeps the whole
batch out of the lake (the file is rejected, its bytes stay in landing), `warn` is recorded and shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from ingestion.expectations import Consequence, Expectations, Limit
from ingestion.profile import BatchProfile
from lake.home import Home

if TYPE_CHECKING:
    from ingestion.contracts import Contract

log = structlog.get_logger()


@dataclass(frozen=True)
class GateResult:
    """What became of one expectation; a row of the bronze table `batch_gates`."""

    expectation: str
    consequence: Consequence
    success: bool
    observed: str
    checked_at: datetime


def limits(contract: Contract) -> list[Limit]:
    """The expectations that a contract's `landing.gate` declares."""
    return list(_limits(dict(contract.gate)))


def _limits(gate: dict[str, Any]) -> Iterator[Limit]:
    for share in ("refused_share", "duplicate_share", "late_share"):
        for consequence, bound in gate.get(share, {}).items():
            yield Limit(share, consequence, maximum=float(bound))
    for column, bounds in gate.get("null_share", {}).items():
        for consequence, bound in bounds.items():
            yield Limit(f"null_share.{column}", consequence, maximum=float(bound))
    for column, bounds in gate.get("distinct_min", {}).items():
        for consequence, bound in bounds.items():
            yield Limit(f"distinct.{column}", consequence, minimum=float(bound))


def expectations_of(home: Home, contract: Contract) -> Expectations:
    """The expectations that a contract's `landing.gate` declares."""
    return Expectations(home, contract.feed, limits(contract))


def check_batch(
    expectations: Expectations, contract: Contract, profile: BatchProfile, now: datetime
) -> list[GateResult]:
    """Validates a batch's profile.

    A batch smaller than the contract's `minimum_rows` is not judged: a share of three rows says nothing.
    """
    declared = expectations.declared
    if not declared or profile.received < int(contract.gate.get("minimum_rows", 0)):
        return []
    row = profile.as_row()
    results = [
        GateResult(limit.expectation, limit.consequence, success, f"{row[limit.name]:g}", now)
        for limit, success in zip(declared, expectations.judge(row, profile.file_sha256), strict=True)
    ]
    for result in results:
        if not result.success:
            log.warning(
                "batch gate failed",
                feed=profile.feed,
                file=profile.file_name,
                expectation=result.expectation,
                observed=result.observed,
                consequence=result.consequence,
            )
    return results


def stopped_by(results: list[GateResult]) -> GateResult | None:
    """The first failed expectation whose consequence is `stop`."""
    return next((r for r in results if r.consequence == "stop" and not r.success), None)
