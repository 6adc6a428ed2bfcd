"""What the terminal said of itself during the trip: alarm bits of its reports (JT/T 808) and of the feed terminal_events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import duckdb

from evidence.local_time import business_date
from evidence.rows import Row, rows_of
from evidence.track import Fix, terminals_of
from haulage.registers import columns_of
from lake.lakes import BRONZE

NAMES: Final = {
    1: ("超速报警", "overspeed"),
    4: ("卫星定位模块故障", "satellite receiver fault"),
    5: ("天线未接或剪断", "antenna cut"),
    8: ("主电源断电", "power off"),
    20: ("进出区域", "area"),
}
_AROUND: Final = timedelta(seconds=120)  # an alarm beside a silence may lie just outside the trip


def alarms_of(con: duckdb.DuckDBPyConnection, trip: Row, fixes: list[Fix]) -> list[Row]:
    """Each alarm bit that was set, with `bit`, `source` (the feed), `reports`, `first_at` and `last_at` (UTC)."""
    told = [("truck_gps", fix.reported_at, fix.alarm_bits or 0) for fix in fixes]
    told += [("terminal_events", at, bits) for at, bits in _events(con, trip)]
    found: dict[tuple[int, str], list[datetime]] = {}
    for source, at, bits in told:
        for bit in range(32):
            if bits >> bit & 1:
                found.setdefault((bit, source), []).append(at)
    return [
        {"bit": bit, "source": source, "reports": len(at), "first_at": min(at), "last_at": max(at)}
        for (bit, source), at in sorted(found.items())
    ]


def _events(con: duckdb.DuckDBPyConnection, trip: Row) -> list[tuple[datetime, int]]:
    if not columns_of(con, BRONZE, "terminal_events"):
        return []
    begin, end = trip["started_at"] - _AROUND, trip["ended_at"] + _AROUND
    first, last = business_date(begin), business_date(end)
    terminals = {one for day in (first, last) for one in terminals_of(con, str(trip["vehicle_key"]), day)}
    rows = rows_of(
        con,
        f"""SELECT occurred_at, alarm_bits FROM {BRONZE}.main.terminal_events
            WHERE business_date BETWEEN ? AND ? AND occurred_at BETWEEN ? AND ?
                AND terminal_key IN (SELECT unnest(?::VARCHAR[])) ORDER BY ALL""",
        [first, last, begin, end, sorted(terminals)],
    )
    return [(row["occurred_at"], int(row["alarm_bits"] or 0)) for row in rows]
