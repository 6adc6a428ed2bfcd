"""Frames published by other projects, with values that were decoded independently of this one."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

RECEIVED = "2026-11-23T09:02:03+08:00"


@pytest.fixture(scope="module")
def frames(shared_data: Path) -> dict[str, list[dict[str, Any]]]:
    return json.loads((shared_data / "jtt808" / "frames.json").read_text())


def _lines(frames: list[dict[str, Any]]) -> list[str]:
    return [f"{RECEIVED} {frame['hex']}" for frame in frames]


def test_every_plausible_location_frame_gives_its_expected_values(frames: Any, decode: Any) -> None:
    plausible = [frame for frame in frames["location_0x0200"] if frame["decoded"]["plausible"]]
    assert len(plausible) == 15
    for row, expected in zip(decode(_lines(plausible)), [frame["decoded"] for frame in plausible], strict=True):
        assert row["refused_rule"] is None
        assert row["terminal_id"] == expected["phone"]
        assert row["serial"] == expected["serial"]
        assert row["alarm_bits"] == expected["alarm"]
        assert row["status_bits"] == expected["status"]
        assert row["acc_on"] == expected["acc_on"]
        assert row["is_positioned"] == expected["positioned"]
        assert (row["latitude"], row["longitude"]) == (expected["lat"], expected["lon"])
        assert row["altitude_m"] == expected["altitude_m"]
        assert row["speed_kmh"] == expected["speed_kmh"]
        assert row["heading_deg"] == expected["direction"]
        assert datetime.fromisoformat(row["reported_at"]) == datetime.fromisoformat(expected["time_local_gmt8"])
        assert row["mileage_km"] == expected.get("mileage_km")
        assert row["fuel_l"] == expected.get("fuel_l")
        assert not row["is_blind_report"]


def test_implausible_location_frames_are_refused(frames: Any, decode: Any) -> None:
    implausible = [frame for frame in frames["location_0x0200"] if not frame["decoded"]["plausible"]]
    assert [row["refused_rule"] for row in decode(_lines(implausible))] == [
        "position_impossible",
        "position_impossible",
        "bad_length",
    ]


def test_frames_with_a_bad_checksum_are_refused_with_that_reason(frames: Any, decode: Any) -> None:
    assert {row["refused_rule"] for row in decode(_lines(frames["bad_checksum"]))} == {"bad_checksum"}


def test_every_item_of_a_batch_frame_is_a_row(frames: Any, decode: Any) -> None:
    impossible, blind = [decode(_lines([frame])) for frame in frames["batch_0x0704"]]
    assert [row["refused_rule"] for row in impossible] == ["position_impossible"] * 3
    assert [row["refused_rule"] for row in blind] == [None] * 6
    assert all(row["is_blind_report"] and row["terminal_id"] == "046110426684" for row in blind)
    assert (blind[-1]["longitude"], blind[-1]["latitude"]) == (113.781433, 22.733793)
    assert [row["is_positioned"] for row in blind] == [False] * 5 + [True]
