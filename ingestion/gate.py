"""The gate of each batch: Great Expectations on the batch's profile, as its contract declares.

Row rules are compiled to SQL and run on every row; the gate looks at what no single row shows: how many were refused,
how empty a column is, whether half the cameras are missing. Each expectation has one consequence: `stop` keeps the whole
batch out of the lake (the file is rejected, its bytes stay in landing), `warn` is recorded and shown.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import structlog

from ingestion.profile import BatchProfile
from lake.home import Home

if TYPE_CHECKING:
    from ingestion.contracts import Contract

log = structlog.get_logger()

Consequence = Literal["stop", "warn"]


@dataclass(frozen=True)
class Limit:
    """One declared expectation: a number of the profile must lie between `minimum` and `maximum`."""

    name: str  # as in the profile's row, e.g. `refused_share` or `null_share.confidence`
    consequence: Consequence
    minimum: float | None = None
    maximum: float | None = None

    @property
    def expectation(self) -> str:
        bounds = f">= {self.minimum:g}" if self.maximum is None else f"<= {self.maximum:g}"
        return f"{self.name} {bounds}"


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


def check_batch(home: Home, contract: Contract, profile: BatchProfile, now: datetime) -> list[GateResult]:
    """Validates a batch's profile; writes its page of Data Docs below `home.data_docs/<feed>`.

    A batch smaller than the contract's `minimum_rows` is not judged: a share of three rows says nothing.
    """
    declared = limits(contract)
    if not declared or profile.received < int(contract.gate.get("minimum_rows", 0)):
        return []
    outcomes = _validate(home, profile, declared)
    results = [
        GateResult(limit.expectation, limit.consequence, success, observed, now)
        for limit, (success, observed) in zip(declared, outcomes, strict=True)
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


def _validate(home: Home, profile: BatchProfile, declared: list[Limit]) -> list[tuple[bool, str]]:
    # Great Expectations takes seconds to import and phones home unless told not to: so here, and only when needed.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    import pandas as pd
    from great_expectations import expectations as gxe

    folder = home.data_docs / profile.feed
    folder.mkdir(parents=True, exist_ok=True)
    context = gx.get_context(mode="file", project_root_dir=folder)
    context.variables.progress_bars = {"globally": False}
    batches = (
        context.data_sources.add_or_update_pandas("batches")
        .add_dataframe_asset(profile.feed)
        .add_batch_definition_whole_dataframe(profile.feed)
    )
    suite = context.suites.add_or_update(gx.ExpectationSuite(name=profile.feed))
    for limit in declared:
        suite.add_expectation(
            gxe.ExpectColumnValuesToBeBetween(
                column=limit.name,
                min_value=limit.minimum,
                max_value=limit.maximum,
                meta={"consequence": limit.consequence},
            )
        )
    definition = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=profile.feed, data=batches, suite=suite)
    )
    checkpoint = context.checkpoints.add_or_update(
        gx.Checkpoint(
            name=profile.feed,
            validation_definitions=[definition],
            actions=[gx.checkpoint.UpdateDataDocsAction(name="pages")],
            result_format="SUMMARY",
        )
    )
    row = profile.as_row()
    outcome = checkpoint.run(
        batch_parameters={"dataframe": pd.DataFrame([row])},
        # Names a folder, so never the file's own name; and not digits alone, which would be parsed as a date.
        run_id=gx.RunIdentifier(run_name=f"file-{profile.file_sha256[:16]}"),
    )
    (validation,) = outcome.run_results.values()
    return [
        (bool(result.success), f"{row[limit.name]:g}")
        for limit, result in zip(declared, validation.results, strict=True)
    ]
