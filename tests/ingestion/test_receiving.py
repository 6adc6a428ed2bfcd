"""What becomes of a file's bytes: taken as they are when nobody else holds them, copied otherwise, never half read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from ingestion import ahead
from ingestion.inbox import land_inbox
from ingestion.receiving import Received, receive
from ingestion.store import manifests
from lake.home import Home
from tests.ingestion.landed import EVENTS, NOW, event, land_path, ndjson, rows

FEED = "detection_events"


def delivered(home: Home, content: bytes, name: str = EVENTS) -> Path:
    path = home.inbox / FEED / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def landed_bytes(home: Home) -> Path:
    (manifest,) = manifests(home, FEED)
    return home.landing / FEED / manifest.sha256[:2] / manifest.file


def in_clear(_name: str, _head: bytes) -> bool:
    return False


def test_a_file_of_the_inbox_is_taken_without_a_copy(home: Home) -> None:
    path = delivered(home, ndjson([event(n) for n in range(5)]))
    inode = path.stat().st_ino
    (report,) = land_inbox(home, FEED, now=NOW).files
    assert report.accepted == 5
    assert not path.exists()
    taken = landed_bytes(home).stat()
    assert (taken.st_ino, taken.st_nlink) == (inode, 1)


def test_a_file_that_has_another_name_is_copied_because_it_may_change_through_it(home: Home, tmp_path: Path) -> None:
    path = delivered(home, ndjson([event()]))
    os.link(path, tmp_path / "kept by the sender")
    land_inbox(home, FEED, now=NOW)
    (tmp_path / "kept by the sender").write_bytes(b"something else")
    assert hashlib.sha256(landed_bytes(home).read_bytes()).hexdigest() == landed_bytes(home).name.split(".")[0]


def test_a_file_that_is_open_for_writing_is_copied(home: Home) -> None:
    path = delivered(home, ndjson([event()]))
    with path.open("ab") as sender:
        received = receive(home, FEED, path, seals=in_clear)
        assert received.clear == path
        received.forget()
        sender.write(b"")
    received = receive(home, FEED, path, seals=in_clear)
    assert received.clear == received.incoming
    received.forget()
    assert path.exists()


def test_a_file_outside_the_inbox_stays_its_owners(home: Home, tmp_path: Path) -> None:
    path = tmp_path / EVENTS
    path.write_bytes(ndjson([event()]))
    assert land_path(home, FEED, path).status == "landed"
    path.write_bytes(b"")
    assert landed_bytes(home).read_bytes() == ndjson([event()])


def test_a_file_that_changes_while_it_is_read_waits_for_the_next_run(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = delivered(home, ndjson([event(1)]))

    def receive_slowly(*call: object, **more: object) -> Received:
        received = receive(*call, **more)  # type: ignore[arg-type]
        received.taken.result()
        with path.open("ab") as sender:
            sender.write(ndjson([event(2)]))
        return received

    with monkeypatch.context() as patch:
        patch.setattr(ahead, "receive", receive_slowly)
        (report,) = land_inbox(home, FEED, now=NOW).files
    assert (report.status, report.reason, report.sha256) == ("rejected", "changed_while_read", None)
    assert path.exists()
    assert not list(manifests(home, FEED))
    assert rows(home, f"SELECT * FROM bronze.{FEED}") == []
    (report,) = land_inbox(home, FEED, now=NOW).files
    assert (report.status, report.accepted) == ("landed", 2)
    assert list((home.landing / FEED / ".incoming").iterdir()) == []


def test_the_same_bytes_under_another_name_are_known_by_their_hash(home: Home) -> None:
    delivered(home, ndjson([event()]))
    land_inbox(home, FEED, now=NOW)
    delivered(home, ndjson([event()]), "detection_events_2026-11-22_p02.ndjson")
    (report,) = land_inbox(home, FEED, now=NOW).files
    assert report.status == "already_landed"
    (manifest,) = manifests(home, FEED)
    assert len(manifest.deliveries) == 2


def test_what_must_not_be_read_is_told_once_and_set_aside_unread(home: Home, tmp_path: Path) -> None:
    (tmp_path / "secret.ndjson").write_bytes(ndjson([event()]))
    delivered(home, ndjson([event(1)]))
    link = home.inbox / FEED / "link.ndjson"
    for _ in range(2):
        link.symlink_to(tmp_path / "secret.ndjson")
        reports = land_inbox(home, FEED, now=NOW).files
        assert ("rejected", "outside_inbox") in {(report.status, report.reason) for report in reports}
        assert land_inbox(home, FEED, now=NOW).files == ()
    aside = list((home.inbox / FEED / ".refused").iterdir())
    assert len(aside) == 2
    assert all(path.is_symlink() for path in aside)
    assert (tmp_path / "secret.ndjson").exists()
