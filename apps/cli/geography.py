from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from apps.cli.output import AsJson, report, table

app = typer.Typer(help="The district's map.", no_args_is_help=True)


class Datum(StrEnum):
    WGS84 = "WGS84"
    GCJ02 = "GCJ02"
    BD09 = "BD09"


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Township polygons: GeoJSON, GeoParquet or Shapefile.")],
    datum: Annotated[Datum, typer.Option(help="Datum of the file's coordinates.")] = Datum.WGS84,
    as_json: AsJson = False,
) -> None:
    """Install official township boundaries (properties code, name_zh, name_en), checked for overlaps and gaps.

    Example: yunjian geography import townships.geojson --datum GCJ02 --json
    """
    report(lambda: _import(file, datum.value), as_json=as_json, show=_show_import)


@app.command()
def show(as_json: AsJson = False) -> None:
    """Show the installed map.

    Example: yunjian geography show
    """
    report(_installed, as_json=as_json, show=_show_map)


def _import(file: Path, datum: str) -> Mapping[str, Any]:
    raise NotImplementedError


def _installed() -> Mapping[str, Any]:
    raise NotImplementedError


def _show_import(result: Mapping[str, Any]) -> None:
    for name, value in result.items():
        typer.echo(f"{name}: {value}")


def _show_map(result: Mapping[str, Any]) -> None:
    rows = result["townships"]
    table(rows, rows[0] if rows else ["area_code"])
