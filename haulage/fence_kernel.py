"""Compiled: the site a place lies in, by crossing numbers over packed rings.

Sites come ordered, the smallest first, so that a depot drawn inside a larger ground is found before it. A ring's edges
are half open: of two sites that share a border each point of it belongs to exactly one.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True)
def site_at(lon, lat, boxes, edges_from, edges):  # type: ignore[no-untyped-def]
    """The first site (its place in the order) that holds the point, or -1.

    `boxes` (sites, 4): west, south, east, north. `edges` (edges, 4): lon, lat, lon, lat of every ring of every part, holes
    too; those of site s are edges_from[s] to edges_from[s + 1].
    """
    for site in range(boxes.shape[0]):
        if lon < boxes[site, 0] or lat < boxes[site, 1] or lon > boxes[site, 2] or lat > boxes[site, 3]:
            continue
        inside = False
        for edge in range(edges_from[site], edges_from[site + 1]):
            lon_1, lat_1, lon_2, lat_2 = edges[edge, 0], edges[edge, 1], edges[edge, 2], edges[edge, 3]
            if (lat_1 > lat) != (lat_2 > lat) and lon < (lon_2 - lon_1) * (lat - lat_1) / (lat_2 - lat_1) + lon_1:
                inside = not inside
        if inside:
            return site
    return -1


@njit(nogil=True)
def sites_at(lons, lats, boxes, edges_from, edges):  # type: ignore[no-untyped-def]
    """`site_at` of many places; NaN lies nowhere."""
    found = np.empty(lons.size, dtype=np.int32)
    for place in range(lons.size):
        found[place] = site_at(lons[place], lats[place], boxes, edges_from, edges)
    return found
