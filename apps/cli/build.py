from collections.abc import Mapping
from typing import Annotated, Any

import typer

from apps.cli.output import AsJson, report


def build(
    full: Annotated[bool, typer.Option("--full", help="Every business date, not the changed ones alone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Build the KPIs of the business dates that changed (dbt).

    Example: yunjian build --json
    """
    report(
        lambda: _build(full),
        as_json=as_json,
        show=_show,
        exit_code=lambda result: 1 if result["status"] == "failed" else 0,
    )


def _build(full: bool) -> Mapping[str, Any]:
    from lake.home import Home
    from pipeline.build import build as build_changed

    return build_changed(Home.current().ensure(), full=full).as_json()


def _show(result: Mapping[str, Any]) -> None:
    dates = result["dates"]
    span = f": {len(dates)} business dates, {min(dates)} to {max(dates)}" if dates else ""
    typer.echo(f"build {result['status']}{span}")
    for failure in result["failures"]:
        typer.echo(f"  failed {failure['node']}: {failure['message']}", err=True)
    for warning in result["warnings"]:
        typer.echo(f"  warning {warning['node']}: {warning['message']}", err=True)
