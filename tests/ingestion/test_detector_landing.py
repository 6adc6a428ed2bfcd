from __future__ import annotations

import gzip
import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.landing import land_files
from ingestion.receiving import HEAD
from ingestion.store import landed_path, manifests, open_landed
from lake.home import Home
from lake.reader import query

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def frigate(label: str) -> str:
    after = {
        "id": "1772323200.5-abc",
        "camera": "c1",
        "label": label,
        "sub_label": ["John Smith", 0.79],
        "top_score": 0.9,
        "score": 0.9,
        "false_positive": False,
        "start_time": 1772323200.5,
        "frame_time": 1772323201.0,
        "recognized_license_plate": "ABC12345",
    }
    return json.dumps({"type": "new", "before": after, "after": after})


def test_a_received_json_file_is_kept_beside_its_manifest_not_under_it(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "detection_events_2026-03-01_1.json"
    file.write_text(frigate("person") + "\n")
    land_files(home, "detection_events", [file], now=NOW)
    (manifest,) = manifests(home, "detection_events")
    kept = landed_path(home, manifest)
    assert kept.is_file()
    assert manifest.bytes == file.stat().st_size


def test_a_refused_message_is_quarantined_without_the_names_and_plates_it_carried(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "detection_events_2026-03-01_1.json"
    file.write_text(frigate("a label nobody mapped") + "\n")
    report = land_files(home, "detection_events", [file], now=NOW)
    assert (report.files[0].received, report.files[0].quarantined) == (1, 1)
    (row,) = query(home, "SELECT reason, raw FROM bronze.quarantine")["rows"]
    assert row["reason"] == "unknown_code"
    assert "a label nobody mapped" in row["raw"]
    in_lake = b"".join(path.read_bytes() for path in home.lake.rglob("*") if path.is_file())
    for identity in ("John Smith", "ABC12345"):
        assert identity not in row["raw"]
        assert identity.encode() not in in_lake


def test_received_detector_messages_are_sealed_because_they_may_name_people(home: Home, tmp_path: Path) -> None:
    message = tmp_path / "detection_events_2026-03-01_1.json"
    message.write_text(frigate("person") + "\n")
    packed = tmp_path / "detection_events_2026-03-01_2.json.gz"
    packed.write_bytes(gzip.compress(frigate("dog").encode() + b"\n"))
    land_files(home, "detection_events", [message, packed], now=NOW)
    landed = list(manifests(home, "detection_events"))
    assert len(landed) == 2
    for manifest in landed:
        assert manifest.sealed
        assert b"John Smith" not in landed_path(home, manifest).read_bytes()
        with open_landed(home, manifest) as stream:
            content = stream.read()
        assert b"John Smith" in (gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)


MESSAGES = f"{frigate('person')}\n{frigate('dog')}\n".encode()
NOTHING = gzip.compress(b"")


@pytest.mark.parametrize(
    ("status", "content"),
    [
        pytest.param("landed", NOTHING + gzip.compress(MESSAGES), id="an empty member before"),
        pytest.param("landed", gzip.compress(b"\n") + gzip.compress(MESSAGES), id="a member of one blank line before"),
        pytest.param("landed", NOTHING * 4_000 + gzip.compress(MESSAGES), id="nothing but empty members in the head"),
        pytest.param("rejected", gzip.compress(MESSAGES)[:-9], id="cut short"),
        pytest.param("rejected", NOTHING + gzip.compress(MESSAGES.decode().encode("utf-16")), id="in UTF-16"),
    ],
)
def test_packed_messages_are_sealed_however_they_begin(home: Home, tmp_path: Path, status: str, content: bytes) -> None:
    packed = tmp_path / "detection_events_2026-03-01_1.json.gz"
    packed.write_bytes(content)
    (report,) = land_files(home, "detection_events", [packed], now=NOW).files
    (manifest,) = manifests(home, "detection_events")
    assert (report.status, manifest.sealed) == (status, True)
    with open_landed(home, manifest) as stream:
        assert stream.read() == content


def test_packed_events_that_name_nobody_are_not_sealed_also_when_their_head_ends_within_a_member(
    home: Home, tmp_path: Path
) -> None:
    drawn = random.Random(1)
    events = [
        {"event_id": drawn.randbytes(40).hex(), "camera_id": "c1", "event_type": "site_dust",
         "detected_at": "2026-03-01T08:00:00+08:00"} for _ in range(3_000)
    ]  # fmt: skip
    packed = tmp_path / "detection_events_2026-03-01_1.ndjson.gz"
    packed.write_bytes(gzip.compress("".join(json.dumps(event) + "\n" for event in events).encode()))
    assert packed.stat().st_size > 2 * HEAD
    (report,) = land_files(home, "detection_events", [packed], now=NOW).files
    (manifest,) = manifests(home, "detection_events")
    assert (report.accepted, manifest.sealed) == (3_000, False)


def test_a_good_line_after_one_cut_behind_a_colon_is_not_lost(home: Home, tmp_path: Path) -> None:
    good = '{"event_id":"%s","camera_id":"c1","event_type":"site_dust","detected_at":"2026-03-01T08:00:00+08:00"}'
    file = tmp_path / "detection_events_2026-03-01_1.ndjson"
    file.write_text("\n".join([good % "a", '{"event_id":"b","camera_id":', good % "c", "{}", good % "d"]) + "\n")
    report = land_files(home, "detection_events", [file], now=NOW)
    assert (report.files[0].accepted, report.files[0].quarantined) == (3, 2)
    refused = query(home, "SELECT line, reason FROM bronze.quarantine ORDER BY line")["rows"]
    assert refused == [{"line": 2, "reason": "malformed_json"}, {"line": 4, "reason": "required_missing"}]
