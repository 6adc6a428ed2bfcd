"""Whatever the bytes are: nothing raises, and every line comes out exactly once, or once an item."""

from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingestion import text_parts
from ingestion.jtt808.decoder import decode_capture
from sample_district.wire.golden_frames import cases
from sample_district.wire.jtt808_frames import BATCH, LOCATION, capture_line, message, seal

GOLDEN_LINES = [line.encode() for case in cases() for line in case["lines"] if "sub-package" not in case["name"]]
RECEIVED = datetime(2026, 11, 23, tzinfo=UTC)


def _lines_of(text: bytes) -> Counter[int]:
    return Counter(line for batch in decode_capture(io.BytesIO(text)) for line in batch["line"].to_pylist())


def _said(text: bytes) -> set[int]:
    """Numbers of the lines that are not blank."""
    return {number for number, line in enumerate(text.split(b"\n"), 1) if line.strip(b" \t\r")}


@given(st.binary(max_size=400))
def test_arbitrary_bytes_give_one_refused_row_a_line(text: bytes) -> None:
    text = text.removeprefix(b"\xef\xbb\xbf")
    assert _lines_of(text) == dict.fromkeys(_said(text), 1)


@given(st.lists(st.sampled_from(GOLDEN_LINES), max_size=6), st.data())
def test_a_damaged_capture_accounts_for_every_line(lines: list[bytes], data: Any) -> None:
    text = bytearray(b"\n".join(lines))
    for _ in range(data.draw(st.integers(0, 5))):
        if text:
            at = data.draw(st.integers(0, len(text) - 1))
            text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    assert set(_lines_of(bytes(text))) == _said(bytes(text))


@given(
    st.sampled_from([LOCATION, BATCH, 0x0002]),
    st.binary(max_size=200),
    st.sampled_from([2013, 2019]),
    st.none() | st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_a_sound_frame_around_any_body_is_accounted_for(
    message_id: int, body: bytes, edition: int, part: tuple[int, int] | None
) -> None:
    frame = seal(message(message_id, "13900001234", 1, body, edition=edition, part=part))
    text = f"{capture_line(RECEIVED, frame)}\n".encode()
    assert set(_lines_of(text)) == {1}
    twice = _lines_of(text + text)
    assert set(twice) in ({1, 2}, {2}), "two equal parts are a part and its repetition, or two messages"


@given(st.lists(st.sampled_from(GOLDEN_LINES), max_size=12), st.integers(64, 700))
def test_where_the_capture_is_cut_into_parts_makes_no_difference(lines: list[bytes], size: int) -> None:
    text = b"\n".join(lines)
    longest = max((len(line) for line in lines), default=0)
    cut = list(text_parts.parts(io.BytesIO(text), size + longest))
    assert b"".join(part.text[:-1] for part in cut).rstrip(b"\n") == text.rstrip(b"\n")
    before = 0
    for part in cut:
        assert part.lines_before == before
        before += part.text.count(b"\n")
