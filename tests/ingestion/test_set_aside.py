"""What landing must not read is moved out of the way, and only there: senders write to the folders it waits in."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ingestion.contracts import load_contract
from ingestion.expiry import expire_received
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


def people_of_a_day_to_come(home: Home) -> Path:
    """A file of persons that has been set aside; where it is now."""
    inbox = home.inbox / "population_records"
    inbox.mkdir()
    (inbox / "population_records_2027-11-22.csv").write_text("id_number,name\n99011719900101,Z\n")
    assert [report.reason for report in land_inbox(home, "population_records", now=NOW).files] == ["date_in_future"]
    return inbox / ".refused" / "population_records_2027-11-22.csv"


def test_persons_set_aside_are_for_the_platforms_account_alone(home: Home) -> None:
    path = people_of_a_day_to_come(home)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_persons_set_aside_are_deleted_when_a_feeds_rows_would_be(home: Home) -> None:
    contract = load_contract("population_records")
    path = people_of_a_day_to_come(home)
    size = path.stat().st_size
    os.utime(path, (4e9, 4e9))  # the sender's clock, of the next century
    aside_at = datetime.fromtimestamp(path.stat().st_ctime, UTC)
    kept = timedelta(days=contract.retention_days)
    assert expire_received(home, [contract], aside_at + kept - timedelta(hours=1)) == {"files": 0, "bytes": 0}
    over = aside_at + kept + timedelta(hours=1)
    assert expire_received(home, [contract], over, dry_run=True) == {"files": 1, "bytes": size}
    assert path.exists()
    assert expire_received(home, [contract], over) == {"files": 1, "bytes": size}
    assert not path.exists()


def test_nothing_is_deleted_where_a_link_in_the_place_of_the_folder_leads(home: Home, tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "daily.py").write_text("")
    (home.inbox / FEED).mkdir()
    (home.inbox / FEED / ".refused").symlink_to(tmp_path / "dags")
    later = datetime.fromtimestamp((tmp_path / "dags").stat().st_ctime, UTC) + timedelta(days=40_000)
    assert expire_received(home, [load_contract(FEED)], later) == {"files": 0, "bytes": 0}
    assert (tmp_path / "dags" / "daily.py").exists()


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
