"""What the sample district encodes, at speed and with every header, comes back as it was."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ingestion.jtt808.decoder import decode_capture
from sample_district.wire.jtt808_encoder import Positions, encode_batches, encode_locations

FIRST_SECOND, LAST_SECOND = 946_656_000, 4_102_415_999  # 2000-01-01 to 2099-12-31 in GMT+8

POSITION = st.fixed_dictionaries(
    {
        "terminal": st.integers(0, 10**12 - 1),
        "is_2019": st.booleans(),
        "serial": st.integers(0, 65535),
        "reported_at_us": st.integers(FIRST_SECOND, LAST_SECOND).map(lambda second: second * 1_000_000),
        "longitude": st.integers(-180_000_000, 180_000_000).map(lambda micro: micro / 1e6),
        "latitude": st.integers(-90_000_000, 90_000_000).map(lambda micro: micro / 1e6),
        "altitude_m": st.integers(0, 65535).map(float),
        "speed_kmh": st.integers(0, 65535).map(lambda tenth: tenth / 10),
        "heading_deg": st.integers(0, 359).map(float),
        "alarm": st.integers(0, 2**32 - 1),
        "status": st.integers(0, 2**32 - 1).map(lambda word: word & ~0b1100),
        "mileage_km": st.just(math.nan) | st.integers(0, 2**32 - 1).map(lambda tenth: tenth / 10),
        "fuel_l": st.just(math.nan) | st.integers(0, 65535).map(lambda tenth: tenth / 10),
    }
)


def _columns(positions: list[dict[str, Any]]) -> Positions:
    return Positions(**{name: np.array([position[name] for position in positions]) for name in positions[0]})


def _rows(text: bytes) -> list[dict[str, Any]]:
    return pa.Table.from_batches(decode_capture(io.BytesIO(text))).to_pylist()


def _same(row: dict[str, Any], position: dict[str, Any]) -> bool:
    for name in ("longitude", "latitude", "altitude_m", "speed_kmh", "heading_deg"):
        assert row[name] == position[name], name
    for name in ("mileage_km", "fuel_l"):
        assert row[name] == (None if math.isnan(position[name]) else position[name])
    word = position["status"] | (4 if position["latitude"] < 0 else 0) | (8 if position["longitude"] < 0 else 0)
    assert (row["alarm_bits"], row["status_bits"]) == (position["alarm"], word)
    assert (row["acc_on"], row["is_positioned"]) == (bool(word & 1), bool(word & 2))
    assert row["load_state"] == ["empty", "half", None, "full"][word >> 8 & 3]
    assert round(row["reported_at"].timestamp() * 1e6) == position["reported_at_us"]
    return True


@given(st.lists(POSITION, min_size=1, max_size=20))
def test_locations_come_back_as_they_were_encoded(positions: list[dict[str, Any]]) -> None:
    received = np.array([position["reported_at_us"] // 1_000_000 * 1_000_000 + 250_000 for position in positions])
    rows = _rows(encode_locations(_columns(positions), received).tobytes())
    for row, position, received_us in zip(rows, positions, received, strict=True):
        assert _same(row, position)
        assert row["terminal_id"] == str(position["terminal"]).zfill(20 if position["is_2019"] else 12)
        assert row["serial"] == position["serial"]
        assert round(row["received_at"].timestamp() * 1e6) == received_us


@given(st.lists(POSITION, min_size=1, max_size=40), st.booleans(), st.integers(40, 1023))
def test_batches_come_back_whole_however_they_are_cut(positions: list[dict[str, Any]], blind: bool, size: int) -> None:
    received = np.array([LAST_SECOND * 1_000_000])
    text = encode_batches(_columns(positions), np.array([len(positions)]), received, blind=blind, part_bytes=size)
    rows = _rows(text.tobytes())
    assert all(_same(row, position) for row, position in zip(rows, positions, strict=True))
    assert {row["is_blind_report"] for row in rows} == {blind}
    assert {row["line"] for row in rows} == {len(text.line_ends)}
