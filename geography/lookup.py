"""The township lookup from Python: the SQL of dbt_project/macros/township_lookup.sql, rendered without dbt."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from geography.grid import Grid

MACRO_FILE: Final = Path(__file__).parents[1] / "dbt_project" / "macros" / "township_lookup.sql"
CELLS: Final = "bronze.geography_cells"
EDGES: Final = "bronze.geography_edges"


def lookup_sql(
    points: str,
    *,
    longitude: str = "longitude",
    latitude: str = "latitude",
    as_column: str = "area_code",
    cells: str = CELLS,
    edges: str = EDGES,
) -> str:
    """A DuckDB query: all rows and columns of `points` and the township's code (NULL outside the map).

    `points` is a table, a CTE's name or a bracketed query; `longitude` and `latitude` are its columns or expressions
    over them, degrees of WGS-84. All of it is SQL text: never pass what a user typed.
    """
    return str(_macros("duckdb").township_lookup(points, longitude, latitude, as_column, cells, edges))


def locate(
    con: duckdb.DuckDBPyConnection,
    points: str,
    *,
    longitude: str = "longitude",
    latitude: str = "latitude",
    as_column: str = "area_code",
    cells: str = CELLS,
    edges: str = EDGES,
) -> duckdb.DuckDBPyRelation:
    """The relation of `lookup_sql` on a connection that sees the two lookup tables (the bronze lake attached)."""
    query = lookup_sql(points, longitude=longitude, latitude=latitude, as_column=as_column, cells=cells, edges=edges)
    return con.sql(query)


def cells_per_degree() -> int:
    """How many cells of the grid a degree has, as the lookup's SQL computes them."""
    return int(_macros("duckdb").township_cells_per_degree())


def load_grid(con: duckdb.DuckDBPyConnection, grid: Grid, *, cells: str, edges: str) -> None:
    """Create the tables `cells` and `edges` from a grid, for lookups without a lake."""
    for name, table in ((cells, grid.cells), (edges, grid.edges)):
        con.register("grid_table", table)
        con.execute(f"CREATE OR REPLACE TABLE {name} AS FROM grid_table")
        con.unregister("grid_table")


@cache
def _macros(target: str) -> Any:
    environment = Environment(loader=FileSystemLoader(MACRO_FILE.parent), undefined=StrictUndefined)
    environment.globals["target"] = {"type": target}
    return environment.get_template(MACRO_FILE.name).module
