"""The shipped map: the outline divided among the townships, as a coverage without gaps or overlaps."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geography.making.outline import from_plane, to_plane
from geography.making.power_diagram import owners, power_diagram, weights_for

Floats = NDArray[np.float64]

_GRID_DEGREES: Final = 1e-6  # about 10 cm: the precision of the outline itself
_BORDER_STEP_M: Final = 1000.0  # borders are straight in the plane; a vertex a kilometre keeps them so in degrees
_AREA_TOLERANCE: Final = 5e-4
_ROUNDS: Final = 20


@dataclass(frozen=True)
class Township:
    """A township's published facts: area in square kilometres, centre in degrees of WGS-84."""

    code: str
    name_zh: str
    name_en: str
    area_km2: float
    longitude: float
    latitude: float


def read_townships(file: Path) -> list[Township]:
    """The townships of a CSV with the columns of Township, by code."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [
            Township(
                row["code"],
                row["name_zh"],
                row["name_en"],
                float(row["area_km2"]),
                float(row["longitude"]),
                float(row["latitude"]),
            )
            for row in csv.DictReader(lines)
        ]
    return sorted(rows, key=lambda township: township.code)


def draw(outline: shapely.Geometry, townships: list[Township]) -> list[shapely.Polygon]:
    """A polygon (degrees of WGS-84) for each of `townships`, whose areas are in the proportion of the published ones."""
    plane = shapely.transform(outline, to_plane)
    sites = to_plane(np.array([(township.longitude, township.latitude) for township in townships]))
    areas = np.array([township.area_km2 for township in townships])
    areas *= plane.area / areas.sum()
    pieces, owner = _settled(outline, plane, sites, areas)
    return [_whole(pieces[owner == index], townships[index]) for index in range(len(townships))]


def _settled(
    outline: shapely.Geometry, plane: shapely.Geometry, sites: Floats, areas: Floats
) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """The pieces of the outline and the township each belongs to, with `areas` right after fragments changed hands."""
    wanted = areas.copy()
    for _ in range(_ROUNDS):
        weights = weights_for(sites, wanted, plane)
        pieces = _pieces(outline, sites, weights)
        inside = to_plane(shapely.get_coordinates(shapely.point_on_surface(pieces)))
        owner = _without_fragments(pieces, owners(inside, sites, weights))
        pieces_m2 = shapely.area([shapely.transform(piece, to_plane) for piece in pieces])
        miss = np.bincount(owner, pieces_m2, minlength=len(sites)) - areas
        if np.abs(miss / areas).max() < _AREA_TOLERANCE:
            return pieces, owner
        wanted -= miss
        wanted *= plane.area / wanted.sum()  # rounding to the grid moved a few square metres
    raise ArithmeticError(f"the areas do not settle in {_ROUNDS} rounds: {np.abs(miss / areas).max():.2%} off")


def _pieces(outline: shapely.Geometry, sites: Floats, weights: Floats) -> NDArray[np.object_]:
    borders = shapely.segmentize(shapely.linestrings(power_diagram(sites, weights).segments), _BORDER_STEP_M)
    borders = [shapely.transform(border, from_plane) for border in borders]
    # One union on one grid: every border and every corner has the same coordinates on all of its sides.
    lines = shapely.union_all([*borders, shapely.boundary(outline)], grid_size=_GRID_DEGREES)
    pieces = shapely.get_parts(shapely.polygonize([lines]))
    return np.asarray(pieces[shapely.covers(outline, shapely.point_on_surface(pieces))])


def _without_fragments(pieces: NDArray[np.object_], owner: NDArray[np.intp]) -> NDArray[np.intp]:
    """Slivers that the bends of the outline cut off from their township go to the neighbour with the longest border."""
    owner = owner.copy()
    areas = shapely.area(pieces)
    main = {index: np.flatnonzero(owner == index)[areas[owner == index].argmax()] for index in np.unique(owner)}
    for piece in np.flatnonzero(~np.isin(np.arange(len(pieces)), list(main.values()))):
        shared = {
            index: shapely.length(shapely.intersection(pieces[piece], pieces[whole])) for index, whole in main.items()
        }
        owner[piece] = max(shared, key=shared.__getitem__)
    return owner


def _whole(pieces: NDArray[np.object_], township: Township) -> shapely.Polygon:
    polygon = shapely.orient_polygons(shapely.coverage_union_all(pieces))
    if not isinstance(polygon, shapely.Polygon) or polygon.interiors or not polygon.is_valid:
        raise ArithmeticError(f"{township.name_en} is in several parts or has holes")
    return polygon
