"""From degrees to points on the page: a local plane around the trip, true to scale in both directions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

_METRES_A_DEGREE: Final = 111_195.0  # of latitude, on the sphere
_MARGIN: Final = 0.12
_LEAST_M: Final = 600.0


@dataclass(frozen=True)
class MapFrame:
    """A rectangle of `width` x `height` points that shows the ground around (`longitude`, `latitude`)."""

    longitude: float
    latitude: float
    points_a_metre: float
    width: float
    height: float

    @classmethod
    def around(cls, places: Iterable[tuple[float, float]], width: float, height: float) -> MapFrame:
        """The largest scale that shows all places (degrees) with a margin; at least 600 m of ground."""
        xy = np.array(list(places), dtype=float)
        (west, south), (east, north) = xy.min(axis=0), xy.max(axis=0)
        longitude, latitude = (west + east) / 2, (south + north) / 2
        across = (east - west) * _METRES_A_DEGREE * math.cos(math.radians(latitude))
        up = (north - south) * _METRES_A_DEGREE
        across, up = (max(side * (1 + 2 * _MARGIN), _LEAST_M) for side in (across, up))
        return cls(longitude, latitude, min(width / across, height / up), width, height)

    def point(self, longitude: float, latitude: float) -> tuple[float, float]:
        east = (longitude - self.longitude) * _METRES_A_DEGREE * math.cos(math.radians(self.latitude))
        north = (latitude - self.latitude) * _METRES_A_DEGREE
        return self.width / 2 + east * self.points_a_metre, self.height / 2 + north * self.points_a_metre

    def shape(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """A geometry of degrees in points, cut at the frame."""
        moved = shapely.transform(geometry, lambda xy: np.array([self.point(x, y) for x, y in xy]))
        return shapely.clip_by_rect(shapely.make_valid(moved), 0, 0, self.width, self.height)

    def scale_bar_m(self) -> float:
        """A round length between an eighth and a third of the width."""
        longest = self.width / self.points_a_metre / 3
        unit = 10 ** math.floor(math.log10(longest))
        return max(step * unit for step in (1, 2, 5) if step * unit <= longest)
