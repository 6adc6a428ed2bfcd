"""Vehicles whose positions of a date fit the sites only when taken for another datum than WGS-84.

A terminal that sends GCJ-02 (or BD-09) unasked is some 480 m (1.1 km) off around Songjiang (section 5 of the domain facts):
its truck seems to load and dump in the fields. Such a day is named, never corrected, and accuses nobody.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geography.datum import to_wgs84
from haulage.sites import Sites

_SHIFTED = ("GCJ02", "BD09")
_AT_LEAST = 2  # places that fit; one may be chance


def wrong_datum(
    vehicle: NDArray[np.int64], lon: NDArray[np.float64], lat: NDArray[np.float64], sites: Sites, vehicles: int
) -> NDArray[np.bool_]:
    """Which vehicles (by number) are suspected, from the places (stops, loading, unloading) of each on a date.

    Suspected: no place lies in a site as it is, and at least two places, half of them or more, do once they are shifted
    back from the same datum.
    """
    known = ~(np.isnan(lon) | np.isnan(lat))
    vehicle, lon, lat = vehicle[known], lon[known], lat[known]
    suspected = np.zeros(vehicles, dtype=np.bool_)
    if not (sites.sites and vehicle.size):
        return suspected
    places = np.bincount(vehicle, minlength=vehicles)
    fits = np.bincount(vehicle[sites.at(lon, lat) >= 0], minlength=vehicles)
    for datum in _SHIFTED:
        shifted = np.bincount(vehicle[sites.at(*to_wgs84(lon, lat, datum)) >= 0], minlength=vehicles)
        suspected |= (fits == 0) & (shifted >= _AT_LEAST) & (2 * shifted >= places)
    return suspected
