"""The project's own frames, made by the sample district, which does not know the decoder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sample_district.wire.golden_frames import cases

GOLDEN = json.loads(Path(__file__).with_name("golden_frames.json").read_text())


def test_the_golden_frames_are_what_the_sample_district_writes_today() -> None:
    assert cases() == GOLDEN


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_a_golden_frame_gives_its_rows(case: dict[str, Any], decode: Any) -> None:
    rows = decode(case["lines"])
    assert [{name: row[name] for name in expected} for row, expected in zip(rows, case["rows"], strict=True)] == case[
        "rows"
    ]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_a_refused_row_keeps_its_line_and_a_good_one_does_not(case: dict[str, Any], decode: Any) -> None:
    for row in decode(case["lines"]):
        if row["refused_rule"]:
            assert row["raw"] == case["lines"][row["line"] - 1]
            assert row["refused_reason"]
            assert row["longitude"] is row["latitude"] is row["is_positioned"] is row["mileage_km"] is None
        else:
            assert row["raw"] is row["refused_field"] is row["refused_reason"] is None
