"""One built warehouse for the tests that only look at it: a run of dbt costs seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, attach
from pipeline.build import BuildReport, build
from tests.dbt.bronze_fixture import (
    DAY,
    EAST,
    NEXT_DAY,
    NORTH,
    WEST,
    Bronze,
    at,
    camera,
    camera_hours,
    case,
    detection,
    fix,
    residents,
)
from tests.dbt.haulage_fixture import CARRIER, loads_of, registers_of
from tests.made_once import made_once

# What is landed for the two days: (feed, business date, rows), each a file.
File = tuple[str, date, list[dict[str, Any]]]


def cases_of(day: date) -> list[dict[str, Any]]:
    """The export of a day: of its own cases one closed in time and one open; the next day, how the open one ended."""
    filed = at(day, "10:00")
    rows = [case(f"quick-{day}", filed, closed_at=at(day, "12:00")), case(f"slow-{day}", filed, township_code=EAST)]
    if day == NEXT_DAY:  # four working hours after 10:00 it was 16:00, and the extension came too late
        late = {"closed_at": at(day, "09:00"), "extended_until": at(day, "18:00"), "reworked_count": 1}
        rows.append(case(f"slow-{DAY}", at(DAY, "10:00"), township_code=EAST, **late))
    return rows


def files_of(day: date) -> list[File]:
    east = {"longitude": 121.215}
    return [
        ("cameras", day, [camera("w1", WEST), camera("e1", EAST, **east), camera("e2", EAST, **east)]),
        # The eastern cameras are dark most of the day; the northern township has none.
        ("camera_status", day, camera_hours(day, "w1", range(24)) + camera_hours(day, "e1", range(12))),
        (
            "detection_events",
            day,
            [
                detection("d1", "w1", at(day, "10:00"), track_id="car"),
                detection("d2", "w1", at(day, "10:20"), track_id="car"),
                detection("d3", "e1", at(day, "10:00"), event_type="red_light"),
                # Beside a construction site without a night-work permit.
                detection("d5", "e1", at(day, "02:00"), event_type="night_construction"),
                detection("d4", "w1", at(day, "12:00"), longitude=121.205, latitude=31.015),
            ],
        ),
        ("cases", day, cases_of(day)),
        ("units", day, [{"unit_code": "U1", "name_zh": "一中队", "name_en": "Squad 1"}]),
        *registers_of(day),
        (
            "trucks",
            day,
            [{"truck_key": f"t{n}", "terminal_key": f"k{n}", "carrier": CARRIER, "capacity_m3": 15.0} for n in (1, 2)],
        ),
        (
            "truck_gps",
            day,
            loads_of(day) + [fix("k1", at(day, f"23:{minute:02d}"), 121.2 + minute * 0.001) for minute in range(10)],
        ),
        (
            "population_records",
            day,
            residents(day, WEST, registered=60, migrant=30, overseas=3)
            + residents(day, EAST, registered=50, migrant=20, overseas=15)
            + residents(day, NORTH, registered=40, migrant=25, overseas=12),
        ),
    ]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, BuildReport]]:
    """Two days landed in order and built at once, to be looked at."""

    def make(place: Path) -> tuple[Home, BuildReport]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("YUNJIAN_HOME", str(place / "var"))
            home = Home.current().ensure()
            bronze = Bronze(home)
            for feed, day, rows in [*files_of(DAY), *files_of(NEXT_DAY)]:
                bronze.land(feed, day, rows)
            return home, build(home, now=at(NEXT_DAY, "23:00"))

    home, report = made_once(tmp_path_factory, "two-days", make)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YUNJIAN_HOME", str(home.root))
        yield home, report


@pytest.fixture(scope="session")
def ask() -> Callable[..., list[tuple[Any, ...]]]:
    """`ask(home, sql, *values)`: rows of a query on both lakes, the warehouse's schemas without prefix."""

    def run(home: Home, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with open_engine(home, threads=1) as con:
            attach(con, home, BRONZE, read_only=True)
            attach(con, home, WAREHOUSE, read_only=True)
            con.execute(f"USE {WAREHOUSE}")
            return con.execute(sql, list(values)).fetchall()

    return run


PROJECT = Path(__file__).parents[2] / "dbt_project"
