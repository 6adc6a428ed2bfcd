"""What each detector's fields mean for the platform, and what is no event at all."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from ingestion.adapters import deepstream, frigate, onvif
from ingestion.contracts import load_contract
from ingestion.detectors.events import DetectorDecoder
from ingestion.detectors.labels import label_codes

FENCE: dict[str, Any] = {
    "UtcTime": "2026-11-23T01:00:00Z",
    "Source": {"VideoSource": "C1", "Rule": "RedLight", "AnalyticsConfiguration": "A1"},
    "Data": {"ObjectId": "15"},
}
TRACKED = {
    "id": "17.5-abc",
    "camera": "C2",
    "label": "garbage",
    "start_time": 1795363200.25,
    "top_score": 0.9,
    "box": [1, 2, 3, 4],
    "has_snapshot": True,
}
SEEN: dict[str, Any] = {
    "messageid": "m1",
    "mdsversion": "1.0",
    "@timestamp": "2026-11-23T01:00:00",
    "sensor": {"id": "C3", "location": {"lat": 31.0, "lon": 121.0}},
    "analyticsModule": {"id": "spill", "version": "2"},
    "object": {
        "id": "42",
        "vehicle": {"type": "truck", "confidence": 0.75},
        "location": {"lat": 31.05, "lon": 121.25},
        "bbox": {"topleftx": 1, "toplefty": 2, "bottomrightx": 3, "bottomrighty": 4},
    },
    "event": {"id": "e1", "type": "Spillage"},
}


def _rows(decoder: DetectorDecoder, *given: dict[str, Any]) -> list[dict[str, Any]]:
    data = "".join(f"{json.dumps(message)}\n" for message in given).encode()
    return [row for batch in decoder.decode(io.BytesIO(data)) for row in batch.to_pylist()]


def _with(message: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {**message, **changed}


def test_a_deepstream_message_is_a_detection_of_its_sensor() -> None:
    (row,) = _rows(deepstream.DECODER, SEEN)
    assert {name: value for name, value in row.items() if value is not None} == {
        "line": 1,
        "event_id": "m1",
        "camera_id": "C3",
        "event_type": "truck_spillage",
        "detected_at": "2026-11-23T01:00:00Z",
        "confidence": "0.75",
        "longitude": "121.25",
        "latitude": "31.05",
        "algorithm": "spill 2",
        "track_id": "42",
        "bbox": "[1, 2, 3, 4]",
    }


def test_a_deepstream_object_without_place_track_or_confidence_leaves_them_out() -> None:
    thing = {"id": "-1", "person": {"confidence": -0.1}, "location": {"lat": 0.0, "lon": 0.0}}
    (row,) = _rows(deepstream.DECODER, _with(SEEN, object=thing))
    assert [row[name] for name in ("longitude", "latitude", "track_id", "confidence", "bbox")] == [None] * 5


def test_a_deepstream_value_of_the_wrong_kind_is_left_to_the_contract() -> None:
    (row,) = _rows(deepstream.DECODER, _with(SEEN, sensor="C3", **{"@timestamp": 17}))
    assert (row["camera_id"], row["detected_at"], row["refused_rule"]) == (None, "17Z", None)


@pytest.mark.parametrize(
    "source",
    [
        {"VideoSource": "C1", "Rule": "RedLight"},
        {"SimpleItem": [{"Name": "VideoSource", "Value": "C1"}, {"Name": "Rule", "Value": "RedLight"}]},
        {"SimpleItem": [{"@Name": "VideoSourceToken", "@Value": "C1"}, {"@Name": "Rule", "@Value": "RedLight"}]},
        [{"Name": "VideoSource", "Value": "C1"}, {"Name": "Rule", "Value": "RedLight"}],
    ],
)
def test_onvif_items_come_as_maps_or_lists(source: Any) -> None:
    data = {"SimpleItem": {"Name": "ObjectId", "Value": "15"}}
    (row,) = _rows(onvif.DECODER, _with(FENCE, Source=source, Data=data))
    assert (row["camera_id"], row["event_type"], row["track_id"]) == ("C1", "red_light", "15")


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"UtcTime": "2026-11-23T01:00:00Z"},
        _with(FENCE, Data={}),
        _with(FENCE, Data={"SimpleItem": []}),
        _with(FENCE, Data={"State": "false"}),
        _with(FENCE, Data={"State": False}),
        _with(FENCE, PropertyOperation="Deleted"),
        {"Frame": []},
        {"Frame": [{"@UtcTime": "2026-11-23T01:00:00Z"}]},
        {"Frame": {"@UtcTime": "2026-11-23T01:00:00Z", "Object": []}},
    ],
)
def test_an_onvif_message_that_reports_nothing_is_legal_and_no_event(message: dict[str, Any]) -> None:
    assert _rows(onvif.DECODER, message) == []


def test_every_object_of_an_onvif_frame_is_an_event_of_its_likeliest_class() -> None:
    kinds = [{"@Likelihood": 0.2, "#text": "Animal"}, {"@Likelihood": 0.7, "#text": "Crowding"}]
    place = {"@lon": 121.2, "@lat": 31.0}
    frame = {
        "@UtcTime": "2026-11-23T01:00:00.5",
        "Object": [
            {"@ObjectId": 1, "Appearance": {"Class": {"Type": kinds}, "GeoLocation": place}},
            {"@ObjectId": 2, "Appearance": {"Class": {"Type": "Human"}}},
        ],
    }
    first, second = _rows(onvif.DECODER, {"Frame": frame, "Source": {"VideoSource": "C9"}})
    assert (first["event_type"], first["confidence"], first["longitude"]) == ("campus_crowding", "0.7", "121.2")
    assert (second["event_type"], second["camera_id"], second["confidence"]) == ("Human", "C9", None)
    assert first["event_id"] != second["event_id"]


def test_an_onvif_topic_names_the_event_when_no_rule_does() -> None:
    message = _with(FENCE, Source={"VideoSource": "C1"}, Topic="tns1:RuleEngine/Traffic/tns1:WrongDirection")
    assert _rows(onvif.DECODER, message)[0]["event_type"] == "wrong_way"


def test_a_message_without_identifier_gets_the_same_one_again() -> None:
    first, again, other = _rows(onvif.DECODER, FENCE, FENCE, _with(FENCE, Data={"ObjectId": "16"}))
    assert first["event_id"] == again["event_id"] != other["event_id"]


def test_all_messages_of_one_frigate_object_are_one_event() -> None:
    ends = _with(TRACKED, end_time=1795363300.0, top_score=0.95)
    new, end = _rows(frigate.DECODER, {"type": "new", "before": {}, "after": TRACKED}, {"type": "end", "after": ends})
    for name in ("event_id", "camera_id", "event_type", "detected_at", "track_id"):
        assert new[name] == end[name]
    assert new["event_type"] == "random_garbage"
    assert new["detected_at"] == "2026-11-22T16:00:00.250000+00:00"
    assert new["snapshot_uri"] == "/api/events/17.5-abc/snapshot.jpg"


def test_a_frigate_false_positive_is_no_event() -> None:
    assert _rows(frigate.DECODER, {"type": "update", "after": _with(TRACKED, false_positive=True)}) == []


@pytest.mark.parametrize("epoch", [None, "soon", True, -5, 1e300])
def test_a_frigate_time_that_is_none_is_left_to_the_contract(epoch: Any) -> None:
    (row,) = _rows(frigate.DECODER, {"after": _with(TRACKED, start_time=epoch)})
    assert row["refused_rule"] is None
    assert row["detected_at"] == (None if epoch is None else epoch if isinstance(epoch, str) else json.dumps(epoch))


def test_every_declared_label_leads_to_an_event_type_of_the_contract() -> None:
    column = next(c for c in load_contract("detection_events").columns if c.name == "event_type")
    for decoder in (deepstream.DECODER, frigate.DECODER, onvif.DECODER):
        assert label_codes(decoder.format)
        assert set(label_codes(decoder.format).values()) <= set(column.values)


def test_a_further_contract_folder_adds_and_overrides_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "codes").mkdir()
    table = "format,label,event_type\nfrigate,person,stranger_entry\nfrigate,garbage,illegal_dumping\n"
    (tmp_path / "codes" / "detector_labels.csv").write_text(table)
    monkeypatch.setenv("YUNJIAN_CONTRACTS", str(tmp_path))
    seen = [_with(TRACKED, label=label) for label in ("person", "garbage", "litter", "car")]
    rows = _rows(frigate.DECODER, *({"after": one} for one in seen))
    assert [row["event_type"] for row in rows] == ["stranger_entry", "illegal_dumping", "random_garbage", "car"]
