"""A truck's loads of a day among two construction sites and a receiving site, as positions, registers and receipts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from tests.dbt.bronze_fixture import DAY, NEXT_DAY, at, fix

Place = tuple[float, float]
BUILDING, OTHER_BUILDING, TIP = (121.205, 31.005), (121.2165, 31.005), (121.215, 31.005)
ROADSIDE = (121.2183, 31.0151)
CARRIER = "Carrier A"


def square(place: Place, half: float = 0.0005) -> str:
    east, north = place
    corners = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)]
    return f"POLYGON (({', '.join(f'{east + x} {north + y}' for x, y in corners)}))"


def registers_of(day: date) -> list[tuple[str, date, list[dict[str, Any]]]]:
    """Two permits of the one carrier, a night-work permit for the first site alone, a receipt for the first load."""
    permit = {
        "site_id": "B1",
        "carrier": CARRIER,
        "receiving_site_id": "R1",
        "valid_from": DAY,
        "valid_until": NEXT_DAY,
    }
    sites = [("B1", "construction", BUILDING), ("B2", "construction", OTHER_BUILDING), ("R1", "receiving", TIP)]
    receipt = {"receipt_id": f"{day}-1", "permit_id": "P1", "weighed_at": at(day, "10:20"), "volume_m3": 14.0}
    listed = {"truck_keys": "t1", "volume_m3": 500.0}
    return [
        (
            "disposal_permits",
            day,
            [{"permit_id": "P1", **permit, **listed}, {"permit_id": "P2", **permit} | {"site_id": "B2"}],
        ),
        (
            "waste_sites",
            day,
            [
                {"site_id": site, "kind": kind, "polygon": square(place, 0.0004), "filed_on": DAY}
                for site, kind, place in sites
            ],
        ),
        ("night_work_permits", day, [{"night_permit_id": "N1", "site_id": "B1", "valid_from": DAY}]),
        ("settlement_receipts", day, [receipt]),
    ]


def loads_of(day: date) -> list[dict[str, Any]]:
    """Fixes of truck t1: a load to its receiving site, one tipped beside a road, one that is hardly seen."""
    return [
        *drive(day, "10:00", 10, BUILDING, BUILDING, "empty", then="full"),
        *drive(day, "10:10", 6, BUILDING, TIP, "full"),
        *drive(day, "10:16", 10, TIP, TIP, "full", then="empty"),
        *drive(day, "10:26", 6, TIP, BUILDING, "empty"),
        *drive(day, "10:32", 10, BUILDING, BUILDING, "empty", then="full"),
        *drive(day, "10:42", 6, BUILDING, ROADSIDE, "full"),
        *drive(day, "10:48", 10, ROADSIDE, ROADSIDE, "full", then="empty"),
        *drive(day, "10:58", 6, ROADSIDE, BUILDING, "empty"),
        *drive(day, "11:04", 10, BUILDING, BUILDING, "empty", then="full"),
        # A report every two minutes, where one is due every half.
        *drive(day, "11:14", 40, BUILDING, ROADSIDE, "full", every_s=120),
        *drive(day, "11:54", 10, ROADSIDE, ROADSIDE, "full", then="empty"),
        fix("k1", at(day, "12:04"), *ROADSIDE, load_state="empty", acc_on=False),
    ]


def drive(
    day: date,
    clock: str,
    minutes: int,
    start: Place,
    end: Place,
    load: str,
    *,
    then: str | None = None,
    every_s: int = 30,
) -> Iterator[dict[str, Any]]:
    """Fixes from `start` to `end` at an even pace; from halfway on `then` is the load."""
    count = minutes * 60 // every_s
    for number in range(count):
        way = number / count
        longitude, latitude = (a + (b - a) * way for a, b in zip(start, end, strict=True))
        told = load if then is None or way < 0.5 else then
        speed = 0.0 if start == end else 20.0
        yield fix(
            "k1",
            at(day, clock) + timedelta(seconds=number * every_s),
            longitude,
            latitude,
            load_state=told,
            speed_kmh=speed,
        )
