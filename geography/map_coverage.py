"""Whether a map's townships fit together and lie on the district."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geography.area import area_km2
from geography.datum import DATUMS, from_wgs84, to_wgs84
from geography.shipped import shipped_outline, shipped_townships

# An outline that agrees this much better under another datum was probably declared wrongly: the shipped outline agrees
# with OpenStreetMap's by 0.993 (intersection over union), and by 0.92 when one of the two is shifted.
_DATUM_DOUBT: Final = 0.02


@dataclass(frozen=True)
class Limits:
    """Shares of a map's area beyond which it is refused; of one township's area for `repair`."""

    overlap: float = 0.005
    gap: float = 0.005
    repair: float = 0.001
    off_district: float = 0.5


@dataclass(frozen=True)
class Coverage:
    """How the townships cover the ground, in square kilometres."""

    union: shapely.Geometry
    area_km2: float
    overlaps: list[tuple[str, str, float]]  # pairs of codes and what they share, largest first
    gap_km2: float  # ground inside the map that no township covers

    @property
    def overlap_km2(self) -> float:
        return sum(km2 for _, _, km2 in self.overlaps)


def measure_coverage(codes: Sequence[str], shapes: NDArray[np.object_]) -> Coverage:
    """Overlaps and gaps of valid polygons in degrees of WGS-84."""
    union = shapely.union_all(shapes)
    holes = [shapely.Polygon(ring) for part in shapely.get_parts(union) for ring in part.interiors]
    return Coverage(union, area_km2(union), _overlaps(codes, shapes), sum(area_km2(hole) for hole in holes))


def coverage_problems(coverage: Coverage, limits: Limits) -> list[str]:
    """Why a map with this coverage cannot be installed."""
    problems = []
    if coverage.overlap_km2 > limits.overlap * coverage.area_km2:
        worst = ", ".join(f"{one} and {other} share {km2:.3f} km2" for one, other, km2 in coverage.overlaps[:3])
        problems.append(
            f"overlaps of {coverage.overlap_km2:.3f} km2, more than {limits.overlap:.1%} of the map: {worst}"
        )
    if coverage.gap_km2 > limits.gap * coverage.area_km2:
        problems.append(f"gaps of {coverage.gap_km2:.3f} km2 between townships, more than {limits.gap:.1%} of the map")
    off = 1.0 - area_km2(shapely.intersection(coverage.union, shipped_outline())) / coverage.area_km2
    if off > limits.off_district:
        problems.append(f"{off:.0%} of the map lies off the district: are longitude and latitude exchanged?")
    return problems


def coverage_warnings(codes: Sequence[str], coverage: Coverage, datum: str) -> list[str]:
    """What an operator should look at, though the map can be installed."""
    warnings = []
    known, given = {township["code"] for township in shipped_townships()}, set(codes)
    if unknown := sorted(given - known):
        warnings.append(f"codes that the shipped map does not have: {', '.join(unknown)}")
    if absent := sorted(known - given):
        warnings.append(f"codes of the shipped map that are absent: {', '.join(absent)}")
    agreement = {name: _agreement(_redeclared(coverage.union, datum, name)) for name in DATUMS}
    best = max(agreement, key=agreement.__getitem__)
    if agreement[best] > agreement[datum] + _DATUM_DOUBT:
        warnings.append(
            f"the outline agrees with the district's by {agreement[datum]:.3f} as {datum}, "
            f"but by {agreement[best]:.3f} as {best}: is the datum right?"
        )
    return warnings


def _overlaps(codes: Sequence[str], shapes: NDArray[np.object_]) -> list[tuple[str, str, float]]:
    found = []
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        if a < b and (km2 := area_km2(shapely.intersection(shapes[a], shapes[b]))) > 0:
            found.append((codes[a], codes[b], km2))
    return sorted(found, key=lambda pair: -pair[2])


def _redeclared(union: shapely.Geometry, datum: str, other: str) -> shapely.Geometry:
    """The map as it would lie had it been declared `other`."""
    if other == datum:
        return union

    def again(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_wgs84(*from_wgs84(xy[:, 0], xy[:, 1], datum), other))

    return shapely.make_valid(shapely.transform(union, again))


def _agreement(outline: shapely.Geometry) -> float:
    """Intersection over union with the shipped outline."""
    known = shipped_outline()
    return area_km2(shapely.intersection(outline, known)) / area_km2(shapely.union(outline, known))
