"""A whole truck day, from positions in bronze to stops, trips under their permits and gaps, against one look at the points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.arena import Work

DAY = date(2026, 3, 2)
_TRUCKS = 3_000
_DIGS, _TIPS = 120, 30
_CYCLE_S = 5_400  # 15 min loading, 27 min to the tip, 8 min tipping, 27 min back, 13 min of breaks
_BEGIN_US = 1_772_380_800_000_000  # midnight of the date in the district


@contextmanager
def lakes(data: Path, *, write: bool, name: str = "var") -> Iterator[Any]:
    """A connection with the lakes of an installation in `data`: bronze, and the warehouse where it is to be written."""
    from lake.engine import open_engine
    from lake.home import Home
    from lake.lakes import BRONZE, WAREHOUSE, attach

    home = Home(data / name).ensure()
    with open_engine(home, memory_limit="2GB", threads=2) as con:
        attach(con, home, BRONZE, read_only=not write)
        if write:
            attach(con, home, WAREHOUSE)
        yield con


def _prepare(data: Path, rows: int) -> None:
    from ingestion.bronze_tables import ensure_bronze_tables
    from ingestion.contracts import load_contract

    with lakes(data, write=True) as con:
        feeds = ("truck_gps", "trucks", "disposal_permits", "waste_sites", "terminal_events")
        ensure_bronze_tables(con, [load_contract(feed) for feed in feeds])
        trucks = min(_TRUCKS, max(3, rows // 3_000))
        con.execute(
            """INSERT INTO bronze.trucks BY NAME SELECT sha256('truck' || range) AS truck_key,
               sha256('terminal' || range) AS terminal_key, 'Carrier ' || range % 40 AS carrier, 18.0 AS capacity_m3,
               ?::DATE AS business_date FROM range(?)""",
            [DAY, trucks],
        )
        sites = _sites()
        con.execute(
            "CREATE TEMP TABLE s (site_id VARCHAR, kind VARCHAR, polygon VARCHAR, truck BIGINT, line VARCHAR, tip VARCHAR)"
        )
        con.executemany("INSERT INTO s VALUES (?, ?, ?, NULL, NULL, NULL)", [(i, k, p) for i, k, p, *_ in sites])
        con.execute(
            """INSERT INTO bronze.waste_sites BY NAME SELECT site_id, kind, polygon, ?::DATE AS filed_on,
               ?::DATE AS business_date FROM s""",
            [DAY, DAY],
        )
        permits = [(f"p{t}", f"d{t % _DIGS}", f"Carrier {t % 40}", f"t{t % _TIPS}", _route(t)) for t in range(trucks)]
        con.execute(
            "CREATE TEMP TABLE p (permit_id VARCHAR, site_id VARCHAR, carrier VARCHAR, tip VARCHAR, route VARCHAR)"
        )
        con.executemany("INSERT INTO p VALUES (?, ?, ?, ?, ?)", permits)
        con.execute(
            """INSERT INTO bronze.disposal_permits BY NAME SELECT permit_id, site_id, carrier, tip AS receiving_site_id,
               6 AS hour_from, 22 AS hour_until, route, sha256('truck' || permit_id[2:]) AS truck_keys,
               ?::DATE AS business_date FROM p""",
            [DAY],
        )
        for feed in ("trucks", "waste_sites", "disposal_permits"):
            con.execute("INSERT INTO bronze.landing_accounting VALUES ('f', ?, ?, 1, 1, 0, 0, 0)", [feed, DAY])
        _land_positions(con, rows, trucks)


def _place(kind: str, number: int) -> tuple[float, float]:
    rng = np.random.default_rng([len(kind), number, ord(kind)])
    return 121.0 + float(rng.random()) * 0.4, 30.9 + float(rng.random()) * 0.26


def _sites() -> list[tuple[str, str, str]]:
    found = []
    for kind, name, count in (("construction", "d", _DIGS), ("receiving", "t", _TIPS)):
        for number in range(count):
            lon, lat = _place(name, number)
            turns = np.linspace(0, 2 * np.pi, 33)
            ring = ", ".join(f"{lon + 0.002 * np.cos(a):.7f} {lat + 0.0017 * np.sin(a):.7f}" for a in turns[:-1])
            found.append((f"{name}{number}", kind, f"POLYGON (({ring}, {ring.split(', ')[0]}))"))
    return found


def _way(truck: int, share: Any) -> tuple[Any, Any]:
    """A bent way from the truck's construction site to its tip."""
    (lon_1, lat_1), (lon_2, lat_2) = _place("d", truck % _DIGS), _place("t", truck % _TIPS)
    bend = 0.02 * np.sin(np.pi * share)
    return lon_1 + (lon_2 - lon_1) * share - bend, lat_1 + (lat_2 - lat_1) * share + bend


def _route(truck: int) -> str:
    lon, lat = _way(truck, np.linspace(0, 1, 40))
    return "LINESTRING (" + ", ".join(f"{x:.7f} {y:.7f}" for x, y in zip(lon, lat, strict=True)) + ")"


def _land_positions(con: Any, rows: int, trucks: int) -> None:
    """Trucks in their cycles, as landing leaves them: sorted by terminal and time."""
    import pyarrow as pa

    each = -(-rows // trucks)
    rng = np.random.default_rng(11)
    order = con.execute("SELECT range FROM range(?) ORDER BY sha256('terminal' || range)", [trucks]).fetchall()
    left = rows
    for first in range(0, trucks, 500):
        parts = []
        for (truck,) in order[first : first + 500]:
            count = min(each, left)
            left -= count
            parts.append(_day_of(truck, count, rng))
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        con.register("part", pa.table(columns))
        con.execute(
            """INSERT INTO bronze.truck_gps BY NAME SELECT sha256('terminal' || truck) AS terminal_key,
               make_timestamp(us) AS reported_at, make_timestamp(us) AS received_at, longitude, latitude, speed_kmh,
               load_state, acc_on, is_positioned, alarm_bits, status_bits, mileage_km, 'f' AS _file_sha256, line AS _line,
               ?::DATE AS business_date FROM part""",
            [DAY],
        )
        con.unregister("part")


def _day_of(truck: int, count: int, rng: np.random.Generator) -> dict[str, Any]:
    second = (np.arange(count) * 86_400 // count).astype(np.int64)
    phase = (second + truck * 977) % _CYCLE_S
    going, back = np.clip((phase - 900) / 1_600, 0, 1), np.clip((phase - 2_980) / 1_600, 0, 1)
    lon, lat = _way(truck, going - back)
    moving = ((phase > 900) & (phase < 2_500)) | ((phase > 2_980) & (phase < 4_580))
    full = (phase > 600) & (phase < 2_680)
    fault = rng.random(count)
    noise = rng.normal(0, 4e-5, (2, count))
    return {
        "truck": np.full(count, truck),
        "us": _BEGIN_US + second * 1_000_000,
        "longitude": np.round(lon + noise[0] + (fault < 0.001) * 0.3, 6),
        "latitude": np.round(lat + noise[1], 6),
        "speed_kmh": np.where(moving, np.round(rng.normal(45, 8, count).clip(5, 110), 1), 0.0),
        "load_state": np.where(full, "full", "empty"),
        "acc_on": np.ones(count, dtype=bool),
        "is_positioned": fault < 0.998,
        "alarm_bits": np.zeros(count, dtype=np.int64),
        "status_bits": np.full(count, 3),
        "mileage_km": np.round(np.cumsum(moving) * 0.3, 1),
        "line": np.arange(count) * 3_000 + truck,
    }


def _ours(data: Path, room: Path) -> Mapping[str, Any]:
    from haulage.day import process_date
    from haulage.parameters import Parameters
    from haulage.tables import ensure_tables
    from lake.home import Home
    from lake.lakes import WAREHOUSE, attach

    with lakes(data, write=False) as con:
        attach(con, Home(room / "var").ensure(), WAREHOUSE)
        ensure_tables(con, WAREHOUSE)
        from haulage.tables import replace_date

        rows = process_date(con, DAY, bronze="bronze", warehouse=WAREHOUSE, parameters=Parameters.from_contract())
        replace_date(con, WAREHOUSE, DAY, rows)
        counted = con.execute(
            "SELECT sum(fixes), count(DISTINCT vehicle_key) FROM warehouse.haulage.fix_counts"
        ).fetchone()
        trips = con.execute(
            "SELECT count(*), count(*) FILTER (end_kind = 'unloaded' AND permit_id IS NOT NULL) FROM warehouse.haulage.trips"
        ).fetchone()
    return {
        "positions": int(counted[0]),
        "vehicles": int(counted[1]),
        "trips": trips[0],
        "unloaded under a permit": trips[1],
        "stops": rows["stops"].num_rows,
    }


def warm_kernels() -> None:
    """Loads the compiled code: it is cached on disk, and a day's work begins with it there."""
    from haulage.warming import warm

    warm()


def _look(data: Path, room: Path) -> Mapping[str, Any]:
    with lakes(data, write=False) as con:
        row = con.execute(
            """
            SELECT count(*), count(DISTINCT terminal_key), sum(metres), max(silent) FROM (
                SELECT terminal_key,
                    reported_at - lag(reported_at) OVER track AS silent,
                    2 * 6371000 * asin(sqrt(
                        sin(radians(latitude - lag(latitude) OVER track) / 2) ** 2
                        + cos(radians(latitude)) * cos(radians(lag(latitude) OVER track))
                        * sin(radians(longitude - lag(longitude) OVER track) / 2) ** 2)) AS metres
                FROM bronze.truck_gps WHERE business_date = ?
                WINDOW track AS (PARTITION BY terminal_key ORDER BY reported_at))""",
            [DAY],
        ).fetchone()
    return {"positions": int(row[0]), "vehicles": int(row[1])}


_ours.warm = warm_kernels  # type: ignore[attr-defined]

WORK = Work(
    name="trucks",
    title="The whole truck day: cleaning, stops, trips, fences, permits and routes, gaps",
    goal="at most 6 times DuckDB's scan with lag() of the same points, under 4 GiB",
    rows=10_000_000,
    prepare=_prepare,
    arms={"yunjian haulage": _ours, "DuckDB scan + lag()": _look},
    compare=("positions", "vehicles"),
    at_most=6.0,
    memory_gib=4.0,
)
