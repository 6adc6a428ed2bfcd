"""Coordinates of Chinese online maps (GCJ-02, BD-09) to and from WGS-84.

GCJ-02 shifts a WGS-84 point by some hundred metres, BD-09 shifts a GCJ-02 point once more; around Songjiang that is
480-489 m and about 1.13 km, enough to change the township. Both forward formulas are the published ones; neither has
a closed inverse, so both are inverted by iteration until a step is far below a millimetre. (The usual one-step
inverses are 2 m off, or 10 cm at best.)

Outside the box of `BOX` there is no shift in either datum. The box is that of the WGS-84 point; within a kilometre of
its edge a shifted and an unshifted point can share coordinates, and then the shifted one is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]

DATUMS: Final = ("WGS84", "GCJ02", "BD09")

# GCJ-02: Krasovsky 1940 ellipsoid, first eccentricity squared.
SEMI_MAJOR_AXIS_M: Final = 6378245.0
ECCENTRICITY_SQUARED: Final = 0.00669342162296594323
BOX: Final = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north, degrees

_BD09_PI: Final = np.pi * 3000.0 / 180.0
_BD09_OFFSET: Final = (0.0065, 0.006)  # degrees
_MARGIN: Final = 0.05  # degrees; wider than any shift, so every shifted point of the box lies within it
_STEP: Final = 1e-11  # degrees, about a micrometre
_ROUNDS: Final = 30  # a step shrinks 50-fold or more a round: 6 rounds are usual
_BLOCK: Final = 1 << 15  # points at a time: the temporaries of a block stay in the processor's cache


class UnknownDatum(ValueError):
    """A datum other than WGS84, GCJ02 or BD09."""


def to_wgs84(longitude: ArrayLike, latitude: ArrayLike, datum: str | Sequence[str] | NDArray[np.object_]) -> Pair:
    """Longitudes and latitudes (degrees) of `datum` as WGS-84.

    Arrays of any one shape, or scalars; `datum` is one name for all points or an array of that shape with a name for
    each. Accurate to less than a millimetre. NaN stays NaN. Raises UnknownDatum.
    """
    return _convert(longitude, latitude, datum, {"GCJ02": _gcj02_to_wgs84, "BD09": _bd09_to_wgs84})


def from_wgs84(longitude: ArrayLike, latitude: ArrayLike, datum: str | Sequence[str] | NDArray[np.object_]) -> Pair:
    """WGS-84 longitudes and latitudes (degrees) in `datum`; arguments and errors as `to_wgs84`."""
    return _convert(longitude, latitude, datum, {"GCJ02": _wgs84_to_gcj02, "BD09": _wgs84_to_bd09})


def _convert(
    longitude: ArrayLike,
    latitude: ArrayLike,
    datum: str | Sequence[str] | NDArray[np.object_],
    conversions: dict[str, Callable[[Floats, Floats], Pair]],
) -> Pair:
    lon, lat = np.broadcast_arrays(np.asarray(longitude, np.float64), np.asarray(latitude, np.float64))
    shape = lon.shape
    lon, lat = lon.ravel().copy(), lat.ravel().copy()
    if isinstance(datum, str):
        _apply(conversions, datum, lon, lat, np.arange(lon.size))
    else:
        names = np.broadcast_to(np.asarray(datum, dtype=object), shape).ravel()
        for name in dict.fromkeys(names.tolist()):
            _apply(conversions, name, lon, lat, np.flatnonzero(names == name))
    # [()] turns the 0-dimensional result of scalars into a scalar and leaves arrays alone.
    return lon.reshape(shape)[()], lat.reshape(shape)[()]


def _apply(
    conversions: dict[str, Callable[[Floats, Floats], Pair]],
    datum: str,
    lon: Floats,
    lat: Floats,
    rows: NDArray[np.intp],
) -> None:
    if datum not in DATUMS:
        raise UnknownDatum(f"datum {datum!r} is none of {', '.join(DATUMS)}")
    if datum not in conversions:
        return
    near = rows[_within(lon[rows], lat[rows], _MARGIN)]
    for start in range(0, near.size, _BLOCK):
        block = near[start : start + _BLOCK]
        lon[block], lat[block] = conversions[datum](lon[block], lat[block])


def _within(lon: Floats, lat: Floats, margin: float = 0.0) -> NDArray[np.bool_]:
    west, south, east, north = BOX
    inside = (lon >= west - margin) & (lon <= east + margin) & (lat >= south - margin) & (lat <= north + margin)
    return np.asarray(inside)


def _where_shifted(decides: Pair, shifted: Pair, same: Pair) -> Pair:
    """`shifted` where the WGS-84 point `decides` lies in the box, else `same`."""
    inside = _within(*decides)
    return np.where(inside, shifted[0], same[0]), np.where(inside, shifted[1], same[1])


def _wgs84_to_gcj02(lon: Floats, lat: Floats) -> Pair:
    return _where_shifted((lon, lat), _gcj02(lon, lat), (lon, lat))


def _wgs84_to_bd09(lon: Floats, lat: Floats) -> Pair:
    return _where_shifted((lon, lat), _bd09(*_gcj02(lon, lat)), (lon, lat))


def _gcj02_to_wgs84(lon: Floats, lat: Floats) -> Pair:
    original = _inverse(_gcj02, lon, lat)
    return _where_shifted(original, original, (lon, lat))


def _bd09_to_wgs84(lon: Floats, lat: Floats) -> Pair:
    original = _inverse(_gcj02, *_inverse(_bd09, lon, lat))
    return _where_shifted(original, original, (lon, lat))


def _inverse(forward: Callable[[Floats, Floats], Pair], lon: Floats, lat: Floats) -> Pair:
    """The point that `forward` sends to (lon, lat): correct a guess by its own miss, which contracts.

    Each point stops for itself, so that its bits do not depend on the points it came with: neighbouring polygons keep
    their shared vertices, and a row that lands again lands the same.
    """
    guess_lon, guess_lat = lon, lat
    moving = np.ones(lon.shape, dtype=np.bool_)
    for _ in range(_ROUNDS):
        image_lon, image_lat = forward(guess_lon, guess_lat)
        miss_lon, miss_lat = lon - image_lon, lat - image_lat
        guess_lon = np.where(moving, guess_lon + miss_lon, guess_lon)
        guess_lat = np.where(moving, guess_lat + miss_lat, guess_lat)
        moving &= np.maximum(np.abs(miss_lon), np.abs(miss_lat)) > _STEP
        if not moving.any():
            break
    return guess_lon, guess_lat


def _gcj02(lon: Floats, lat: Floats) -> Pair:
    """GCJ-02 of WGS-84 points, without regard to the box."""
    x, y = lon - 105.0, lat - 35.0
    root, product = np.sqrt(np.abs(x)), 0.1 * x * y
    ripple = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + product + 0.2 * root
    north_m += (ripple + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi / 3.0 * y)) * 2.0 / 3.0
    north_m += (160.0 * np.sin(np.pi / 12.0 * y) + 320.0 * np.sin(np.pi / 30.0 * y)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + product + 0.1 * root
    east_m += (ripple + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi / 3.0 * x)) * 2.0 / 3.0
    east_m += (150.0 * np.sin(np.pi / 12.0 * x) + 300.0 * np.sin(np.pi / 30.0 * x)) * 2.0 / 3.0

    angle = np.radians(lat)
    sine = np.sin(angle)
    flattening = 1.0 - ECCENTRICITY_SQUARED * sine * sine
    meridian_m = SEMI_MAJOR_AXIS_M * (1.0 - ECCENTRICITY_SQUARED) / (flattening * np.sqrt(flattening))
    parallel_m = SEMI_MAJOR_AXIS_M / np.sqrt(flattening) * np.cos(angle)
    return lon + np.degrees(east_m / parallel_m), lat + np.degrees(north_m / meridian_m)


def _bd09(lon: Floats, lat: Floats) -> Pair:
    """BD-09 of GCJ-02 points, without regard to the box."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD09_PI)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD09_PI)
    return radius * np.cos(angle) + _BD09_OFFSET[0], radius * np.sin(angle) + _BD09_OFFSET[1]
