from collections.abc import Mapping
from typing import Any

import typer

from apps.cli.output import AsJson, report


def doctor(as_json: AsJson = False) -> None:
    """Say what is wrong with this installation, and the mend. Exit 1 when something is.

    Example: yunjian doctor --json
    """
    report(_examine, as_json=as_json, show=_show, exit_code=lambda result: 0 if result["healthy"] else 1)


def _examine() -> Mapping[str, Any]:
    from lake.home import Home
    from operations.doctor import examine

    return examine(Home.current())


def _show(result: Mapping[str, Any]) -> None:
    signs = {"ok": "ok   ", "wrong": "WRONG", "note": "note "}
    for check in result["checks"]:
        typer.echo(f"{signs[check['status']]}  {check['name']}: {check['found']}")
        if check["mend"]:
            typer.echo(f"       mend: {check['mend']}")
