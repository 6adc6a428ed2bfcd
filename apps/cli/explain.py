from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from apps.cli.output import AsJson, report, table


def explain(
    kpi: Annotated[str, typer.Argument(help="KPI, as `kpi_definitions` names it.")],
    area: Annotated[str, typer.Argument(help="310117 or the nine digits of a township.")],
    day: Annotated[datetime, typer.Argument(help="Business date.", formats=["%Y-%m-%d"], metavar="DATE")],
    rows: Annotated[
        bool, typer.Option("--rows", help="The ids of the rows behind it, where they may be shown (cases).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say where a figure comes from: rule, parts, rows by layer, source files, edition, and what it was before.

    Example: yunjian explain incidents_total 310117 2026-11-16 --json
    """
    report(lambda: _explain(kpi, area, day, rows), as_json=as_json, show=_show)


def _explain(kpi: str, area: str, day: datetime, rows: bool) -> Mapping[str, Any]:
    from lake.home import Home
    from pipeline.explain import explain as explain_figure

    return explain_figure(Home.current(), kpi, area, day.date(), with_rows=rows)


def _show(result: Mapping[str, Any]) -> None:
    figure, rule, edition = result["figure"], result["rule"] or {}, result["edition"]
    typer.echo(f"{rule.get('name_zh')} / {rule.get('name_en')}  {result['area_code']}  {result['business_date']}")
    value = figure["value"] if figure["status"] == "ok" else "-"
    typer.echo(f"value {value} {rule.get('unit', '')}  status {figure['status']}  coverage {figure['coverage']}")
    typer.echo(f"numerator {figure['numerator']}  denominator {figure['denominator']}")
    if figure.get("pending_status"):
        typer.echo(f"pending {figure['pending_value']} ({figure['pending_status']}): its month is closed")
    typer.echo(f"rule {figure['rule_version']}, {rule.get('owner')}, {rule.get('legal_basis')}")
    typer.echo(f"  {rule.get('formula_zh')}\n  {rule.get('formula_en')}")
    typer.echo(f"edition {edition['edition']}, bronze snapshot {edition['bronze_snapshot']}, {edition['code_version']}")
    typer.echo("\nmade of")
    table([{**layer, "of": " ".join(layer["of"])} for layer in result["layers"]], ["layer", "model", "rows", "of"])
    typer.echo("\nsource files")
    table(result["sources"], ["feed", "business_date", "file", "sha256", "rows", "first_line", "last_line"])
    if result["rows"] is not None:
        typer.echo("\nrows")
        table(result["rows"], ["row_id", "is_in_numerator", "is_in_denominator", "feed", "file", "sha256", "line"])
    if len(result["history"]) > 1:
        typer.echo("\nwhat editions said")
        table(result["history"], ["first_edition", "last_edition", "value", "status", "coverage", "rule_version"])
    if result["restatements"]:
        typer.echo("\nrestatements")
        columns = ["edition", "as_published_value", "now_value", "change", "cause", "state", "approved_by"]
        table(result["restatements"], columns)
