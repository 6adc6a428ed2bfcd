"""Disposal permits in effect on a date, and which of them a loaded truck may have been under."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from itertools import islice
from typing import Any

import duckdb
import numpy as np
import shapely
from numpy.typing import NDArray

from haulage.registers import Truck, register_rows

_MOST = 16  # receiving sites whose permits a leg is measured under, while its destination is not known


@dataclass(frozen=True)
class Permit:
    """A permit of the register. Hours are the district's, [from, until); None: any. `trucks` None: any of the carrier's."""

    permit_id: str
    site_id: str
    carrier: str | None
    receiving_site_id: str | None
    valid_from: date | None
    valid_until: date | None
    hour_from: int | None
    hour_until: int | None
    route: str | None
    trucks: frozenset[str] | None
    revoked_on: date | None

    def state(self, day: date) -> str:
        """`valid`, `expired`, `not_yet` or `revoked` on a date."""
        if self.revoked_on is not None and self.revoked_on <= day:
            return "revoked"
        if self.valid_until is not None and self.valid_until < day:
            return "expired"
        if self.valid_from is not None and self.valid_from > day:
            return "not_yet"
        return "valid"

    def lists(self, truck: Truck | None, vehicle_key: str) -> bool:
        """Whether the truck is on the permit's list, or the permit has none and is its carrier's."""
        if self.trucks is not None:
            return vehicle_key in self.trucks
        return truck is not None and truck.carrier == self.carrier


@dataclass(frozen=True)
class Match:
    """A permit as it stood for a truck when its leg began: what the leg is measured by, also on later dates."""

    permit_id: str | None = None
    state: str = "none"
    receiving_site_id: str | None = None
    is_permitted_truck: bool | None = None
    hour_from: int | None = None
    hour_until: int | None = None
    route: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


NO_PERMIT = Match()
# The truck has valid permits for more receiving sites than a leg is followed under: for any other site nothing is known.
UNCLEAR = Match(state="unclear")


class Permits:
    """The permits of a date, by the site they are for."""

    def __init__(self, permits: Iterable[Permit] = ()) -> None:
        self._by_site: dict[str, list[Permit]] = {}
        for permit in permits:
            self._by_site.setdefault(permit.site_id, []).append(permit)

    def matches(self, vehicle_key: str, truck: Truck | None, site_id: str | None, day: date) -> list[Match]:
        """The best permits for a truck that leaves a site, the first first; [NO_PERMIT] when there is none.

        A permit is for the truck when it lists it, or is its carrier's. Valid ones that list the truck come first, then
        others that list it, then valid ones of its carrier. Several that are equally good differ by their receiving site,
        which the leg's end decides: the first for each is enough. UNCLEAR comes last where sites were left out that the
        truck may have driven to.
        """
        ranked = []
        for permit in self._by_site.get(site_id or "", []):
            listed = permit.lists(truck, vehicle_key)
            if listed or (truck is not None and truck.carrier is not None and truck.carrier == permit.carrier):
                valid = permit.state(day) == "valid"
                rank = (not listed, not valid)
                latest = -(permit.valid_until or date.max).toordinal()
                ranked.append((rank, latest, permit.permit_id, permit, listed))
        ranked.sort(key=lambda one: one[:3])
        if not ranked:
            return [NO_PERMIT]
        best = ranked[0][0]
        by_receiving_site: dict[str | None, Permit] = {}
        for rank, _, _, permit, _ in ranked:
            if rank == best:
                by_receiving_site.setdefault(permit.receiving_site_id, permit)
        matches = [
            Match(
                permit.permit_id,
                permit.state(day),
                permit.receiving_site_id,
                not best[0],
                permit.hour_from,
                permit.hour_until,
                permit.route,
            )
            for permit in islice(by_receiving_site.values(), _MOST)
        ]
        # Permits that are not valid, or do not list the truck, allow no site: which of them it is makes no difference.
        return [*matches, UNCLEAR] if len(by_receiving_site) > _MOST and best == (False, False) else matches


def permits_on(con: duckdb.DuckDBPyConnection, bronze: str, day: date) -> Permits:
    """The register `disposal_permits` in effect on `day`; none when none has landed."""
    wanted = (
        "permit_id",
        "site_id",
        "carrier",
        "receiving_site_id",
        "valid_from",
        "valid_until",
        "hour_from",
        "hour_until",
        "route",
        "truck_keys",
        "revoked_on",
    )
    rows = register_rows(con, bronze, "disposal_permits", day, wanted)
    permits = [dict(zip(wanted, row, strict=True)) for row in rows]
    for permit in permits:
        keys = permit.pop("truck_keys")
        permit["trucks"] = None if keys is None else frozenset(keys.split(";"))
    return Permits(Permit(**permit) for permit in permits)


class Routes:
    """Approved routes as one array of vertices, each line once."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._lines: list[NDArray[np.float64]] = []

    def place(self, wkt: str | None) -> int:
        """The number of a line, -1 for none."""
        if wkt is None:
            return -1
        if wkt not in self._places:
            self._places[wkt] = len(self._lines)
            self._lines.append(shapely.get_coordinates(shapely.from_wkt(wkt)))
        return self._places[wkt]

    def packed(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Vertices (n, 2), and where each line's begin."""
        starts = np.zeros(len(self._lines) + 1, dtype=np.int64)
        starts[1:] = np.cumsum([len(line) for line in self._lines])
        return np.concatenate([np.empty((0, 2)), *self._lines]), starts
