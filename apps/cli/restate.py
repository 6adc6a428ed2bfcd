from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from apps.cli.output import AsJson, report, table

app = typer.Typer(help="Changes of published figures: what, why, and who approved.", no_args_is_help=True)

Month = Annotated[datetime | None, typer.Option(help="A month.", formats=["%Y-%m"])]
Kpi = Annotated[str | None, typer.Option(help="One KPI.")]
COLUMNS = [
    *("restatement_id", "state", "kpi_code", "area_code", "business_date", "as_published_value", "now_value"),
    *("as_published_status", "now_status", "cause", "edition", "approved_by"),
]


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="pending, published, approved or superseded.")] = None,
    kpi: Kpi = None,
    area: Annotated[str | None, typer.Option(help="One area.")] = None,
    month: Month = None,
    as_json: AsJson = False,
) -> None:
    """List what changed of published figures: as published, now, why, and whether it is in force.

    Example: yunjian restate list --state pending --month 2026-10 --json
    """
    report(lambda: _list(state, kpi, area, month), as_json=as_json, show=_show)


@app.command()
def approve(
    by: Annotated[str, typer.Option(help="Name of the person who approves.")],
    reason: Annotated[str, typer.Option(help="Why the closed month may change.")],
    ids: Annotated[list[str] | None, typer.Argument(help="As `restate list` shows them.", metavar="[ID]...")] = None,
    kpi: Kpi = None,
    month: Month = None,
    as_json: AsJson = False,
) -> None:
    """Approve pending changes of a closed month, and publish the edition that carries them.

    Example: yunjian restate approve 3f2a90c1b7de --by "Wang Li" --reason "hand-back lists re-read" --json
    """
    report(
        lambda: _approve(ids or [], by, reason, kpi, month),
        as_json=as_json,
        show=_show_approval,
        exit_code=lambda result: 1 if result["publication"]["status"] == "refused" else 0,
    )


def _list(state: str | None, kpi: str | None, area: str | None, month: datetime | None) -> Mapping[str, Any]:
    from lake.home import Home
    from pipeline.restate import list_restatements

    rows = list_restatements(
        Home.current(), state=state, kpi_code=kpi, area_code=area, month=month.date() if month else None
    )
    return {"restatements": rows}


def _approve(ids: list[str], by: str, reason: str, kpi: str | None, month: datetime | None) -> Mapping[str, Any]:
    from lake.home import Home
    from pipeline.restate import approve_restatements

    return approve_restatements(
        Home.current(),
        ids,
        approved_by=by,
        reason=reason,
        kpi_code=kpi,
        month=month.date() if month else None,
    )


def _show(result: Mapping[str, Any]) -> None:
    table(result["restatements"], COLUMNS)


def _show_approval(result: Mapping[str, Any]) -> None:
    publication = result["publication"]
    typer.echo(f"approved {len(result['approved'])} by {result['approved_by']}: {result['reason']}")
    typer.echo(f"edition {publication['edition']} {publication['status']}")
    for problem in publication["problems"]:
        typer.echo(f"  {problem}", err=True)
