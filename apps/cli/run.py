from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from apps.cli.output import AsJson, log_to_stderr, report, table


def run(
    from_date: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="Only files whose name has this date or a later one."),
    ] = None,
    to_date: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="Only files whose name has this date or an earlier one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Inbox to published edition without Airflow, through the same functions. A failing feed does not stop the others.

    Exit 0 when all went well, 2 when a file was refused, 1 when a feed, the build or the edition failed.

    Example: yunjian run --from 2026-11-16 --to 2026-11-17 --json
    """
    report(lambda: _run(from_date, to_date), as_json=as_json, show=_show, exit_code=_exit_code)


def _run(from_date: datetime | None, to_date: datetime | None) -> Mapping[str, Any]:
    from lake.home import Home
    from pipeline.run import run as run_pipeline

    first, last = (day.date() if day else None for day in (from_date, to_date))
    return run_pipeline(Home.current().ensure(), first, last, in_each_process=log_to_stderr)


def _exit_code(result: Mapping[str, Any]) -> int:
    return int(result["exit_code"])


def _show(result: Mapping[str, Any]) -> None:
    files = [{"feed": feed["feed"]} | file for feed in result["feeds"] for file in feed["files"]]
    table(files, ["feed", "file", "status", "received", "accepted", "quarantined", "duplicate", "late", "reason"])
    for failure in result["failures"]:
        typer.echo(f"failed: {failure}", err=True)
    typer.echo(f"build: {(result['build'] or {}).get('status', 'not run')}")
    edition = result["publication"] or {}
    typer.echo(f"edition: {edition.get('edition', '-')} ({edition.get('status', 'not run')})")
