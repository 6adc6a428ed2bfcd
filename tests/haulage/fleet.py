"""Trucks drawn for the tests of this room: what they report while they stand, drive and fall silent; sites and a register."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import shapely

from haulage import layout as L
from haulage.day import process_fixes
from haulage.fixes import COLUMNS, Fixes, arrange
from haulage.parameters import Parameters
from haulage.permits import Permit, Permits
from haulage.registers import Truck
from haulage.sites import Site, Sites
from haulage.states import DONE, States

DAY, NEXT_DAY = date(2026, 3, 2), date(2026, 3, 3)
DISTRICT = timezone(timedelta(hours=8))
PARAMETERS = Parameters.from_contract()
GOOD = L.POSITIONED | L.IN_REGION | L.RUNNING
LOADS = {None: L.LOAD_UNKNOWN, "empty": L.LOAD_EMPTY, "half": L.LOAD_HALF, "full": L.LOAD_FULL}
DIG, TIP, YARD, UNFILED, FIELD = (121.20, 31.00), (121.28, 31.00), (121.24, 31.05), (121.28, 31.06), (121.33, 31.03)


def instant(day: date, clock: str) -> int:
    """Microseconds of a district clock time; "24:10" is ten past midnight of the next date."""
    hours, minutes = map(int, clock.split(":"))
    midnight = datetime(day.year, day.month, day.day, tzinfo=DISTRICT).astimezone(UTC)
    return int(midnight.timestamp() * 1e6) + (hours * 60 + minutes) * 60_000_000


def square(place: tuple[float, float], metres: float = 300) -> shapely.Geometry:
    half = metres / 2 / 111_194
    return shapely.box(place[0] - half / 0.857, place[1] - half, place[0] + half / 0.857, place[1] + half)


SITES = Sites(
    (
        Site("dig", "construction", "Metro line", "310117001", square(DIG), is_filed=True),
        Site("tip", "receiving", "Quarry", "310117002", square(TIP), is_filed=True),
        Site("unfiled", "backfill", "Pond", "310117003", square(UNFILED), is_filed=False),
    )
)
TRUCKS = {key: Truck(key, "Carrier", 18.0, is_approved=True) for key in ("v1", "v2", "v3")}
PERMIT = Permit(
    "p1", "dig", "Carrier", "tip", date(2026, 1, 1), date(2026, 12, 31), None, None, "LINESTRING (121.2 31, 121.28 31)",
    None, None,
)  # fmt: skip


@dataclass
class Track:
    """The reports of one vehicle, one every 30 s, drawn step by step."""

    vehicle: str = "v1"
    at: str = "08:00"
    place: tuple[float, float] = DIG
    day: date = DAY
    load: str | None = "empty"
    rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.t = instant(self.day, self.at)

    def report(self, seconds: float = 30, **changed: Any) -> Track:
        """One report, and the clock goes on."""
        row = {"vehicle": self.vehicle, "t": self.t, "lon": self.place[0], "lat": self.place[1], "speed": 0.0}
        row |= {"mileage": np.nan, "load": LOADS[self.load], "flags": GOOD, "line": len(self.rows), "file": 0}
        self.rows.append(row | changed)
        self.t += int(seconds * 1e6)
        return self

    def stand(self, minutes: float, load: str | None = "same", **changed: Any) -> Track:
        self.load = self.load if load == "same" else load
        for number in range(round(minutes * 2)):  # a few metres of scatter, as satellites have
            east = ((number * 7) % 5 - 2) * 1e-5
            self.report(lon=self.place[0] + east, **changed)
        return self

    def drive(
        self, to: tuple[float, float], kmh: float = 40, via: Iterable[tuple[float, float]] = (), **changed: Any
    ) -> Track:
        for goal in (*via, to):
            east, north = (goal[0] - self.place[0]) * 95_300, (goal[1] - self.place[1]) * 111_194
            steps = max(1, round(np.hypot(east, north) / (kmh / 3.6 * 30)))
            begin = self.place
            for step in range(1, steps + 1):
                share = step / steps
                self.place = (begin[0] + (goal[0] - begin[0]) * share, begin[1] + (goal[1] - begin[1]) * share)
                self.report(**{"speed": float(kmh), **changed})
        return self

    def silent(self, minutes: float) -> Track:
        self.t += round(minutes * 60e6)
        return self

    def haul(self, to: tuple[float, float] = TIP, kmh: float = 40, via: Iterable[tuple[float, float]] = ()) -> Track:
        """Loads for ten minutes, drives, tips for four, drives back."""
        self.stand(10).stand(3, "full").drive(to, kmh, via).stand(4, "empty")
        return self


def fixes_of(rows: Iterable[Mapping[str, Any]], others: Iterable[str] = ()) -> Fixes:
    rows = list(rows)
    vehicles = list(dict.fromkeys([*(row["vehicle"] for row in rows), *others]))
    numbers = {key: number for number, key in enumerate(vehicles)}
    columns = {
        name: np.array([numbers[row[name]] if name == "vehicle" else row[name] for row in rows], dtype=kind)
        for name, kind in COLUMNS.items()
    }
    return arrange(vehicles, columns, np.empty(0, np.int64), np.empty(0))


def process(
    rows: Iterable[Mapping[str, Any]],
    day: date = DAY,
    before: States | None = None,
    *,
    permits: Iterable[Permit] = (PERMIT,),
    sites: Sites = SITES,
    trucks: Mapping[str, Truck] = TRUCKS,
    **changed: float,
) -> dict[str, list[dict[str, Any]]]:
    """One date processed: the rows of every table."""
    before = before or States()
    fixes = fixes_of(rows, before.numbers)
    parameters = replace(PARAMETERS, **changed)
    tables = process_fixes(fixes, day, before, trucks, sites, Permits(permits), parameters)
    return {name: table.to_pylist() for name, table in tables.items()}


def states_of(tables: Mapping[str, list[dict[str, Any]]]) -> States:
    """What a processed date leaves to the next."""
    rows = tables["open_states"]
    return States.of_rows((r["vehicle_key"], r["numbers"], r["leg"]) for r in rows if r["vehicle_key"] != DONE)


def rules(tables: Mapping[str, list[dict[str, Any]]]) -> dict[str, int]:
    """How many reports fell under each rule."""
    found: dict[str, int] = {}
    for row in tables["fix_counts"]:
        found[row["rule"]] = found.get(row["rule"], 0) + row["fixes"]
    return found
