"""The text around the frames: times of reception, ends of lines, lines without end."""

from __future__ import annotations

import io
from typing import Any

import pytest

from ingestion import text_parts
from ingestion.adapters.jtt808 import DECODER
from ingestion.jtt808.decoder import decode_capture
from sample_district.wire.golden_frames import ROW, cases

FRAME = cases()[0]["lines"][0].split()[1]


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-11-23T09:02:03+08:00", "2026-11-23T01:02:03+00:00"),
        ("2026-11-23T01:02:03Z", "2026-11-23T01:02:03+00:00"),
        ("2026-11-22T19:32:03.25-0530", "2026-11-23T01:02:03.250000+00:00"),
        ("2026-11-23 09:02:03.123456789+08:00", "2026-11-23T01:02:03.123456+00:00"),
        ("2028-02-29T00:00:00Z", "2028-02-29T00:00:00+00:00"),
    ],
)
def test_a_time_of_reception_is_read_with_its_offset(written: str, utc: str, decode: Any) -> None:
    (row,) = decode([f"{written} {FRAME}"])
    assert row["received_at"] == utc
    assert row["longitude"] == ROW["longitude"]


@pytest.mark.parametrize(
    "written",
    ["2026-11-23T09:02:03", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z", "yesterday", "",
     "2026-11-23T09:02:03.+08:00", "2026-11-23T09:02:03+8", "20261123T090203Z", "2026-11-23T09:02:03Zx"],
)  # fmt: skip
def test_a_time_of_reception_without_offset_or_sense_refuses_the_line(written: str, decode: Any) -> None:
    (row,) = decode([f"{written} {FRAME}"])
    assert (row["refused_rule"], row["refused_field"]) == ("not_a_timestamp", "received_at")


@pytest.mark.parametrize(
    ("frame", "rule"),
    [
        ("", "required_missing"),
        (FRAME[:-1], "truncated_frame"),
        (FRAME[:40] + "zz" + FRAME[42:], "bad_hex"),
        (FRAME[:41] + FRAME[42:], "bad_hex"),
        (FRAME + " 7e7e", "bad_hex"),
        (FRAME + FRAME, "bad_escape"),
        ("7e7e", "truncated_frame"),
        ("7e020000007e", "bad_checksum"),
        ("7e00007e", "truncated_frame"),
        ("7e" + "00" * 3000 + "7e", "bad_length"),
    ],
)
def test_a_damaged_frame_is_refused_by_name(frame: str, rule: str, decode: Any) -> None:
    (row,) = decode([f"2026-11-23T01:02:03Z {frame}"])
    assert (row["refused_rule"], row["longitude"]) == (rule, None)


def test_upper_case_windows_line_ends_tabs_and_a_byte_order_mark_make_no_difference(decode: Any) -> None:
    text = f"\ufeff2026-11-23T01:02:03Z\t{FRAME.upper()}\r\n\r\n  2026-11-23T01:02:03Z {FRAME}  ".encode()
    rows = decode(text)
    assert [row["line"] for row in rows] == [1, 3]
    assert [row["longitude"] for row in rows] == [ROW["longitude"]] * 2


def test_an_empty_capture_has_no_rows(decode: Any) -> None:
    assert decode(b"") == []
    assert decode(b"\n\r\n") == []


def test_a_line_too_long_is_refused_and_the_next_one_read(decode: Any) -> None:
    good = f"2026-11-23T01:02:03Z {FRAME}\n".encode()
    for length in (text_parts.PART_BYTES // 4, text_parts.PART_BYTES, 3 * text_parts.PART_BYTES):
        rows = decode(good + b"2026-11-23T01:02:03Z 7e" + b"0" * length + b"\n" + good)
        assert [(row["line"], row["refused_rule"]) for row in rows] == [(1, None), (2, "line_too_long"), (3, None)]
        assert len(rows[1]["raw"]) < 100_000


def test_bytes_that_are_no_text_are_kept_readable(decode: Any) -> None:
    (row,) = decode(b"\xff\x00\xfe\n")
    assert row["raw"] == "\\xff\\x00\\xfe"


def test_more_rows_than_a_batch_holds_come_in_bounded_batches_and_in_order() -> None:
    text = b"x\n" * 100_000
    batches = list(decode_capture(io.BytesIO(text)))
    assert max(batch.num_rows for batch in batches) <= 32_768
    assert [line for batch in batches for line in batch["line"].to_pylist()] == list(range(1, 100_001))


def test_a_capture_is_recognised_by_its_lines_or_its_name() -> None:
    assert DECODER.recognises("truck_gps_2026-11-23_00.txt", f"2026-11-23T01:02:03Z {FRAME}\n".encode())
    assert DECODER.recognises("truck_gps_2026-11-23_00.txt", f"damaged\n2026-11-23T01:02:03Z {FRAME}\n".encode())
    assert DECODER.recognises("truck_gps_2026-11-23_00.jtt808.gz", b"")
    assert not DECODER.recognises("truck_gps_2026-11-23_00.csv", b"plate_no,terminal_id,reported_at\n")
