from collections.abc import Mapping
from typing import Annotated, Any

import typer

from apps.cli.output import AsJson, report, table
from apps.cli.visible import visible

RAW_SHOWN = 2_000  # characters of a row
app = typer.Typer(help="What was refused, and why; and a second chance for it.", no_args_is_help=True)


@app.command("list")
def list_(
    feed: Annotated[str | None, typer.Argument(help="One feed; default all.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what was refused and why.

    Example: yunjian quarantine list truck_gps --json
    """
    report(lambda: _list(feed), as_json=as_json, show=_show)


@app.command()
def show(
    feed: Annotated[str, typer.Argument(help="Feed, as `yunjian feeds` names it.")],
    file: Annotated[str | None, typer.Option(help="Only of this file, as `list` names it.", metavar="NAME")] = None,
    rule: Annotated[str | None, typer.Option(help="Only those that broke this rule, as `list` names it.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show refused rows as they came: file, line, field, rule, reason, raw content.

    Rows of feeds with personal data lie sealed; whoever holds the keys of this installation is shown them in clear, and
    the retrieval register says who looked at how many of which files (`yunjian evidence verify`).
    Control characters are written out (\\x1b), so that a row does nothing to the terminal; long rows are cut, with
    --json they are whole.

    Example: yunjian quarantine show truck_gps --rule bad_checksum --limit 5 --json
    """
    report(lambda: _rows(feed, file, rule, limit), as_json=as_json, show=_show_rows)


@app.command()
def replay(
    feed: Annotated[str, typer.Argument(help="Feed, as `yunjian feeds` names it.")],
    as_json: AsJson = False,
) -> None:
    """Land the refused rows again, after a contract or data fix; the accounting stays balanced.

    Example: yunjian quarantine replay truck_gps --json
    """
    report(lambda: _replay(feed), as_json=as_json, show=lambda result: table([result], result))


def _list(feed: str | None) -> Mapping[str, Any]:
    from ingestion.quarantine import list_quarantine
    from lake.home import Home

    return {"quarantine": list_quarantine(Home.current().ensure(), feed)}


def _rows(feed: str, file: str | None, rule: str | None, limit: int) -> Mapping[str, Any]:
    from evidence.retrieval import note_opened
    from ingestion.quarantine import refused_rows
    from lake.home import Home

    home = Home.current().ensure()
    found = refused_rows(home, feed, file=file, rule=rule, limit=limit + 1)
    rows = refused_rows(
        home,
        feed,
        file=file,
        rule=rule,
        limit=limit,
        unseal=True,
        noting=lambda sealed: note_opened(home, feed, sealed),
    )
    return {"feed": feed, "rows": rows, "more": len(found) > limit}


def _replay(feed: str) -> Mapping[str, Any]:
    from datetime import UTC, datetime

    from ingestion.replay import replay as replay_feed
    from lake.home import Home

    return replay_feed(Home.current().ensure(), feed, datetime.now(UTC))


def _show(result: Mapping[str, Any]) -> None:
    rows = result["quarantine"]
    table(rows, rows[0] if rows else ["feed"])


def _show_rows(result: Mapping[str, Any]) -> None:
    for row in result["rows"]:
        typer.echo(visible(f"{row['file']}:{row['line']}  {row['field']}  {row['rule']}: {row['reason']}"))
        raw = row["raw"] or ""
        cut = f" ... ({len(raw):,} characters)" if len(raw) > RAW_SHOWN else ""
        typer.echo(f"    {visible(raw[:RAW_SHOWN])}{cut}")
    if result["more"]:
        typer.echo(f"there are more than {len(result['rows'])}: --limit", err=True)
    if not result["rows"]:
        typer.echo("no such refused row; rejected files are told by `yunjian quarantine list`", err=True)
