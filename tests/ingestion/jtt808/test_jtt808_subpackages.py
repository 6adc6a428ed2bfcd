"""Messages in several parts: put together across lines, never spliced, never lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingestion.jtt808 import layout as L
from ingestion.jtt808.subpackages import MessagePart, Subpackages
from sample_district.wire.jtt808_frames import (
    BATCH,
    LOCATION,
    batch_body,
    capture_line,
    location_body,
    message,
    seal,
    subpackages,
)

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


def _items(count: int, *, latitude: float = 31.0) -> list[bytes]:
    return [
        location_body(reported_at=NOON + timedelta(seconds=k), longitude=121.2, latitude=latitude) for k in range(count)
    ]


def _parts(terminal: str, serial: int, *, latitude: float = 31.0) -> list[str]:
    frames = subpackages(BATCH, terminal, serial, batch_body(_items(10, latitude=latitude)), size=150)
    return [capture_line(NOON, frame) for frame in frames]


def test_parts_of_two_terminals_may_interleave(decode: Any) -> None:
    first, second = _parts("13900000001", 1), _parts("13900000002", 1, latitude=31.1)
    rows = decode([line for pair in zip(first, second, strict=True) for line in pair])
    assert [(row["terminal_id"], row["latitude"]) for row in rows] == [("013900000001", 31.0)] * 10 + [
        ("013900000002", 31.1)
    ] * 10


def test_two_messages_of_one_terminal_are_never_spliced(decode: Any) -> None:
    """Part 1 of one message and part 2 of the next would make a body of the right length."""
    first, second = _parts("13900000001", 1), _parts("13900000001", 40, latitude=31.1)
    assert len(first) == 3
    rows = decode([first[0], second[1], *second[2:], first[2]])
    assert {row["refused_rule"] for row in rows} == {"missing_subpackage"}
    assert [row["line"] for row in rows] == [1, 2, 3, 4]


def test_parts_that_all_carry_one_serial_are_put_together(decode: Any) -> None:
    body = batch_body(_items(4))
    frames = [
        seal(message(BATCH, "13900000001", 5, piece, part=(2, number)))
        for number, piece in ((1, body[:60]), (2, body[60:]))
    ]
    rows = decode([capture_line(NOON, frame) for frame in frames])
    assert [row["refused_rule"] for row in rows] == [None] * 4


def test_a_part_sent_twice_is_refused_once(decode: Any) -> None:
    first, second, third = _parts("13900000001", 1)
    rows = decode([first, first, second, third])
    assert [row["refused_rule"] for row in rows if row["refused_rule"]] == ["duplicate_subpackage"]
    assert len(rows) == 11


def test_a_location_in_sub_packages_is_one_row(decode: Any) -> None:
    body = location_body(reported_at=NOON, longitude=121.2, latitude=31.0, mileage_km=5.0)
    frames = subpackages(LOCATION, "13900000001", 9, body, size=20, edition=2019)
    (row,) = decode([capture_line(NOON, frame) for frame in frames])
    assert (row["line"], row["mileage_km"], row["serial"]) == (2, 5.0, 10)


def test_a_refused_item_of_a_reassembled_batch_keeps_all_its_lines(decode: Any) -> None:
    body = batch_body([*_items(2), b"short"])
    lines = [capture_line(NOON, frame) for frame in subpackages(BATCH, "13900000001", 1, body, size=40)]
    *good, refused = decode(lines)
    assert len(good) == 2
    assert (refused["refused_rule"], refused["raw"]) == ("bad_length", "\n".join(lines))


@pytest.mark.parametrize("part", [(2, 0), (2, 3), (0, 0)])
def test_a_part_number_that_cannot_be_is_refused(part: tuple[int, int], decode: Any) -> None:
    (row,) = decode([capture_line(NOON, seal(message(BATCH, "13900000001", 1, b"xyz", part=part)))])
    assert row["refused_rule"] == "bad_subpackage"


def test_parts_of_other_messages_are_not_held_back(decode: Any) -> None:
    (row,) = decode([capture_line(NOON, seal(message(0x0801, "13900000001", 1, b"picture", part=(9, 1))))])
    assert row["refused_rule"] == "unsupported_message"


def test_waiting_parts_are_bounded_and_the_oldest_are_given_up_first() -> None:
    waiting = Subpackages(capacity=3)
    given_up = [
        int(number)
        for line in range(1, 11)
        for columns in waiting.add(MessagePart(line, 0, b"raw", BATCH, f"{line:012d}", 1, 2, 1, b"body"))
        for number in columns.integers[L.LINE, : columns.rows]
    ]
    left = [int(number) for columns in waiting.give_up() for number in columns.integers[L.LINE, : columns.rows]]
    assert sorted(given_up + left) == list(range(1, 11))
    assert given_up == sorted(given_up)
    assert given_up
