"""WGS-84 to the datums of Chinese online maps, forwards only.

Written a second time on purpose: the product inverts these formulas, and a witness that shared its code would share
its mistakes. Constants: DOMAIN section 5 (Krasovsky 1940 ellipsoid).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_A = 6378245.0
_EE = 0.00669342162296594323


def gcj02(longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
    """GCJ-02 degrees of WGS-84 degrees (about 485 m to the east-south-east at Songjiang)."""
    x, y = longitude - 105.0, latitude - 35.0
    waves = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    north += (waves + 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    east += (waves + 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    radians = latitude / 180.0 * np.pi
    magic = 1.0 - _EE * np.sin(radians) ** 2
    root = np.sqrt(magic)
    return (
        longitude + (east * 180.0) / (_A / root * np.cos(radians) * np.pi),
        latitude + (north * 180.0) / ((_A * (1.0 - _EE)) / (magic * root) * np.pi),
    )


def bd09(longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
    """BD-09 degrees of WGS-84 degrees (Baidu's datum, a second shift upon GCJ-02)."""
    x, y = gcj02(longitude, latitude)
    turn = np.pi * 3000.0 / 180.0
    radius = np.sqrt(x * x + y * y) + 0.00002 * np.sin(y * turn)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * turn)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def as_reported(longitude: Floats, latitude: Floats, datum: str) -> tuple[Floats, Floats]:
    """The coordinates a device of that datum (`WGS84`, `GCJ02`, `BD09`) writes for a WGS-84 place."""
    if datum == "GCJ02":
        return gcj02(longitude, latitude)
    if datum == "BD09":
        return bd09(longitude, latitude)
    return longitude, latitude
