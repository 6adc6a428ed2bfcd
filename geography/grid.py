"""The lookup grid: which township each small cell lies in, and the edges to test where it lies in several.

A cell is `1 / cells_per_degree` degrees high and wide. A cell that no border touches lies in one township, or in none,
and needs no geometry. A point of any other cell is inside a polygon when its rightward ray crosses an odd number of
the polygon's edges; the grid lists, for each such cell and each polygon that touches it, the edges a ray from the cell
can meet. They keep the polygons' own vertices and are stored lower end first, so the two neighbours of a shared border
compute the same bits and every point falls on one side of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ROW: Final = 1_000_000  # cell_id = row * ROW + column; columns stay below half of it up to 2,700 cells a degree
# Wider than any rounding of a cell's own sides (1e-13) and of the side test, narrower than anything mapped (0.1 mm).
_SLACK: Final = 1e-9
# Stands for an odd number of edges that every ray from the cell crosses: far to the right, from below to above.
_ALWAYS_CROSSED: Final = (1000.0, -1000.0, 1000.0, 1000.0)


@dataclass(frozen=True)
class Grid:
    """`cells` (cell_id, area_code): cells inside one area; `edges` (cell_id, area_code, x1, y1, x2, y2): the rest."""

    cells: pa.Table
    edges: pa.Table


def build_grid(codes: Sequence[str], polygons: Sequence[shapely.Geometry], cells_per_degree: int) -> Grid:
    """The grid of areas `codes` with their Polygons or MultiPolygons (degrees of WGS-84).

    Where polygons overlap, the lowest code owns the ground: cells here, points in the lookup's SQL.
    """
    order = sorted(range(len(codes)), key=lambda index: codes[index])
    codes = [codes[index] for index in order]
    polygons = [polygons[index] for index in order]
    bands = _bands(_edges(polygons), cells_per_degree)
    touched = _touched(bands, cells_per_degree)
    inside = _inside(polygons, cells_per_degree)

    # An overlap may cover a cell that borders of other areas touch.
    covered = inside[inside.cell_id.isin(touched.cell_id)].merge(
        touched, on=["cell_id", "area"], how="left", indicator=True
    )
    covered = covered.loc[covered["_merge"] == "left_only", ["cell_id", "area"]]
    edges = pd.concat([_reachable(touched, bands, cells_per_degree), _always_crossed(covered)], ignore_index=True)
    cells = inside[~inside.cell_id.isin(touched.cell_id)].groupby("cell_id", as_index=False).area.min()
    return Grid(_table(cells, codes), _table(edges.sort_values(["cell_id", "area"], kind="stable"), codes))


def _edges(polygons: Sequence[shapely.Geometry]) -> pd.DataFrame:
    """Every edge of every ring, lower end first: area (index), x1, y1, x2, y2."""
    parts = []
    for area, polygon in enumerate(polygons):
        for ring in shapely.get_rings(polygon):
            xy = shapely.get_coordinates(ring)
            parts.append(np.column_stack([np.full(len(xy) - 1, area), xy[:-1], xy[1:]]))
    table = np.vstack(parts)
    upside_down = (table[:, 2] > table[:, 4]) | ((table[:, 2] == table[:, 4]) & (table[:, 1] > table[:, 3]))
    table[upside_down] = table[upside_down][:, [0, 3, 4, 1, 2]]
    return pd.DataFrame(table, columns=["area", "x1", "y1", "x2", "y2"]).astype({"area": "int64"})


def _bands(edges: pd.DataFrame, cells_per_degree: int) -> pd.DataFrame:
    """One row per edge and row of cells it passes: with row, the part's west and east, and whether it spans the row."""
    low = np.floor((edges.y1.to_numpy() - _SLACK) * cells_per_degree).astype(np.int64)
    high = np.floor((edges.y2.to_numpy() + _SLACK) * cells_per_degree).astype(np.int64)
    bands = edges.loc[edges.index.repeat(high - low + 1)].reset_index(drop=True)
    bands["row"] = _ranges(low, high)
    bottom = bands.row / cells_per_degree - _SLACK
    top = (bands.row + 1) / cells_per_degree + _SLACK
    with np.errstate(invalid="ignore"):
        slope = ((bands.x2 - bands.x1) / (bands.y2 - bands.y1)).where(bands.y2 > bands.y1, 0.0)
    at_bottom = bands.x1 + slope * (np.maximum(bottom, bands.y1) - bands.y1)
    at_top = bands.x1 + slope * (np.minimum(top, bands.y2) - bands.y1)
    at_top = at_top.where(bands.y2 > bands.y1, bands.x2)
    bands["west"] = np.minimum(at_bottom, at_top) - _SLACK
    bands["east"] = np.maximum(at_bottom, at_top) + _SLACK
    bands["spans"] = (bands.y1 <= bottom) & (bands.y2 >= top)
    return bands


def _touched(bands: pd.DataFrame, cells_per_degree: int) -> pd.DataFrame:
    """The cells that an edge touches: one row per cell_id and area, with row and column."""
    first = np.floor(bands.west.to_numpy() * cells_per_degree).astype(np.int64)
    last = np.floor(bands.east.to_numpy() * cells_per_degree).astype(np.int64)
    count = last - first + 1
    touched = pd.DataFrame(
        {
            "area": np.repeat(bands.area.to_numpy(), count),
            "row": np.repeat(bands.row.to_numpy(), count),
            "column": _ranges(first, last),
        }
    ).drop_duplicates(ignore_index=True)
    touched["cell_id"] = touched.row * ROW + touched.column
    return touched


def _inside(polygons: Sequence[shapely.Geometry], cells_per_degree: int) -> pd.DataFrame:
    """The cells whose middle lies in an area: one row per cell_id and area."""
    parts = []
    for area, polygon in enumerate(polygons):
        shapely.prepare(polygon)
        west, south, east, north = np.floor(np.array(shapely.bounds(polygon)) * cells_per_degree).astype(np.int64)
        columns, rows = np.meshgrid(np.arange(west, east + 1), np.arange(south, north + 1))
        column, row = columns.ravel(), rows.ravel()
        within = shapely.contains_xy(polygon, (column + 0.5) / cells_per_degree, (row + 0.5) / cells_per_degree)
        parts.append(pd.DataFrame({"cell_id": row[within] * ROW + column[within], "area": area}))
    return pd.concat(parts, ignore_index=True)


def _reachable(touched: pd.DataFrame, bands: pd.DataFrame, cells_per_degree: int) -> pd.DataFrame:
    """The edges of each touching area that a rightward ray from the cell may cross."""
    crossable = bands[bands.y1 < bands.y2]  # a ray never crosses a level edge
    pairs = touched.merge(crossable, on=["row", "area"])
    pairs = pairs[pairs.east >= pairs.column / cells_per_degree]
    always = pairs.spans & (pairs.west > (pairs.column + 1) / cells_per_degree)
    # Pairs of edges that every ray crosses cancel out: keep one for an odd number.
    counted = pairs[always].groupby(["cell_id", "area"], as_index=False).size()
    odd = counted.loc[counted["size"] % 2 == 1, ["cell_id", "area"]]
    kept = pairs.loc[~always, ["cell_id", "area", "x1", "y1", "x2", "y2"]]
    return pd.concat([kept, _always_crossed(odd)], ignore_index=True)


def _always_crossed(cells: pd.DataFrame) -> pd.DataFrame:
    return cells.assign(**dict(zip(["x1", "y1", "x2", "y2"], _ALWAYS_CROSSED, strict=True)))


def _ranges(first: Integers, last: Integers) -> Integers:
    """first[0]..last[0], first[1]..last[1], ... in one array."""
    count = last - first + 1
    starts = np.repeat(np.cumsum(count) - count, count)
    return np.asarray(np.arange(count.sum()) - starts + np.repeat(first, count))


def _table(frame: pd.DataFrame, codes: Sequence[str]) -> pa.Table:
    columns = {"cell_id": pa.array(frame.cell_id.to_numpy(np.int64))}
    columns["area_code"] = pa.DictionaryArray.from_arrays(
        pa.array(frame.area.to_numpy(np.int32)), pa.array(codes)
    ).cast(pa.string())
    columns |= {name: pa.array(frame[name].to_numpy(np.float64)) for name in ("x1", "y1", "x2", "y2") if name in frame}
    return pa.table(columns)
