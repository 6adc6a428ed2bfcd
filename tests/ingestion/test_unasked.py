"""What stands in a file beside what its contract asks for may name people: it is never kept in clear."""

from __future__ import annotations

import json

import pytest

from ingestion.landing import land_files
from ingestion.quarantine import refused_rows
from ingestion.store import manifests
from lake.home import Home
from tests.ingestion.landed import EVENTS, NOW, event, land, ndjson, rows

CASES = "case_id,source,category_code,filed_at,reporter_name,reporter_phone\n"


def everything(home: Home) -> bytes:
    return b"".join(path.read_bytes() for path in home.root.rglob("*") if path.is_file() and "given" not in str(path))


def test_fields_that_nobody_asked_for_are_sealed_in_quarantine_and_in_landing(home: Home) -> None:
    named = event(2, event_type="nonsense", person_name="ZHANG WEI", license_plate="HU-A12345")
    report = land(home, "detection_events", EVENTS, ndjson([event(1), named]))
    assert (report.accepted, report.quarantined) == (1, 1)
    assert [m.sealed for m in manifests(home, "detection_events")] == [True]
    (refused,) = rows(home, "SELECT raw, raw_sealed FROM bronze.quarantine")
    assert refused["raw"] is None and refused["raw_sealed"]
    assert b"ZHANG WEI" not in everything(home) and b"HU-A12345" not in everything(home)
    (opened,) = refused_rows(home, "detection_events", unseal=True)
    assert json.loads(opened["raw"]) == named


def test_columns_that_nobody_asked_for_are_sealed_in_quarantine_and_in_landing(home: Home) -> None:
    content = CASES + "k1,nonsense,010101,2026-11-22 10:00:00,LI QIANG,13987654321\n"
    report = land(home, "cases", "cases_2026-11-22.csv", content.encode())
    assert report.quarantined == 1
    assert b"LI QIANG" not in everything(home) and b"13987654321" not in everything(home)
    (opened,) = refused_rows(home, "cases", unseal=True)
    assert "LI QIANG" in opened["raw"]


@pytest.mark.parametrize(
    "line",
    [
        json.dumps(event(3, event_type="nonsense", owner={"name": "LI QIANG"})),
        '{"event_id": "e3", "owner": "LI QIANG", "camera_id": ',
    ],
    ids=["whole", "cut off"],
)
def test_a_line_that_says_more_than_the_first_ones_is_sealed_and_the_others_stay_readable(
    home: Home, line: str
) -> None:
    first = [event(number) for number in range(10, 1000)]
    content = ndjson([*first, event(2, event_type="nonsense")]) + line.encode() + b"\n"
    assert land(home, "detection_events", EVENTS, content).quarantined == 2
    kept = rows(home, "SELECT raw IS NULL AS hidden, raw_sealed IS NULL AS clear FROM bronze.quarantine ORDER BY line")
    assert kept == [{"hidden": False, "clear": True}, {"hidden": True, "clear": False}]
    assert "LI QIANG" in refused_rows(home, "detection_events", unseal=True)[1]["raw"]


def test_a_sealed_row_of_a_feed_without_personal_data_is_replayed_like_any_other(home: Home) -> None:
    from ingestion.replay import replay

    named = event(2, event_type="nonsense", person_name="ZHANG WEI")
    land(home, "detection_events", EVENTS, ndjson([event(1), named]))
    replay(home, "detection_events", NOW)  # nothing was mended: nothing changes
    assert rows(home, "SELECT count(*) AS n FROM bronze.quarantine")[0]["n"] == 1
    assert land_files(home, "detection_events", [home.root / "given" / EVENTS], now=NOW).files[0].status == (
        "already_landed"
    )
