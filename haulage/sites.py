"""The sites of waste in effect on a date, and the fences the compiled code asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import duckdb
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from haulage import kernel
from haulage.layout import KINDS
from haulage.registers import register_rows

_EARTH_M = 6_371_000.0
Fences = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]


@dataclass(frozen=True)
class Site:
    """A site of the register; `is_filed`: filed with the district by the date and not closed yet."""

    site_id: str
    kind: str
    name: str | None
    township_code: str | None
    polygon: shapely.Geometry
    is_filed: bool

    @property
    def centre(self) -> tuple[float, float]:
        point = self.polygon.centroid
        return point.x, point.y

    @property
    def radius_m(self) -> float:
        """From the centre to the farthest corner."""
        lon, lat = self.centre
        corners = shapely.get_coordinates(self.polygon)
        east = np.radians(corners[:, 0] - lon) * np.cos(np.radians(lat))
        return float(np.hypot(east, np.radians(corners[:, 1] - lat)).max() * _EARTH_M)


@dataclass(frozen=True)
class Sites:
    """All sites of a date, the smallest first (of sites that overlap the smallest counts), then by id."""

    sites: tuple[Site, ...] = ()
    fences: Fences = field(init=False)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.sites, key=lambda site: (site.polygon.area, site.site_id)))
        object.__setattr__(self, "sites", ordered)
        object.__setattr__(self, "fences", _fences(ordered))

    def at(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int32]:
        """The place in `sites` of the site each point lies in, or -1; NaN lies nowhere."""
        boxes, edges_from, edges, _ = self.fences
        found: NDArray[np.int32] = kernel.sites_at(
            np.atleast_1d(np.asarray(lon, np.float64)),
            np.atleast_1d(np.asarray(lat, np.float64)),
            boxes,
            edges_from,
            edges,
        )
        return found

    def __getitem__(self, place: int) -> Site | None:
        return None if place < 0 else self.sites[place]


def sites_on(con: duckdb.DuckDBPyConnection, bronze: str, day: date) -> Sites:
    """The register `waste_sites` in effect on `day`; no sites when none has landed."""
    wanted = ("site_id", "kind", "name", "township_code", "polygon", "filed_on", "closed_on")
    found = []
    for site_id, kind, name, township, polygon, filed_on, closed_on in register_rows(
        con, bronze, "waste_sites", day, wanted
    ):
        filed = filed_on is not None and filed_on <= day and (closed_on is None or closed_on > day)
        found.append(Site(site_id, kind, name, township, shapely.from_wkt(polygon), filed))
    return Sites(tuple(found))


def _fences(sites: tuple[Site, ...]) -> Fences:
    boxes = np.array([site.polygon.bounds for site in sites], dtype=np.float64).reshape(-1, 4)
    edges = [_edges(site.polygon) for site in sites]
    edges_from = np.zeros(len(sites) + 1, dtype=np.int64)
    edges_from[1:] = np.cumsum([len(part) for part in edges])
    kinds = np.array([KINDS.index(site.kind) if site.kind in KINDS else 0 for site in sites], dtype=np.int64)
    return boxes, edges_from, np.concatenate([np.empty((0, 4)), *edges]), kinds


def _edges(polygon: shapely.Geometry) -> NDArray[np.float64]:
    rings = [
        shapely.get_coordinates(ring)
        for part in shapely.get_parts(polygon)
        for ring in (part.exterior, *part.interiors)
    ]
    return np.concatenate([np.hstack([ring[:-1], ring[1:]]) for ring in rings])
