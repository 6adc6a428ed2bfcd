"""`yunjian run`: inbox to edition without Airflow, on a day small enough to read."""

from __future__ import annotations

import pytest

from pipeline.run import run
from tests.pipeline.district import DAY, LATER, served
from tests.pipeline.small_inbox import CAMERAS, TRUCKS, put

pytestmark = pytest.mark.slow


def test_a_feed_that_fails_stops_neither_the_others_nor_the_edition_and_a_second_run_changes_nothing(district):
    before = served(district, "SELECT max(edition) FROM editions")[0][0]
    put(district, "trucks", f"trucks_{DAY}.csv", TRUCKS)
    put(district, "cameras", f"cameras_{DAY}_2.csv", CAMERAS)
    put(district, "camera_status", f"camera_status_{DAY}_2.csv", "neither,of,the,columns\n1,2,3,4\n")
    result = run(district, now=LATER)
    assert result["failures"] == []
    assert result["exit_code"] == 2, "a file was refused"
    landed = {report["feed"]: [file["status"] for file in report["files"]] for report in result["feeds"]}
    assert landed["trucks"] == landed["cameras"] == ["landed"]
    assert landed["camera_status"] == ["rejected"]
    assert result["build"]["status"] == "passed"
    assert result["publication"]["status"] == "published"
    assert result["publication"]["edition"] > before
    accepted = dict(served(district, "SELECT feed, accepted FROM data_accounting WHERE accepted > 0"))
    assert accepted == {"cameras": 2, "camera_status": 24, "detection_events": 2, "trucks": 1}

    again = run(district, now=LATER)
    assert again["exit_code"] == 0
    assert again["build"]["status"] == "unchanged"
    assert again["publication"]["status"] == "unchanged"
    assert again["publication"]["edition"] == result["publication"]["edition"]


def test_an_unforeseen_error_in_one_feed_is_reported_and_the_others_land(district, monkeypatch):
    import ingestion.landing

    put(district, "trucks", f"trucks_{DAY}.csv", TRUCKS)
    put(district, "cameras", f"cameras_{DAY}_2.csv", CAMERAS)
    real = ingestion.landing.load_contract

    def full_disk(feed):
        if feed == "cameras":
            raise OSError(28, "No space left on device")
        return real(feed)

    monkeypatch.setattr(ingestion.landing, "load_contract", full_disk)
    result = run(district, now=LATER)
    assert result["exit_code"] == 1
    assert result["failures"] == ["landing cameras: [Errno 28] No space left on device"]
    assert {report["feed"] for report in result["feeds"]} >= {"trucks", "camera_status"}
    assert result["build"]["status"] == "passed"
    assert result["publication"]["status"] == "published"
    feeds = served(district, "SELECT DISTINCT feed FROM data_accounting WHERE accepted > 0 ORDER BY feed")
    assert feeds == [("camera_status",), ("cameras",), ("detection_events",), ("trucks",)]
