"""Whose fixes they are, over midnight too, and which of them are no places."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from evidence.masking import masked
from evidence.track import fixes_of, silences
from ingestion.contracts import load_contract
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, attach
from sample_district.wire.jtt808_frames import LOCATION, capture_line, location_body, message, seal
from tests.evidence.case_fixture import SHANGHAI
from tests.ingestion.landed import land, rows

MIDNIGHT = datetime(2026, 11, 22, 0, 0, tzinfo=SHANGHAI)
PARAMETERS = {k: float(v) for k, v in load_contract("truck_gps").parameters.items()}


def line(second: int, **more: Any) -> str:
    at = MIDNIGHT + timedelta(seconds=second)
    fields = {"reported_at": at, "longitude": 121.2 + second * 1e-4, "latitude": 31.0, "speed_kmh": 36.0}
    body = location_body(**{**fields, **more})
    return capture_line(at, seal(message(LOCATION, "13900000001", second % 100, body)))


def landed(home: Home, lines: list[str]) -> dict[str, Any]:
    """A trip of a terminal that no register knows, from a minute before midnight to two minutes after."""
    report = land(home, "truck_gps", "truck_gps_2026-11-22_p01.jtt808", "".join(f"{one}\n" for one in lines).encode())
    assert report.quarantined == 0
    (key,) = rows(home, "SELECT DISTINCT terminal_key FROM bronze.truck_gps")
    at = [datetime(2026, 11, 21, 15, 59), datetime(2026, 11, 21, 16, 2)]
    return {"vehicle_key": key["terminal_key"], "started_at": at[0], "ended_at": at[1]}


def fixes(home: Home, trip: dict[str, Any]) -> list[Any]:
    with open_engine(home) as con:
        attach(con, home, BRONZE, read_only=True)
        return fixes_of(con, trip, PARAMETERS)


def test_a_terminal_of_no_truck_is_its_own_vehicle_and_midnight_cuts_nothing(home: Home) -> None:
    trip = landed(home, [line(second) for second in range(-120, 180, 10)])
    found = fixes(home, trip)
    assert [fix.line for fix in found] == list(range(7, 26))  # from -60 s to 120 s, both included
    assert [fix.doubt for fix in found] == [""] * 19
    assert fixes(home, {**trip, "vehicle_key": "0" * 64}) == []


@pytest.mark.parametrize(
    ("more", "doubt"),
    [
        ({"longitude": 121.9}, "jump"),
        ({"longitude": 116.4, "latitude": 39.9}, "out_of_region"),
        ({"status": 1}, "no_fix"),
        ({"status": 3 | 1 << 5}, "encrypted"),
    ],
)
def test_what_is_no_place_is_named(home: Home, more: dict[str, Any], doubt: str) -> None:
    lines = [line(second, **(more if second == 50 else {})) for second in range(0, 100, 10)]
    found = fixes(home, landed(home, lines))
    assert [fix.doubt for fix in found] == ["", "", "", "", "", doubt, "", "", "", ""]


def test_a_silence_is_longer_than_the_contract_allows(home: Home) -> None:
    found = fixes(home, landed(home, [line(second) for second in (0, 30, 90, 91)]))
    assert silences(found, 60) == []
    assert [one.seconds for one in silences(found, 59)] == [60]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("truck_gps_沪DF2817.csv", "truck_gps_***.csv"),
        ("沪A·12345 的文件", "*** 的文件"),
        ("call 13917550342 now", "call *** now"),
        ("013917550342", "***"),
        ("31011700101320000001", "31011700101320000001"),
        ("truck_gps_2026-11-22_p01.jtt808", "truck_gps_2026-11-22_p01.jtt808"),
        ("云间渣土运输有限公司", "云间渣土运输有限公司"),
        (None, ""),
    ],
)
def test_plates_and_phone_numbers_are_masked_and_nothing_else(text: str | None, shown: str) -> None:
    assert masked(text) == shown
