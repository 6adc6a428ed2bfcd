"""Inbox to published edition without Airflow: the same functions the DAGs call, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import structlog

from ingestion.contracts import all_contracts
from lake.home import Home
from pipeline.landing import refusals
from pipeline.side_by_side import land_feeds

log = structlog.get_logger(__name__)


def run(
    home: Home,
    from_date: date | None = None,
    to_date: date | None = None,
    *,
    now: datetime | None = None,
    in_each_process: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Lands every feed's inbox (with dates: only files whose names carry a date in between), builds, publishes.

    A feed, the build or the publication that fails does not stop the others. `in_each_process`: see `land_feeds`.
    Returns {"feeds": [land reports], "build", "publication", "failures": [text], "exit_code"}: 0 all well, 1 something
    failed, 2 a file was refused.
    """
    now = now or datetime.now(UTC)
    run_id = f"run-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    feeds = [contract.feed for contract in all_contracts()]
    landed = land_feeds(
        home, feeds, run_id, from_date=from_date, to_date=to_date, now=now, in_each_process=in_each_process
    )
    reports = [feed.report for feed in landed if feed.report is not None]
    failures = [f"landing {feed.feed}: {feed.failure}" for feed in landed if feed.report is None]
    build = publication = None
    try:
        build = _build(home, run_id, now)
        if build["status"] == "failed":
            failures += [f"build: {failure['node']}: {failure['message']}" for failure in build["failures"]]
        publication = _publish(home, run_id, now)
        if publication["status"] == "refused":
            failures.append(f"edition refused: {'; '.join(publication['problems'])}")
    except Exception as error:
        log.exception("build or publication failed", run_id=run_id)
        failures.append(f"{'build' if build is None else 'publication'}: {error}")
    refused = any(refusals(report) for report in reports)
    return {
        "feeds": reports,
        "build": build,
        "publication": publication,
        "failures": failures,
        "exit_code": 1 if failures else 2 if refused else 0,
    }


def _build(home: Home, run_id: str, now: datetime) -> dict[str, Any]:
    from pipeline.build import build

    return build(home, run_id=run_id, now=now).as_json()


def _publish(home: Home, run_id: str, now: datetime) -> dict[str, Any]:
    from pipeline.publish import publish_edition

    return publish_edition(home, reason=run_id, now=now)
