"""The reports of one business date from bronze, as columns sorted by vehicle and time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from haulage import kernel
from haulage.layout import ALARM, IN_REGION, IS_ENCRYPTED, POSITIONED, RUNNING, SKEWED
from haulage.parameters import Parameters
from haulage.registers import columns_of
from lake.engine import sql_name

_ALARM_BITS = 1 << 8 | 1 << 5  # main power off, antenna cut (JT/T 808 alarm bits 8 and 5)
_ENCRYPTED_BIT = 1 << 5
_BATCH = 500_000
#: Columns of reports and their numpy types, in the order in which ties are told apart.
COLUMNS: dict[str, str] = {
    "vehicle": "i4",
    "t": "i8",
    "lon": "f8",
    "lat": "f8",
    "speed": "f4",
    "mileage": "f8",
    "load": "i1",
    "flags": "u1",
    "line": "i8",
    "file": "i4",
}


@dataclass
class Fixes:
    """`vehicles` by number; `starts[v]:starts[v + 1]` are the rows of vehicle v, times rising (equal ones in one order).

    `alarms[alarm_starts[v]:alarm_starts[v + 1]]`: instants of its power-off and antenna alarms, rising.
    """

    vehicles: list[str]
    columns: dict[str, NDArray[Any]]
    starts: NDArray[np.int64]
    late: NDArray[np.bool_]
    alarms: NDArray[np.float64]
    alarm_starts: NDArray[np.int64]

    def __getattr__(self, name: str) -> NDArray[Any]:
        try:
            return self.__dict__["columns"][name]
        except KeyError as error:
            raise AttributeError(name) from error

    @property
    def rows(self) -> int:
        return int(self.starts[-1])


def has_fixes(con: duckdb.DuckDBPyConnection, bronze: str, day: date) -> bool:
    """Whether `truck_gps` has any row on `day`: asked first, as a process takes a second to load the compiled part."""
    query = f"SELECT 1 FROM {sql_name(bronze)}.truck_gps WHERE business_date = ? LIMIT 1"
    return con.execute(query, [day]).fetchone() is not None


def read_fixes(
    con: duckdb.DuckDBPyConnection,
    bronze: str,
    day: date,
    terminals: Mapping[str, str],
    others: list[str],
    parameters: Parameters,
) -> Fixes:
    """All rows of `truck_gps` on `day`. `terminals` names the truck of a terminal, `others` are vehicles that must be
    among the vehicles though they may have no row."""
    vehicles = _identify(con, bronze, day, terminals, others)
    columns = _read(con, bronze, day, parameters)
    return arrange(vehicles, columns, *_events(con, bronze, day, vehicles, terminals))


def arrange(
    vehicles: list[str],
    columns: dict[str, NDArray[Any]],
    event_vehicles: NDArray[np.int64],
    event_instants: NDArray[np.float64],
) -> Fixes:
    """Columns (as `COLUMNS` types them, in any order of rows; sorted in place) and alarm events of their own as Fixes."""
    starts = _sort(columns, len(vehicles))
    skewed = (columns["flags"] & SKEWED) != 0
    files = int(columns["file"].max(initial=-1)) + 1
    late = kernel.out_of_order(columns["line"], columns["file"], skewed, starts, files)
    rows = np.flatnonzero((columns["flags"] & (ALARM | SKEWED)) == ALARM)
    who = np.concatenate([columns["vehicle"][rows].astype(np.int64), event_vehicles])
    when = np.concatenate([columns["t"][rows].astype(np.float64), event_instants])
    order = np.lexsort([when, who])
    alarm_starts = np.searchsorted(who[order], np.arange(len(vehicles) + 1)).astype(np.int64)
    return Fixes(vehicles, columns, starts, late, when[order], alarm_starts)


def _identify(
    con: duckdb.DuckDBPyConnection, bronze: str, day: date, terminals: Mapping[str, str], others: list[str]
) -> list[str]:
    """Numbers the vehicles in the order in which bronze has their terminals, so that rows come nearly sorted."""
    rows = con.execute(
        f"""SELECT DISTINCT terminal_key, truck_key FROM {sql_name(bronze)}.truck_gps WHERE business_date = ?
            ORDER BY ALL""",
        [day],
    ).fetchall()
    numbers: dict[str, int] = {}
    identities = [
        (terminal, truck, numbers.setdefault(truck or terminals.get(terminal, terminal), len(numbers)))
        for terminal, truck in rows
    ]
    for key in sorted(others):
        numbers.setdefault(key, len(numbers))
    table = pa.table(
        {
            "terminal_key": pa.array([one[0] for one in identities], pa.string()),
            "truck_key": pa.array([one[1] for one in identities], pa.string()),
            "vehicle": pa.array([one[2] for one in identities], pa.int32()),
        }
    )
    con.register("_haulage_identities_in", table)
    con.execute("CREATE OR REPLACE TEMP TABLE _haulage_identities AS SELECT * FROM _haulage_identities_in")
    con.unregister("_haulage_identities_in")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE _haulage_files AS
            SELECT _file_sha256, (row_number() OVER (ORDER BY _file_sha256) - 1)::INTEGER AS file
            FROM (SELECT DISTINCT _file_sha256 FROM {sql_name(bronze)}.truck_gps WHERE business_date = ?)""",
        [day],
    )
    return list(numbers)


def _same(con: duckdb.DuckDBPyConnection, column: str) -> str:
    """How identities are joined: by plain equality unless some are NULL, because that is twice as quick."""
    row = con.execute(f"SELECT count({column}), count(*) FROM _haulage_identities").fetchone()
    known, rows = row if row is not None else (0, 0)
    if known == 0:
        return "true"
    return f"g.{column} {'=' if known == rows else 'IS NOT DISTINCT FROM'} i.{column}"


def _read(con: duckdb.DuckDBPyConnection, bronze: str, day: date, parameters: Parameters) -> dict[str, NDArray[Any]]:
    row = con.execute(f"SELECT count(*) FROM {sql_name(bronze)}.truck_gps WHERE business_date = ?", [day]).fetchone()
    count = 0 if row is None else int(row[0])
    columns: dict[str, NDArray[Any]] = {name: np.empty(count, dtype=kind) for name, kind in COLUMNS.items()}
    if not count:
        return columns
    joins = [clause for clause in (_same(con, "terminal_key"), _same(con, "truck_key")) if clause != "true"]
    p = parameters
    reader = con.execute(
        f"""
        SELECT
            i.vehicle,
            epoch_us(g.reported_at) AS t,
            g.longitude AS lon,
            g.latitude AS lat,
            coalesce(g.speed_kmh, 'nan'::DOUBLE)::FLOAT AS speed,
            coalesce(g.mileage_km, 'nan'::DOUBLE) AS mileage,
            CASE g.load_state WHEN 'empty' THEN 0 WHEN 'half' THEN 1 WHEN 'full' THEN 2 ELSE -1 END::TINYINT AS load,
            (CASE WHEN coalesce(g.is_positioned, true) THEN {POSITIONED} ELSE 0 END
            + CASE WHEN coalesce(g.status_bits & {_ENCRYPTED_BIT}, 0) <> 0 THEN {IS_ENCRYPTED} ELSE 0 END
            + CASE WHEN coalesce(g.acc_on, g.speed_kmh > 0, false) THEN {RUNNING} ELSE 0 END
            + CASE WHEN coalesce(g.alarm_bits & {_ALARM_BITS}, 0) <> 0 THEN {ALARM} ELSE 0 END
            + CASE WHEN g.longitude BETWEEN {p.region_min_longitude} AND {p.region_max_longitude}
                AND g.latitude BETWEEN {p.region_min_latitude} AND {p.region_max_latitude} THEN {IN_REGION} ELSE 0 END
            + CASE WHEN g.reported_at > g.received_at + to_seconds({p.clock_ahead_s})
                OR g.received_at > g.reported_at + to_seconds({p.clock_behind_s}) THEN {SKEWED} ELSE 0 END
            )::UTINYINT AS flags,
            coalesce(g._line, -1) AS line,
            f.file
        FROM {sql_name(bronze)}.truck_gps AS g
        INNER JOIN _haulage_identities AS i ON {" AND ".join(joins) or "true"}
        INNER JOIN _haulage_files AS f ON g._file_sha256 IS NOT DISTINCT FROM f._file_sha256
        WHERE g.business_date = ?""",
        [day],
    ).to_arrow_reader(_BATCH)
    at = 0
    for batch in reader:
        for name, column in zip(COLUMNS, batch.columns, strict=True):
            columns[name][at : at + batch.num_rows] = column.to_numpy(zero_copy_only=False)
        at += batch.num_rows
    if at != count:
        raise RuntimeError(f"{count} rows of truck_gps on {day}, {at} of them identified")
    return columns


def _sort(columns: dict[str, NDArray[Any]], vehicles: int) -> NDArray[np.int64]:
    """Sorts the columns in place by vehicle, time and then every other column, so that no order of arrival shows."""
    starts, together = kernel.vehicle_rows(columns["vehicle"], vehicles)
    if not together:
        order = kernel.by_vehicle(columns["vehicle"], starts)
        for name in columns:
            columns[name] = columns[name][order]
    for v in np.flatnonzero(kernel.unsorted_vehicles(columns["t"], starts)):
        rows = slice(starts[v], starts[v + 1])
        keys = [columns[name][rows] for name in reversed(COLUMNS)]
        order = np.lexsort(keys)
        for column in columns.values():
            column[rows] = column[rows][order]
    return starts


def _events(
    con: duckdb.DuckDBPyConnection, bronze: str, day: date, vehicles: list[str], terminals: Mapping[str, str]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Vehicle and instant of the power-off and antenna alarms that the feed `terminal_events` brought."""
    known: list[tuple[int, int]] = []
    if {"terminal_key", "occurred_at", "alarm_bits"} <= columns_of(con, bronze, "terminal_events"):
        numbers = {key: number for number, key in enumerate(vehicles)}
        of_terminal = dict(
            con.execute(
                "SELECT terminal_key, min(vehicle) FROM _haulage_identities WHERE terminal_key IS NOT NULL GROUP BY 1"
            ).fetchall()
        )
        events = con.execute(
            f"""SELECT terminal_key, epoch_us(occurred_at) FROM {sql_name(bronze)}.terminal_events
                WHERE business_date = ? AND alarm_bits & {_ALARM_BITS} <> 0""",
            [day],
        ).fetchall()
        known = [
            (number, instant)
            for terminal, instant in events
            if (number := of_terminal.get(terminal, numbers.get(terminals.get(terminal, terminal)))) is not None
        ]
    table = np.array(known, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1].astype(np.float64)
