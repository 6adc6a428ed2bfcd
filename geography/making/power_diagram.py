"""Power diagrams (weighted Voronoi diagrams) whose cells have given areas.

A point belongs to the site with the least |point - site|^2 - weight. For any sites and any areas that add up there is
exactly one set of weights (but for a constant) whose cells, cut to the outline, have these areas (Aurenhammer, Hoffmann
and Aronov 1998); a damped Newton iteration finds it (Kitagawa, Merigot and Thibert 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

Floats = NDArray[np.float64]

_FAR_M: Final = 1e6  # a ring of dummy sites so far away closes every cell outside the outline
_TOLERANCE_M2: Final = 1.0
_ROUNDS: Final = 100


@dataclass(frozen=True)
class PowerDiagram:
    """The diagram's borders: segment k (from, to; metres) parts the sites `pairs[k]`."""

    segments: Floats  # (borders, 2, 2)
    pairs: NDArray[np.intp]  # (borders, 2)


def power_diagram(sites: Floats, weights: Floats) -> PowerDiagram:
    """The borders between `sites` (n, 2; metres) with `weights` (n; square metres)."""
    angles = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    everyone = np.vstack([sites, _FAR_M * np.column_stack([np.cos(angles), np.sin(angles)])])
    height = (everyone**2).sum(axis=1)
    height[: len(sites)] -= weights
    # Lifted to a paraboloid, the diagram is the lower convex hull: a facet is a corner, a ridge is a border.
    hull = ConvexHull(np.column_stack([everyone, height]))
    corners = -hull.equations[:, :2] / (2 * hull.equations[:, 2:3])
    is_lower = hull.equations[:, 2] < 0
    segments, pairs = [], []
    for facet, neighbours in enumerate(hull.neighbors):
        for neighbour in neighbours:
            pair = np.intersect1d(hull.simplices[facet], hull.simplices[neighbour])
            if facet < neighbour and is_lower[facet] and is_lower[neighbour] and pair.max() < len(sites):
                segments.append(corners[[facet, neighbour]])
                pairs.append(pair)
    return PowerDiagram(np.array(segments), np.array(pairs))


def owners(points: Floats, sites: Floats, weights: Floats) -> NDArray[np.intp]:
    """The site each of `points` (m, 2) belongs to."""
    powers = ((points[:, None, :] - sites[None, :, :]) ** 2).sum(axis=2) - weights
    return np.asarray(powers.argmin(axis=1))


def faces(diagram: PowerDiagram, outline: shapely.Geometry) -> NDArray[np.object_]:
    """The outline cut along the borders, as polygons."""
    lines = shapely.union_all([*shapely.linestrings(diagram.segments), shapely.boundary(outline)])
    pieces = shapely.get_parts(shapely.polygonize([lines]))
    return np.asarray(pieces[shapely.covers(outline, shapely.point_on_surface(pieces))])


def weights_for(sites: Floats, areas: Floats, outline: shapely.Geometry) -> Floats:
    """The weights whose cells within `outline` have `areas` (n; square metres, adding up to the outline's)."""
    shapely.prepare(outline)
    weights = np.zeros(len(sites))
    found = _areas(sites, weights, outline)
    floor = min(found.min(), areas.min()) / 2  # no cell may shrink away: the Newton matrix would become singular
    for _ in range(_ROUNDS):
        miss = found - areas
        if np.abs(miss).max() < _TOLERANCE_M2:
            return weights
        step = np.linalg.lstsq(_derivative(sites, weights, outline), -miss, rcond=None)[0]
        length = 1.0
        while True:
            trial = weights + length * step
            found = _areas(sites, trial, outline)
            if found.min() > floor and np.linalg.norm(found - areas) < (1 - length / 4) * np.linalg.norm(miss):
                weights = trial
                break
            length /= 2
            if length < 1e-6:
                raise ArithmeticError("no step brings the cells nearer to their areas")
    raise ArithmeticError(f"the areas do not match after {_ROUNDS} rounds")


def _areas(sites: Floats, weights: Floats, outline: shapely.Geometry) -> Floats:
    pieces = faces(power_diagram(sites, weights), outline)
    inside = shapely.get_coordinates(shapely.point_on_surface(pieces))
    areas = np.bincount(owners(inside, sites, weights), shapely.area(pieces), minlength=len(sites))
    return areas.astype(np.float64)


def _derivative(sites: Floats, weights: Floats, outline: shapely.Geometry) -> Floats:
    """d area_i / d weight_j: a border of length L between sites D apart sweeps L / 2D a unit of weight."""
    diagram = power_diagram(sites, weights)
    lengths = shapely.length(shapely.intersection(shapely.linestrings(diagram.segments), outline))
    matrix = np.zeros((len(sites), len(sites)))
    for (one, other), length in zip(diagram.pairs, lengths, strict=True):
        rate = length / (2 * np.linalg.norm(sites[one] - sites[other]))
        matrix[one, other] -= rate
        matrix[other, one] -= rate
        matrix[one, one] += rate
        matrix[other, other] += rate
    return matrix
