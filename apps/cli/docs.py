from collections.abc import Mapping
from typing import Any

import typer

from apps.cli.output import AsJson, report

app = typer.Typer(help="Documentation of models and checked batches, readable without internet.", no_args_is_help=True)


@app.command()
def build(as_json: AsJson = False) -> None:
    """Write the pages of the models (dbt docs) and of the checked batches (Data Docs); prints where they are.

    Example: yunjian docs build --json
    """
    report(_build, as_json=as_json, show=_show)


@app.callback()
def docs() -> None:
    """Documentation of models and checked batches, readable without internet."""


def _build() -> Mapping[str, Any]:
    from lake.home import Home
    from pipeline.docs import build_docs

    return build_docs(Home.current().ensure())


def _show(result: Mapping[str, Any]) -> None:
    typer.echo(f"models: {result['dbt']}")
    typer.echo(f"checked batches ({result['batches']}): {result['data_docs']}")
