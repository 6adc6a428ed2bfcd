from collections.abc import Mapping
from typing import Annotated, Any

import typer

from apps.cli.output import AsJson, report, table

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


def _replay(feed: str) -> Mapping[str, Any]:
    from datetime import UTC, datetime

    from ingestion.replay import replay as replay_feed
    from lake.home import Home

    return replay_feed(Home.current().ensure(), feed, datetime.now(UTC))


def _show(result: Mapping[str, Any]) -> None:
    rows = result["quarantine"]
    table(rows, rows[0] if rows else ["feed"])
