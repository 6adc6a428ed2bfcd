"""A sighting after midnight: whichever date its trucks set out on and were told of last, the same truck has it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from lake.home import Home
from pipeline.build import build
from tests.dbt.bronze_fixture import DAY, NEXT_DAY, WEST, Bronze, at, camera, detection, fix
from tests.dbt.haulage_fixture import BUILDING, CARRIER

pytestmark = pytest.mark.timeout(1200)  # three runs of dbt

SEEN = "SELECT business_date, incident_id, apart_s, is_alone FROM intermediate.int_trip_sightings"


def waits(terminal: str, first: datetime, load: str, until: datetime) -> list[dict[str, Any]]:
    """In sight of the camera, a report every half minute."""
    count = (until - first) // timedelta(seconds=30)
    stands: dict[str, Any] = {"load_state": load, "speed_kmh": 0.0}
    return [fix(terminal, first + timedelta(seconds=30 * n), *BUILDING, **stands) for n in range(count)]


def test_a_truck_told_of_late_makes_the_sighting_of_the_evenings_trip_ambiguous(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, ask: Any
) -> None:
    monkeypatch.setenv("YUNJIAN_HOME", str(tmp_path / "var"))
    home = Home.current().ensure()
    bronze = Bronze(home)
    for day in (DAY, NEXT_DAY):
        bronze.land("cameras", day, [camera("w1", WEST)])
        trucks = [
            {"truck_key": f"t{n}", "terminal_key": f"k{n}", "carrier": CARRIER, "capacity_m3": 15.0} for n in (1, 2)
        ]
        bronze.land("trucks", day, trucks)
    evening, midnight = at(DAY, "23:50"), at(NEXT_DAY, "00:00")
    bronze.land(
        "truck_gps", DAY, [*waits("k1", at(DAY, "23:40"), "empty", evening), *waits("k1", evening, "full", midnight)]
    )
    unloaded = at(NEXT_DAY, "00:20")
    bronze.land(
        "truck_gps",
        NEXT_DAY,
        [*waits("k1", midnight, "full", unloaded), *waits("k1", unloaded, "empty", at(NEXT_DAY, "00:30"))],
    )
    bronze.land(
        "detection_events", NEXT_DAY, [detection("d1", "w1", at(NEXT_DAY, "00:05"), event_type="truck_uncovered")]
    )
    now = at(NEXT_DAY, "23:00")
    assert build(home, now=now).status == "passed"
    assert ask(home, SEEN) == [(DAY, "d1", 0.0, True)]

    # Loaded after midnight, ten seconds off: a trip of the next date, which is all that this landing changes.
    second = midnight + timedelta(seconds=10)
    bronze.land(
        "truck_gps",
        NEXT_DAY,
        [
            *waits("k2", second, "empty", second + timedelta(minutes=1)),
            *waits("k2", second + timedelta(minutes=1), "full", unloaded),
            *waits("k2", unloaded + timedelta(seconds=10), "empty", at(NEXT_DAY, "00:30")),
        ],
    )
    assert build(home, now=now + timedelta(minutes=5)).status == "passed"
    assert len(ask(home, "SELECT DISTINCT trip_id FROM haulage.trips")) == 2
    piecemeal = ask(home, SEEN)
    assert piecemeal == [(DAY, "d1", 0.0, False)]
    assert build(home, full=True, now=now + timedelta(minutes=10)).status == "passed"
    assert ask(home, SEEN) == piecemeal
