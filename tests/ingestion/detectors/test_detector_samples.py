"""The messages other projects document, read by the three detector decoders."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion.adapters import deepstream, frigate, onvif
from ingestion.detectors.events import DetectorDecoder

RECEIVED = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SAMPLES = {
    "deepstream_01_full_schema.json": deepstream.DECODER,
    "frigate_01_frigate_events.json": frigate.DECODER,
    "onvif_analytics_22.json": onvif.DECODER,
    "onvif_core_31.json": onvif.DECODER,
}
EXPECTED: dict[str, dict[str, Any]] = {
    "deepstream_01_full_schema.json": {
        "event_id": "ff7cc527-d019-4348-8b25-6df69c5b6dcc",
        "camera_id": "CAMERA_ID",
        "event_type": "moving",
        "detected_at": "2021-03-31T20:11:07.742Z",
        "confidence": None,
        "longitude": None,
        "latitude": None,
        "algorithm": "XYZ 1.0",
        "track_id": None,
        "bbox": "[597, 481, 711, 569]",
    },
    "frigate_01_frigate_events.json": {
        "event_id": "1607123955.475377-mxklsc",
        "camera_id": "front_door",
        "event_type": "person",
        "detected_at": "2020-12-04T23:19:15.475377+00:00",
        "confidence": "0.958984375",
        "track_id": "1607123955.475377-mxklsc",
        "snapshot_uri": None,
        "bbox": "[432, 496, 544, 854]",
    },
    "onvif_analytics_22.json": {
        "camera_id": "MyClassifier",
        "event_type": "Human",
        "detected_at": "2021-10-05T15:13:27.321Z",
        "confidence": "0.8",
        "track_id": "15",
        "bbox": "[20.0, 80.0, 100.0, 30.0]",
    },
    "onvif_core_31.json": {
        "camera_id": "1",
        "event_type": "MyImportantFence1",
        "detected_at": "2008-10-10T12:24:57.321Z",
        "track_id": "15",
    },
}
IDENTITIES = ("XX1234", "ABC12345", "John Smith", "Male", "LongSleeve", "Hat", '"CA"')


def _sample(shared_data: Path, name: str) -> bytes:
    return (shared_data / "detectors" / name).read_bytes()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_documented_message_gives_one_event(name: str, shared_data: Path) -> None:
    (batch,) = SAMPLES[name].decode(io.BytesIO(_sample(shared_data, name)), received_at=RECEIVED)
    (row,) = batch.to_pylist()
    assert {column: row[column] for column in EXPECTED[name]} == EXPECTED[name]
    assert row["line"] == 1
    assert row["event_id"]
    assert row["received_at"] == RECEIVED
    assert row["refused_rule"] is row["raw"] is None


@pytest.mark.parametrize("name", SAMPLES)
def test_identities_are_neither_in_the_event_nor_in_what_quarantine_may_keep(name: str, shared_data: Path) -> None:
    sample = _sample(shared_data, name)
    decoder = SAMPLES[name]
    batches = [batch.to_pylist() for batch in decoder.decode(io.BytesIO(sample))]
    ((line, raw),) = decoder.raw(io.BytesIO(sample), [1])
    broken = sample.replace(b"\n", b" ")[:-3] + b"\n"
    (refused,) = [batch.to_pylist()[0] for batch in decoder.decode(io.BytesIO(broken))]
    assert refused["refused_rule"] == "malformed_json"
    for identity in IDENTITIES:
        for kept in (str(batches), raw, refused["raw"]):
            assert identity not in kept
    assert line == 1


@pytest.mark.parametrize("name", SAMPLES)
def test_what_quarantine_keeps_decodes_to_the_same_event(name: str, shared_data: Path) -> None:
    sample = _sample(shared_data, name)
    decoder = SAMPLES[name]
    ((_, raw),) = decoder.raw(io.BytesIO(sample), [1])
    (again,) = decoder.decode(io.BytesIO(raw.encode()))
    (once,) = decoder.decode(io.BytesIO(sample))
    assert again.to_pylist() == once.to_pylist()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_message_is_recognised_by_its_own_decoder_alone(name: str, shared_data: Path) -> None:
    sample = _sample(shared_data, name)
    decoders: list[DetectorDecoder] = [deepstream.DECODER, frigate.DECODER, onvif.DECODER]
    recognising = [
        decoder for decoder in decoders if decoder.recognises("detection_events_2026-11-23_p01.json", sample)
    ]  # type: ignore[attr-defined]
    assert recognising == [SAMPLES[name]]
    native = b'{"event_id":"e1","camera_id":"C1","event_type":"red_light","detected_at":"2026-11-23T01:00:00+08:00"}\n'
    assert not SAMPLES[name].recognises("detection_events_2026-11-23_p01.ndjson", native)  # type: ignore[attr-defined]
