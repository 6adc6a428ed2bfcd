"""Two feeds landed at a time leave the lake that one after the other leaves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lake.home import Home
from lake.reader import query
from pipeline import side_by_side
from pipeline.side_by_side import Landed, land_feeds
from tests.pipeline.small_inbox import CAMERAS, TRUCKS, put

FEEDS = ["camera_status", "cameras", "trucks", "units"]
BAD_CAMERA = "C2,310117001,north,31.0322,WGS84,street,2024-01-01,\n"


def fill(home):
    put(home, "trucks", "trucks_2026-11-16.csv", TRUCKS)
    put(home, "cameras", "cameras_2026-11-16.csv", CAMERAS + BAD_CAMERA)
    put(home, "cameras", "cameras_2026-11-17.csv", CAMERAS + BAD_CAMERA)
    put(home, "camera_status", "camera_status_2026-11-16.csv", "neither,of,the,columns\n1,2,3,4\n")
    return home


@pytest.fixture
def side_by_side_always(monkeypatch):
    monkeypatch.setattr(side_by_side, "FROM_BYTES", 0)


def mark_process():
    """What a test's processes do first: leave their number."""
    (Path(os.environ["YUNJIAN_HOME"]) / f"process-{os.getpid()}").touch()


def end_process():
    os._exit(7)


def content(home):
    bookkeeping = "SELECT * EXCLUDE (landed_at) FROM bronze.landing_files ORDER BY ALL"
    rows = "SELECT camera_id, business_date, _line FROM bronze.cameras ORDER BY ALL"
    refused = "SELECT file_name, line, field, reason FROM bronze.quarantine ORDER BY ALL"
    return [query(home, sql)["rows"] for sql in (bookkeeping, rows, refused)]


def test_the_lake_and_the_reports_are_those_of_one_feed_after_the_other(home, tmp_path, now, monkeypatch):
    other = fill(Home(tmp_path / "other").ensure())
    after = land_feeds(other, FEEDS, "run-1", now=now)
    monkeypatch.setattr(side_by_side, "FROM_BYTES", 0)
    beside = land_feeds(fill(home), FEEDS, "run-1", now=now, in_each_process=mark_process)
    assert beside == after
    assert [landed.feed for landed in beside] == FEEDS
    assert content(home) == content(other)
    processes = {path.name for path in home.root.glob("process-*")}
    assert len(processes) == 2
    assert f"process-{os.getpid()}" not in processes
    assert not [path for path in home.inbox.rglob("*") if path.is_file()]


def test_a_feed_whose_process_dies_is_told_and_its_files_stay_in_the_inbox(home, now, side_by_side_always):
    fill(home)
    landed = land_feeds(home, FEEDS, "run-1", now=now, in_each_process=end_process)
    assert [one.feed for one in landed] == FEEDS
    assert all(one.report is None and one.failure.startswith("the landing process ended") for one in landed)
    assert len([path for path in home.inbox.rglob("*") if path.is_file()]) == 4
    assert all(one.report for one in land_feeds(home, FEEDS, "run-2", now=now))


def test_little_is_landed_in_this_process(home, now):
    def never():
        raise AssertionError("a process was started for a few lines")

    landed = land_feeds(fill(home), FEEDS, "run-1", now=now, in_each_process=never)
    assert all(isinstance(one, Landed) and one.report for one in landed)
