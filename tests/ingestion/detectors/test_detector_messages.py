"""Messages in a file: one a line, pretty-printed, in a list, broken, or nothing at all; each accounted for."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.adapters import deepstream, frigate, onvif
from ingestion.detectors.events import SCHEMA, DetectorDecoder
from ingestion.detectors.messages import messages
from tests.examples import examples

DECODERS: list[DetectorDecoder] = [deepstream.DECODER, frigate.DECODER, onvif.DECODER]
FENCE = {
    "UtcTime": "2026-11-23T01:00:00Z",
    "Source": {"VideoSource": "C1", "Rule": "RedLight"},
    "Data": {"ObjectId": "15"},
}


def _rows(decoder: DetectorDecoder, data: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for batch in decoder.decode(io.BytesIO(data)):
        assert batch.schema == SCHEMA
        rows.extend(batch.to_pylist())
    return sorted(rows, key=lambda row: row["line"])


def _lines(data: bytes) -> list[tuple[int, str | None]]:
    return [(row["line"], row["refused_rule"]) for row in _rows(onvif.DECODER, data)]


def test_one_message_a_line_with_broken_ones_between() -> None:
    good = json.dumps(FENCE)
    data = f'{good}\n\n{good[:40]}\n["a", 1]\n17\n{good}\r\n'.encode() + b"\xff\xfe{}\n" + good.encode()
    assert _lines(data) == [
        (1, None),
        (3, "malformed_json"),
        (4, "not_an_object"),
        (5, "not_an_object"),
        (6, None),
        (7, "not_utf8"),
        (8, None),
    ]


def test_a_broken_first_line_does_not_turn_the_file_into_one_document() -> None:
    good = json.dumps(FENCE)
    assert _lines(f"{good[:30]}\n{good}\n{good}\n".encode()) == [(1, "malformed_json"), (2, None), (3, None)]


def test_pretty_printed_documents_one_after_another() -> None:
    pretty = json.dumps(FENCE, indent=2)
    height = pretty.count("\n") + 1
    assert _lines(f"\ufeff{pretty}\n{pretty}\n".encode()) == [(1, None), (1 + height, None)]


def test_a_list_of_messages_pretty_printed_or_on_one_line() -> None:
    assert _lines(json.dumps([FENCE, FENCE, "noise"]).encode()) == [(1, "not_an_object")]
    assert _lines(json.dumps([FENCE, FENCE]).encode()) == [(1, None), (1, None)]
    assert _lines(json.dumps([FENCE, FENCE], indent=1).encode()) == [(2, None), (12, None)]
    assert _lines(b"[]\n") == []


def test_after_a_broken_document_the_next_is_read() -> None:
    pretty = json.dumps(FENCE, indent=2)
    assert [rule for _, rule in _lines(f"{pretty[:60]}\n{pretty}\n".encode())] == ["malformed_json", None]


def test_a_document_that_runs_over_too_many_lines_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.detectors.messages.DOCUMENT_LIMIT", 1000)
    monkeypatch.setattr("ingestion.detectors.messages.LINE_LIMIT", 600)
    pretty = json.dumps([FENCE] * 20, indent=2)
    assert _lines(pretty.encode()) == [(1, "line_too_long")]


def test_a_line_too_long_is_refused_and_the_next_one_read() -> None:
    good = json.dumps(FENCE).encode()
    data = good + b'\n{"UtcTime": "' + b"9" * (9 << 20) + b'"}\n' + good + b"\n"
    assert _lines(data) == [(1, None), (2, "line_too_long"), (3, None)]


def test_halves_of_surrogate_pairs_and_nul_are_kept_as_escapes() -> None:
    message = json.dumps(FENCE).replace("RedLight", "\\ud800 \\u0000")
    (row,) = _rows(onvif.DECODER, message.encode())
    assert row["event_type"] == "\\ud800 \\x00"


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.format)
def test_an_empty_file_has_no_rows(decoder: DetectorDecoder) -> None:
    assert _rows(decoder, b"") == _rows(decoder, b"\n \n") == []


NAMES = st.sampled_from(
    [
        "UtcTime",
        "Source",
        "Data",
        "Key",
        "Frame",
        "Object",
        "Appearance",
        "Class",
        "Type",
        "SimpleItem",
        "Name",
        "Value",
        "Shape",
        "BoundingBox",
        "after",
        "before",
        "label",
        "box",
        "start_time",
        "messageid",
        "event",
        "id",
        "object",
        "@timestamp",
        "sensor",
        "location",
        "lat",
        "lon",
        "bbox",
        "vehicle",
        "license",
        "State",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=5),
    max_leaves=12,
)


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.format)
@examples(15)
@given(st.lists(st.dictionaries(NAMES, JSON, max_size=6) | JSON, min_size=1, max_size=5))
def test_any_json_is_events_or_refused_and_never_an_error(decoder: DetectorDecoder, values: list[Any]) -> None:
    data = b"{}\n" + b"".join(json.dumps(value).encode() + b"\n" for value in values)
    rows = _rows(decoder, data)
    others = {line for line, value in enumerate(values, 2) if not isinstance(value, dict | list)}
    assert others <= {row["line"] for row in rows if row["refused_rule"]}
    assert {row["line"] for row in rows} <= set(range(1, len(values) + 2))
    list(decoder.raw(io.BytesIO(data), range(1, 10)))


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.format)
@examples(15)
@given(st.binary(max_size=300))
def test_any_bytes_are_events_or_refused_and_never_an_error(decoder: DetectorDecoder, data: bytes) -> None:
    _rows(decoder, data)
    _rows(decoder, b'{"a": \n' + data)


@given(st.binary(max_size=200))
def test_every_line_is_a_message_or_refused(data: bytes) -> None:
    lines = b'{"a": 1}\n' + data
    said = {number for number, line in enumerate(lines.split(b"\n"), 1) if line.strip() not in (b"", b"[]")}
    found = [line for block in messages(io.BytesIO(lines)) for line in block.lines + [r.line for r in block.refused]]
    assert sorted(found) == sorted(said)
