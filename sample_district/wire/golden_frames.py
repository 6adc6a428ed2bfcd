"""The project's golden JT/T 808 captures: lines, and the rows they must give, known from what was encoded.

`python -m sample_district.wire.golden_frames > tests/ingestion/jtt808/golden_frames.json` writes them anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sample_district.wire.jtt808_frames import (
    BATCH,
    HEARTBEAT,
    LOCATION,
    batch_body,
    capture_line,
    location_body,
    message,
    seal,
    status_word,
    subpackages,
)

RECEIVED = datetime(2026, 11, 23, 1, 2, 3, 500000, tzinfo=UTC)
REPORTED = datetime(2026, 11, 23, 1, 2, 1, tzinfo=UTC)
TERMINAL = "013900001234"
POSITION: dict[str, Any] = {
    "reported_at": REPORTED, "longitude": 121.227712, "latitude": 31.032234, "altitude_m": 12, "speed_kmh": 43.5,
    "heading_deg": 271, "alarm": 1 << 8, "mileage_km": 12345.6, "fuel_l": 210.5,
    "status": status_word(acc_on=True, is_positioned=True, load_state="full"),
}  # fmt: skip
ROW: dict[str, Any] = {
    "line": 1, "terminal_id": TERMINAL, "reported_at": REPORTED.isoformat(), "received_at": RECEIVED.isoformat(),
    "longitude": 121.227712, "latitude": 31.032234, "altitude_m": 12.0, "speed_kmh": 43.5, "heading_deg": 271.0,
    "load_state": "full", "acc_on": True, "is_positioned": True, "is_blind_report": False, "alarm_bits": 256,
    "status_bits": 771, "mileage_km": 12345.6, "fuel_l": 210.5, "serial": 7, "refused_rule": None,
}  # fmt: skip


def cases() -> list[dict[str, Any]]:
    """[{name, lines, rows}]; a refused row lists its line, rule and field only."""
    body = location_body(**POSITION)
    frame = seal(message(LOCATION, TERMINAL, 7, body))
    frame_2019 = seal(message(LOCATION, TERMINAL, 7, body, edition=2019))
    plain = location_body(**POSITION | {"mileage_km": None, "fuel_l": None})
    bare = {"mileage_km": None, "fuel_l": None}
    items = [location_body(**POSITION | {"reported_at": REPORTED - timedelta(seconds=30 * k)}) for k in range(30)]
    item_rows = [
        ROW | {"reported_at": (REPORTED - timedelta(seconds=30 * k)).isoformat(), "is_blind_report": True}
        for k in range(30)
    ]
    parts = subpackages(BATCH, TERMINAL, 65535, batch_body(items), size=500)
    whole = [row | {"line": len(parts), "serial": (65535 + len(parts) - 1) & 0xFFFF} for row in item_rows]
    escapes = POSITION | {"longitude": 0x7E7D7E / 1e6, "latitude": 0x7D017D / 1e6}
    south_west = POSITION | {"longitude": -57.602956, "latitude": -25.269608}
    truncated_extra = plain + bytes.fromhex("0104000003e80202")
    return [
        _case("location, 2013 header", [frame], [ROW]),
        _case("location, 2019 header", [frame_2019], [ROW | {"terminal_id": TERMINAL.zfill(20)}]),
        _case(
            "delimiter and escape bytes inside the body",
            [seal(message(LOCATION, TERMINAL, 7, location_body(**escapes)))],
            [ROW | {"longitude": 8.289662, "latitude": 8.192381}],
        ),
        _case(
            "checksum that must be escaped itself",
            [seal(_with_checksum(0x7E)), seal(_with_checksum(0x7D))],
            [ROW | bare | {"serial": _serial_for(0x7E)}, ROW | bare | {"serial": _serial_for(0x7D), "line": 2}],
        ),
        _case(
            "south and west",
            [seal(message(LOCATION, TERMINAL, 7, location_body(**south_west)))],
            [ROW | {"longitude": -57.602956, "latitude": -25.269608, "status_bits": 783}],
        ),
        _case("no extras", [seal(message(LOCATION, TERMINAL, 7, plain))], [ROW | bare]),
        _case(
            "unknown extras before known ones, zero length among them",
            [seal(message(LOCATION, TERMINAL, 7, location_body(**POSITION, extras=bytes.fromhex("eb03010203f40030011f"))))],
            [ROW],
        ),
        _case(
            "extra cut off: the position and the extras before it count",
            [seal(message(LOCATION, TERMINAL, 7, truncated_extra))],
            [ROW | {"mileage_km": 100.0, "fuel_l": None}],
        ),
        _case(
            "extra of a wrong length is passed over",
            [seal(message(LOCATION, TERMINAL, 7, plain + bytes.fromhex("01020001020200fa")))],
            [ROW | {"mileage_km": None, "fuel_l": 25.0}],
        ),
        _case("batch of blind-area reports", [seal(message(BATCH, TERMINAL, 7, batch_body(items[:3])))], [
            row | {"serial": 7} for row in item_rows[:3]
        ]),
        _case("batch of ordinary reports", [seal(message(BATCH, TERMINAL, 7, batch_body(items[:1], blind=False)))], [
            item_rows[0] | {"is_blind_report": False}
        ]),
        _case("batch in sub-packages, serials beyond 65535", parts, whole),
        _case("sub-packages out of order", [parts[1], parts[0], *parts[2:]], whole),
        _case("a sub-package that never came", parts[1:], [
            _refused(k, "missing_subpackage", "frame") for k in range(1, len(parts))
        ]),
        _case("bad checksum", [seal(message(LOCATION, TERMINAL, 7, body), checksum=0x55)], [_refused(1, "bad_checksum")]),
        _case("cut at its end", [frame[:-9]], [_refused(1, "truncated_frame")]),
        _case("cut at its beginning", [frame[9:]], [_refused(1, "truncated_frame")]),
        _case("escape of nothing", [frame[:-2] + b"\x7d\x03\x7e"], [_refused(1, "bad_escape")]),
        _case("body shorter than announced", [_announcing(5, body)], [_refused(1, "bad_length")]),
        _case("report shorter than its fixed part", [seal(message(LOCATION, TERMINAL, 7, body[:27]))], [
            _refused(1, "bad_length", "position")
        ]),
        _case("batch with an item too few", [seal(message(BATCH, TERMINAL, 7, b"\0\3\1" + batch_body(items[:2])[3:]))], [
            *item_rows[:2], _refused(1, "bad_length", "items")
        ]),
        _case("encrypted body", [seal(message(LOCATION, TERMINAL, 7, body, encryption=1))], [_refused(1, "encrypted_body")]),
        _case("heartbeat", [seal(message(HEARTBEAT, TERMINAL, 7, b""))], [_refused(1, "unsupported_message", "message_id")]),
        _case("latitude beyond the pole", [_with(latitude=95.0)], [_refused(1, "position_impossible", "latitude")]),
        _case("longitude beyond 180", [_with(longitude=200.0)], [_refused(1, "position_impossible", "longitude")]),
        _case("month thirteen", [seal(message(LOCATION, TERMINAL, 7, plain[:23] + b"\x13" + plain[24:]))], [
            _refused(1, "time_invalid", "reported_at")
        ]),
    ]  # fmt: skip


def _case(name: str, frames: Sequence[bytes], rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "lines": [capture_line(RECEIVED, frame) for frame in frames], "rows": rows}


def _refused(line: int, rule: str, field: str = "frame") -> dict[str, Any]:
    return {"line": line, "refused_rule": rule, "refused_field": field}


def _with(**changed: Any) -> bytes:
    return seal(message(LOCATION, TERMINAL, 7, location_body(**POSITION | changed)))


def _announcing(more: int, body: bytes) -> bytes:
    """A frame whose header announces `more` bytes than the body has."""
    unsealed = message(LOCATION, TERMINAL, 7, body)
    return seal(unsealed[:2] + (len(body) + more).to_bytes(2, "big") + unsealed[4:])


def _serial_for(checksum: int) -> int:
    """A serial that makes the bare position's checksum come out as wanted."""
    found = 0
    for byte in message(LOCATION, TERMINAL, 0, location_body(**POSITION | {"mileage_km": None, "fuel_l": None})):
        found ^= byte
    return found ^ checksum


def _with_checksum(checksum: int) -> bytes:
    body = location_body(**POSITION | {"mileage_km": None, "fuel_l": None})
    return message(LOCATION, TERMINAL, _serial_for(checksum), body)


if __name__ == "__main__":
    json.dump(cases(), sys.stdout, indent=1)
    sys.stdout.write("\n")
