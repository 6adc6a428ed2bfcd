"""One more truck day after a month of history, against the same day after the day before alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.arena import Work
from benchmarks.works import trucks

_DAYS = 31
LAST = trucks.DAY + timedelta(days=_DAYS - 1)


def _prepare(data: Path, rows: int) -> None:
    """The same positions every day; two installations that have processed all days but the last, or just the one before."""
    from haulage.day import process_days

    trucks.WORK.prepare(data, rows // _DAYS)
    with trucks.lakes(data, write=True) as con:
        for days in range(1, _DAYS):
            con.execute(
                f"""INSERT INTO bronze.truck_gps SELECT * REPLACE (
                        reported_at + INTERVAL {days} DAY AS reported_at, received_at + INTERVAL {days} DAY AS received_at,
                        business_date + {days} AS business_date)
                    FROM bronze.truck_gps WHERE business_date = ?""",
                [trucks.DAY],
            )
    shutil.copytree(data / "var", data / "short")
    for name, first in (("var", trucks.DAY), ("short", LAST - timedelta(days=1))):
        with trucks.lakes(data, write=True, name=name) as con:
            process_days(con, _dates(first, LAST - timedelta(days=1)))
    (data / "var").rename(data / "long")


def _dates(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _arm(name: str) -> Callable[[Path, Path], Mapping[str, Any]]:
    def deliver(data: Path, room: Path) -> None:
        shutil.copytree(data / name, room / "var")

    def work(data: Path, room: Path) -> Mapping[str, Any]:
        from haulage.day import process_days

        with trucks.lakes(room, write=True) as con:
            process_days(con, [LAST])
            found = con.execute(
                "SELECT count(*), count(*) FILTER (end_kind = 'unloaded') FROM warehouse.haulage.trips WHERE processed_date = ?",
                [LAST],
            ).fetchone()
        assert found is not None
        return {"trips": found[0], "unloaded": found[1]}

    work.deliver = deliver  # type: ignore[attr-defined]
    work.warm = trucks.warm_kernels  # type: ignore[attr-defined]
    return work


WORK = Work(
    name="truck_history",
    title="One more truck day after 30 days of history",
    goal="at most 1.1 times the same day after one day",
    rows=9_300_000,
    prepare=_prepare,
    arms={"after 30 days": _arm("long"), "after one day": _arm("short")},
    compare=("trips", "unloaded"),
    at_most=1.1,
)
