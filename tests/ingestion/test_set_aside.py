"""What landing must not read is moved out of the way, and only there: senders write to the folders it waits in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ingestion.inbox import land_inbox, pending
from lake.home import Home
from tests.ingestion.landed import CAMERA_HEADER, CAMERAS, GOOD_CAMERA, NOW

FEED = "cameras"
TO_COME = "cameras_2099-01-01.csv"


def delivered(home: Home, name: str, content: str = CAMERA_HEADER + GOOD_CAMERA) -> Path:
    path = home.inbox / FEED / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_a_link_in_the_place_of_the_folder_moves_no_file_elsewhere_and_the_others_land(
    home: Home, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "dags"
    elsewhere.mkdir()
    waiting = [delivered(home, TO_COME), delivered(home, "cameras_2098-01-01.csv")]
    delivered(home, CAMERAS)
    (home.inbox / FEED / ".refused").symlink_to(elsewhere)
    with capture_logs() as logs:
        reports = land_inbox(home, FEED, now=NOW).files
    assert sorted(report.status for report in reports) == ["landed", "rejected", "rejected"]
    assert list(elsewhere.iterdir()) == []
    assert all(path.exists() for path in waiting)
    told = [entry for entry in logs if entry["event"] == "files cannot be set aside"]
    assert len(told) == 2
    assert told[0]["folder"] == str(home.inbox / FEED / ".refused")
    assert "link" in told[0]["because"]


def test_a_file_in_the_place_of_the_folder_stops_no_other_file(home: Home) -> None:
    path = delivered(home, TO_COME)
    (home.inbox / FEED / ".refused").write_text("")
    assert [report.reason for report in land_inbox(home, FEED, now=NOW).files] == ["date_in_future"]
    assert path.exists()


def test_names_of_the_greatest_length_are_set_aside_as_often_as_they_come(home: Home) -> None:
    name = f"{TO_COME}{'.' * (255 - len(TO_COME))}"
    for _ in range(2):
        delivered(home, name)
        land_inbox(home, FEED, now=NOW)
    assert len(list((home.inbox / FEED / ".refused").iterdir())) == 2
    assert pending(home, FEED) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a link of another account")
def test_a_feeds_folder_that_somebody_else_has_linked_is_not_emptied(home: Home, tmp_path: Path) -> None:
    (tmp_path / "mounted").mkdir()
    (tmp_path / "mounted" / CAMERAS).write_text(CAMERA_HEADER + GOOD_CAMERA)
    link = home.inbox / FEED
    link.symlink_to(tmp_path / "mounted")
    os.lchown(link, 65534, 65534)
    with capture_logs() as logs:
        assert land_inbox(home, FEED, now=NOW).files == ()
    assert [entry["log_level"] for entry in logs if entry.get("folder") == str(link)] == ["error"]
    os.lchown(link, os.geteuid(), -1)  # the platform's own link is its operator's wish
    assert [report.status for report in land_inbox(home, FEED, now=NOW).files] == ["landed"]
