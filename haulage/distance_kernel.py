"""Compiled: metres between places."""

from __future__ import annotations

import numpy as np
from numba import njit

EARTH_M = 6_371_000.0  # the sphere of trackintel and of dbt's haversine_km
_RADIANS = np.pi / 180.0


@njit(nogil=True)
def metres(lon_1, lat_1, lon_2, lat_2):  # type: ignore[no-untyped-def]
    """Great circle by the haversine, well conditioned down to millimetres."""
    north = np.sin((lat_2 - lat_1) * (_RADIANS / 2))
    east = np.sin((lon_2 - lon_1) * (_RADIANS / 2))
    h = north * north + np.cos(lat_1 * _RADIANS) * np.cos(lat_2 * _RADIANS) * east * east
    return 2.0 * EARTH_M * np.arcsin(np.sqrt(min(1.0, h)))


@njit(nogil=True)
def segment_metres(x, y, x_1, y_1, x_2, y_2):  # type: ignore[no-untyped-def]
    """Distance of a point to a straight piece, all in one plane."""
    dx, dy = x_2 - x_1, y_2 - y_1
    length = dx * dx + dy * dy
    share = 0.0
    if length > 0.0:
        share = min(1.0, max(0.0, ((x - x_1) * dx + (y - y_1) * dy) / length))
    dx, dy = x - (x_1 + share * dx), y - (y_1 + share * dy)
    return np.sqrt(dx * dx + dy * dy)
