from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from apps.cli.output import AsJson, report, table


def rebuild(
    into: Annotated[Path | None, typer.Option(help="Another data root, for the new lakes alone.")] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Put the new lakes in place although they say something else.")
    ] = False,
    keep_old: Annotated[bool, typer.Option("--keep-old", help="Keep the old lakes beside the new ones.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make both lakes again from landing alone; they take the old ones' place once they say what is published.

    Stop the scheduler first. Exit 1 when they say something else: then nothing is replaced.

    Example: yunjian rebuild --json
    """
    report(
        lambda: _rebuild(into, accept, keep_old),
        as_json=as_json,
        show=_show,
        exit_code=lambda result: 0 if result["status"] == "verified" else 1,
    )


def _rebuild(into: Path | None, accept: bool, keep_old: bool) -> Mapping[str, Any]:
    from lake.home import Home
    from pipeline.rebuild import rebuild as rebuild_lakes

    def tell(line: str) -> None:
        typer.echo(line, err=True)

    return rebuild_lakes(Home.current(), into=into, accept=accept, keep_old=keep_old, tell=tell).as_json()


def _show(result: Mapping[str, Any]) -> None:
    typer.echo(f"rebuilt from {result['files']} files: {result['status']}, content hash {result['content_hash']}")
    typer.echo(f"  in {result['place']}" + (", in place of the old lakes" if result["replaced"] else ""))
    if result["differences"]:
        typer.echo(f"  published is {result['published_hash']}; rows that differ:")
        table(result["differences"], ["table", "only_before", "only_now"])
    for problem in result["problems"]:
        typer.echo(f"  {problem}", err=True)
