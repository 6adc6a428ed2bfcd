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
    attribution: Annotated[str, typer.Option(help="Whose boundaries these are; shown with the map.")] = "",
    repair: Annotated[
        bool, typer.Option("--repair", help="Repair invalid polygons instead of refusing the file.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Install official township boundaries (properties code, name_zh, name_en), checked for overlaps and gaps.

    The next build places every business date anew.

    Example: yunjian geography import townships.geojson --datum GCJ02 --json
    """
    report(lambda: _import(file, datum.value, attribution, repair), as_json=as_json, show=_show_import)


@app.command()
def show(as_json: AsJson = False) -> None:
    """Show the installed map.

    Example: yunjian geography show
    """
    report(_installed, as_json=as_json, show=_show_map)


def _import(file: Path, datum: str, attribution: str, repair: bool) -> Mapping[str, Any]:
    from geography.install import import_map
    from lake.home import Home

    return import_map(Home.current().ensure(), file, datum, attribution=attribution, repair=repair)


def _installed() -> Mapping[str, Any]:
    from geography.install import show as show_map
    from lake.home import Home

    return show_map(Home.current())


def _show_import(result: Mapping[str, Any]) -> None:
    for name, value in result.items():
        typer.echo(f"{name}: {value}")


def _show_map(result: Mapping[str, Any]) -> None:
    rows = result.get("townships") or []
    _show_import({name: value for name, value in result.items() if name != "townships"})
    table(rows, rows[0] if rows else ["area_code"])
