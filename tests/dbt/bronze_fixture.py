"""A small bronze lake written row by row, with a map of three square townships: inputs of the models under test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import geopandas
import pyarrow as pa
import shapely

from geography.bronze_map import Installed, latest_install, write_grid, write_map
from geography.grid import build_grid
from geography.lookup import cells_per_degree
from ingestion.bronze_tables import ensure_bronze_tables
from ingestion.contracts import all_contracts
from lake.commit import commit
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, attach

DAY = date(2026, 3, 2)
NEXT_DAY = date(2026, 3, 3)
WEST, EAST, NORTH = "310117001", "310117002", "310117003"
SQUARES = {
    WEST: shapely.box(121.20, 31.00, 121.21, 31.01),
    EAST: shapely.box(121.21, 31.00, 121.22, 31.01),
    NORTH: shapely.box(121.20, 31.01, 121.22, 31.02),
}


def at(day: date, clock: str) -> datetime:
    """A Shanghai clock time of a day as the lake stores it: UTC without zone."""
    hour, minute, *rest = (int(part) for part in clock.split(":"))
    return datetime(day.year, day.month, day.day) + timedelta(hours=hour - 8, minutes=minute, seconds=sum(rest))


class Bronze:
    """Writes rows as landing would: a commit for each call, with its line in the accounting."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.files = 0
        with open_engine(home) as con:
            attach(con, home, BRONZE)
            ensure_bronze_tables(con, all_contracts())
            self._map(con)

    def land(self, feed: str, day: date, rows: Sequence[Mapping[str, Any]], *, quarantined: int = 0) -> None:
        """Adds rows of one business date, as one file."""
        self.files += 1
        sha256 = f"{self.files:064d}"
        with open_engine(self.home) as con:
            attach(con, self.home, BRONZE)
            with commit(con, BRONZE, author="test", message=f"{feed} {day}", extra={"action": "land"}):
                placed = {"business_date": day, "_file_sha256": sha256}
                self._insert(con, feed, *({**row, **placed, "_line": n} for n, row in enumerate(rows, start=1)))
                accounting = {
                    "received": len(rows) + quarantined,
                    "accepted": len(rows),
                    "quarantined": quarantined,
                    "duplicate": 0,
                    "late": 0,
                }
                file = {"file_sha256": sha256, "feed": feed}
                self._insert(con, "landing_accounting", {**file, "business_date": day, **accounting})
                self._insert(
                    con, "landing_files", {**file, "file_date": day, "status": "landed", "reason": None, **accounting}
                )
                refused = {"field": "camera_id", "rule": "required", "reason": "required_missing", "state": "open"}
                self._insert(
                    con,
                    "quarantine",
                    *({**file, **refused, "business_date": day, "line": line} for line in range(quarantined)),
                )

    def expire(self, feed: str, day: date) -> None:
        """Deletes a date as retention does."""
        with open_engine(self.home) as con:
            attach(con, self.home, BRONZE)
            with commit(con, BRONZE, author="test", message="expired", extra={"action": "retention"}):
                con.execute(f"DELETE FROM {BRONZE}.{feed} WHERE business_date = ?", [day])
                self._insert(con, "expired_dates", {"feed": feed, "business_date": day, "expired_at": at(day, "12:00")})

    def misaccount(self, feed: str, day: date, rows: int) -> None:
        """Makes the accounting of a date wrong by some received rows."""
        self.files += 1
        row = {"file_sha256": f"{self.files:064d}", "feed": feed, "business_date": day, "received": rows}
        with open_engine(self.home) as con:
            attach(con, self.home, BRONZE)
            nothing = dict.fromkeys(("accepted", "quarantined", "duplicate", "late"), 0)
            self._insert(con, "landing_accounting", {**row, **nothing})

    def _insert(self, con: duckdb.DuckDBPyConnection, table: str, *rows: Mapping[str, Any]) -> None:
        if not rows:
            return
        names = dict.fromkeys(name for row in rows for name in row)
        arrow = pa.table({name: [row.get(name) for row in rows] for name in names})
        con.register("fixture_rows", arrow)
        con.execute(f"INSERT INTO {BRONZE}.{table} BY NAME FROM fixture_rows")
        con.unregister("fixture_rows")

    def _map(self, con: duckdb.DuckDBPyConnection) -> None:
        if latest_install(con) is not None:
            return
        labels = [square.centroid for square in SQUARES.values()]
        townships = geopandas.GeoDataFrame(
            {
                "area_code": list(SQUARES),
                "code": list(SQUARES),
                "name_zh": [f"镇{code[-1]}" for code in SQUARES],
                "name_en": [f"Town {code[-1]}" for code in SQUARES],
                "area_km2": 1.0,
                "label_longitude": [label.x for label in labels],
                "label_latitude": [label.y for label in labels],
                "is_approximate": True,
            },
            geometry=list(SQUARES.values()),
            crs="EPSG:4326",
        )
        installed = Installed(at(DAY, "00:00"), "squares", "0" * 64, "WGS84", 3, True, 3.0, cells_per_degree(), "test")
        grid = build_grid(list(SQUARES), list(SQUARES.values()), cells_per_degree())
        with commit(con, BRONZE, author="test", message="a map of squares"):
            write_map(con, townships, installed)
            write_grid(con, grid)


def camera(camera_id: str, township: str, *, longitude: float = 121.205, latitude: float = 31.005) -> dict[str, Any]:
    return {"camera_id": camera_id, "township_code": township, "longitude": longitude, "latitude": latitude}


def camera_hours(day: date, camera_id: str, hours: Iterable[int], seconds: int = 3600) -> list[dict[str, Any]]:
    return [{"camera_id": camera_id, "hour": at(day, f"{hour}:00"), "online_seconds": seconds} for hour in hours]


def detection(
    event_id: str, camera_id: str, detected_at: datetime, *, event_type: str = "illegal_parking", **more: Any
) -> dict[str, Any]:
    received = {"received_at": detected_at + timedelta(seconds=10)}
    return {"event_id": event_id, "camera_id": camera_id, "event_type": event_type, "detected_at": detected_at} | (
        received | more
    )


def fix(
    terminal: str, reported_at: datetime, longitude: float, latitude: float = 31.005, **more: Any
) -> dict[str, Any]:
    row = {"terminal_key": terminal, "reported_at": reported_at, "longitude": longitude, "latitude": latitude}
    return {**row, "speed_kmh": 30.0, "acc_on": True, "is_positioned": True, **more}


def residents(day: date, township: str, **persons: int) -> list[dict[str, Any]]:
    """`registered=20, migrant=3` gives 23 rows of the register."""
    return [
        {
            "person_key": f"{township}-{kind}-{number}",
            "household_type": kind,
            "township_code": township,
            "valid_until": day + timedelta(days=400),
            "status": "active",
        }
        for kind, count in persons.items()
        for number in range(count)
    ]


def case(case_id: str, filed_at: datetime, **more: Any) -> dict[str, Any]:
    row = {"case_id": case_id, "source": "patrol", "category_code": "illegal_parking", "township_code": WEST}
    return {**row, "reported_at": filed_at, "filed_at": filed_at, "unit_code": "U1", **more}
