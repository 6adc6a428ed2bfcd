"""Files that are not there, or no more, when their turn comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.inbox import land_inbox
from ingestion.landing import land_files
from ingestion.quarantine import list_quarantine
from lake.home import Home
from tests.ingestion.landed import EVENTS, NOW, event, ndjson

FEED = "detection_events"


def test_a_file_that_is_not_there_is_told_and_leaves_nothing_in_the_lake(home: Home, tmp_path: Path) -> None:
    (tmp_path / EVENTS).write_bytes(ndjson([event()]))
    # Not by what its name would have been refused for, either.
    absent = [tmp_path / name for name in ("absent.ndjson", "detection_events_2999-01-01.ndjson", "a\nb.ndjson")]
    report = land_files(home, FEED, [*absent, tmp_path / EVENTS], now=NOW)
    assert [file.reason for file in report.files] == ["no_such_file"] * 3 + [None]
    assert [file.status for file in report.files] == ["rejected"] * 3 + ["landed"]
    assert list_quarantine(home, FEED) == []


def test_a_file_taken_away_between_listing_and_landing_is_no_error_of_the_run(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home.inbox / FEED
    folder.mkdir(parents=True)
    (folder / EVENTS).write_bytes(ndjson([event()]))
    listed = [folder / "gone.ndjson", folder / EVENTS]
    monkeypatch.setattr("ingestion.inbox.pending", lambda *_: listed)
    report = land_inbox(home, FEED, now=NOW)
    assert [(file.file, file.status) for file in report.files] == [(EVENTS, "landed")]
    assert list_quarantine(home, FEED) == []
