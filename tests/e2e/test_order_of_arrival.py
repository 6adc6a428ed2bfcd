"""Any order of arrival, sent again or interrupted: the same published content."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ingestion.contracts import all_contracts
from ingestion.landing import land_files
from ingestion.replay import replay
from lake.home import Home
from pipeline.build import build
from pipeline.publish import publish_edition
from tests.e2e.sample import NOW, generate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def take(home: Home, files: list[tuple[str, Path]], *, build_after: int | None = None) -> str:
    """Lands (feed, file) in the given order, perhaps with a build in the middle; returns the content hash."""
    for place, (feed, file) in enumerate(files):
        land_files(home, feed, [file], now=NOW)
        if place == build_after:
            assert build(home, now=NOW).as_json()["status"] == "passed"
    assert build(home, now=NOW).as_json()["status"] in ("passed", "unchanged")
    published = publish_edition(home, now=NOW)
    assert published["status"] == "published", published
    return str(published["content_hash"])


def test_arrival_order_repetition_replay_and_builds_between_leave_the_same_content(tmp_path: Path) -> None:
    sample = generate(tmp_path / "files", scale="tiny", days=2)
    feeds = [contract.feed for contract in all_contracts()]
    files = [(feed, path) for feed in feeds for path in sorted((sample / feed).glob("*"))]
    straight = take(Home(tmp_path / "straight").ensure(), files)

    shuffled = files + random.Random(5).sample(files, 8)  # some are sent twice
    random.Random(6).shuffle(shuffled)
    other = Home(tmp_path / "shuffled").ensure()
    assert take(other, shuffled, build_after=len(shuffled) // 2) == straight
    for feed in feeds:
        replay(other, feed, NOW)  # nothing was mended: nothing may change
    build(other, now=NOW)
    assert publish_edition(other, now=NOW)["status"] == "unchanged"
