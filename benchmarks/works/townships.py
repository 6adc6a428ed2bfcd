"""Township of ten million points, exact at borders, against `geopandas.sjoin` with the same polygons."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.arena import Work

MAP = Path(__file__).parents[2] / "geography" / "data" / "townships.geojson"
POINTS = "points.parquet"


def _prepare(data: Path, rows: int) -> None:
    import duckdb

    with duckdb.connect() as con:
        con.execute(
            "COPY (SELECT 120.98 + hash(range, 1) % 500000007 / 1e9 AS longitude, 30.85 + hash(range, 2) % 350000003 / 1e9"
            f" AS latitude FROM range({rows})) TO '{data / POINTS}' (FORMAT parquet)"
        )


def _lookup(data: Path, room: Path) -> Mapping[str, Any]:
    import duckdb
    import geopandas

    from geography.grid import build_grid
    from geography.lookup import cells_per_degree, load_grid, lookup_sql

    townships = geopandas.read_file(MAP)
    with duckdb.connect(config={"threads": 2, "memory_limit": "4GB"}) as con:
        grid = build_grid(list(townships["code"]), list(townships.geometry), cells_per_degree())
        load_grid(con, grid, cells="cells", edges="edges")
        points = f"(SELECT * FROM read_parquet('{data / POINTS}'))"
        query = lookup_sql(points, as_column="code", cells="cells", edges="edges")
        counts = con.execute(
            f"SELECT coalesce(code, 'outside'), count(*) FROM ({query}) GROUP BY 1 ORDER BY 1"
        ).fetchall()
    return {"points by township": dict(counts)}


def _sjoin(data: Path, room: Path) -> Mapping[str, Any]:
    import geopandas
    import polars as pl

    townships = geopandas.read_file(MAP)
    frame = pl.read_parquet(data / POINTS)
    points = geopandas.GeoDataFrame(
        geometry=geopandas.points_from_xy(frame["longitude"].to_numpy(), frame["latitude"].to_numpy()),
        crs=townships.crs,
    )
    joined = geopandas.sjoin(points, townships[["code", "geometry"]], how="left", predicate="within")
    counts = joined["code"].fillna("outside").value_counts()
    return {"points by township": {str(code): int(counts[code]) for code in sorted(counts.index)}}


def _warm() -> None:
    import duckdb  # noqa: F401
    import geopandas  # noqa: F401
    import polars  # noqa: F401


_lookup.warm = _warm  # type: ignore[attr-defined]
_sjoin.warm = _warm  # type: ignore[attr-defined]

WORK = Work(
    name="townships",
    title="Township lookup",
    goal="10 times faster than geopandas.sjoin (at most 0.1 times its seconds), same answers",
    rows=10_000_000,
    prepare=_prepare,
    arms={"yunjian lookup": _lookup, "geopandas.sjoin": _sjoin},
    compare=("points by township",),
    at_most=0.1,
)
