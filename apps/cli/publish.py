from collections.abc import Mapping
from typing import Annotated, Any

import typer

from apps.cli.output import AsJson, report


def publish(
    reason: Annotated[str | None, typer.Option(help="Why, for the list of editions.")] = None,
    as_json: AsJson = False,
) -> None:
    """Publish an edition of what was built: verified, then swapped in; unchanged content is not published again.

    Example: yunjian publish --reason "corrected camera register" --json
    """
    report(
        lambda: _publish(reason),
        as_json=as_json,
        show=_show,
        exit_code=lambda result: 1 if result["status"] == "refused" else 0,
    )


def _publish(reason: str | None) -> Mapping[str, Any]:
    from lake.home import Home
    from pipeline.publish import publish_edition

    return publish_edition(Home.current().ensure(), reason=reason or "by hand")


def _show(result: Mapping[str, Any]) -> None:
    typer.echo(f"edition {result.get('edition') or '-'}: {result['status']}")
    for problem in result.get("problems") or []:
        typer.echo(f"  {problem}")
