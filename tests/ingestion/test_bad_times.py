"""Times that no clock can have meant: each is refused with its line, or its file with its name, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ingestion.inbox import land_inbox, pending
from lake.home import Home
from tests.ingestion.landed import CAMERA_HEADER, GOOD_CAMERA, NOW, assert_balanced, event, land, ndjson, reasons


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    shared = Home(tmp_path_factory.mktemp("times") / "var").ensure()
    yield shared
    assert_balanced(shared)


# The first and last instants of DuckDB's calendar, where arithmetic with times raises; and rows that vouch for themselves.
TIMES = {
    "last": ({"detected_at": "294247-01-10T04:00:54.775806Z"}, "not_a_timestamp", "detected_at"),
    "overflow": ({"detected_at": "294247-01-10 04:00:54.775806 Z"}, "not_a_timestamp", "detected_at"),
    "first": ({"detected_at": "290309-12-22 (BC) 00:00:00Z"}, "not_a_timestamp", "detected_at"),
    "vouched": (
        {"detected_at": "2099-01-01T00:00:00Z", "received_at": "2099-01-01T00:00:01Z"}, "time_in_future", "received_at"
    ),
    "ahead": ({"received_at": "2099-01-01T00:00:00Z"}, "time_in_future", "received_at"),
    "end": ({"received_at": "294247-01-10T04:00:54.775806Z"}, "not_a_timestamp", "received_at"),
}  # fmt: skip


@pytest.mark.parametrize("name", TIMES)
def test_an_event_of_an_unbelievable_time_is_refused_alone(home: Home, name: str) -> None:
    times, reason, field = TIMES[name]
    content = ndjson([event(f"{name}-1"), event(f"{name}-bad", **times), event(f"{name}-2")])  # type: ignore[arg-type]
    report = land(home, "detection_events", f"{name}.ndjson", content)
    assert (report.status, report.accepted, report.quarantined) == ("landed", 2, 1)
    assert reasons(home, f"{name}.ndjson") == [(2, field, reason)]


@pytest.mark.parametrize("text", ["290309-12-22 (BC) 00:00:00", "294247-01-10 04:00:54.775806", "epoch", "infinity"])
def test_a_time_without_offset_at_an_end_of_the_calendar_is_refused_alone(home: Home, text: str) -> None:
    name = f"truck_gps_2026-11-22_{text[:6]}{len(text)}.csv"
    good = "A1,013900000001,2026-11-22 10:00:00,121.2,31.0\n"
    content = "plate_no,terminal_id,reported_at,longitude,latitude\n" + good + good.replace("2026-11-22 10:00:00", text)
    report = land(home, "truck_gps", name, content.encode())
    assert (report.received, report.quarantined) == (2, 1)
    assert reasons(home, name) == [(3, "reported_at", "not_a_timestamp")]


@pytest.mark.parametrize(
    ("feed", "name", "reason"),
    [
        ("cameras", "cameras_2099-01-01_p01.csv", "date_in_future"),
        ("cameras", "cameras_2026-11-25_p01.csv", "date_in_future"),
        ("cameras", "cameras_2026-11-22_p01_r20990101T000000Z.csv", "received_in_future"),
    ],
)
def test_a_file_named_for_a_day_to_come_is_rejected(home: Home, feed: str, name: str, reason: str) -> None:
    report = land(home, feed, name, (CAMERA_HEADER + GOOD_CAMERA).replace("c1", reason + name).encode())
    assert (report.status, report.reason, report.sha256) == ("rejected", reason, None)


def test_a_file_of_a_day_to_come_waits_aside_and_lands_when_it_is_put_back_on_its_day(home: Home) -> None:
    inbox = home.inbox / "cameras"
    inbox.mkdir(parents=True)
    name = "cameras_2026-12-24_p01.csv"
    (inbox / name).write_text(CAMERA_HEADER + GOOD_CAMERA.replace("c1", "later"))
    land_inbox(home, "cameras", now=NOW)
    aside = inbox / ".refused" / name
    assert aside.exists()
    aside.rename(inbox / name)
    (report,) = land_inbox(home, "cameras", now=NOW + timedelta(days=31)).files
    assert (report.status, report.accepted, pending(home, "cameras")) == ("landed", 1, [])


def test_tomorrows_register_and_a_calendar_of_next_year_are_taken(home: Home) -> None:
    report = land(home, "cameras", "cameras_2026-11-24_p01.csv", (CAMERA_HEADER + GOOD_CAMERA).encode())
    assert (report.status, report.accepted) == ("landed", 1)
    calendar = b"date,kind\n2027-01-04,workday\n"
    assert land(home, "work_calendar", "work_calendar_2027-01-01.csv", calendar).status == "landed"
