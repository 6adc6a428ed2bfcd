"""JT/T 808 frames one at a time, written plainly: odd frames, faults, and the yardstick of the fast encoder.

Header, escapes and checksum as in JT/T 808-2013 and -2019 §4.4; 0x0200 §8.12; 0x0704 §8.49.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

LOCATION = 0x0200
BATCH = 0x0704
HEARTBEAT = 0x0002
BODY_LIMIT = 1023  # the property word gives the length ten bits
GMT8 = timezone(timedelta(hours=8))
LOAD_BITS = {"empty": 0, "half": 1 << 8, "full": 3 << 8}


def bcd(digits: str) -> bytes:
    return bytes.fromhex(digits)


def status_word(*, acc_on: bool, is_positioned: bool, load_state: str, south: bool = False, west: bool = False) -> int:
    """Status bits 0 ACC, 1 positioned, 2 south, 3 west, 8-9 load."""
    return int(acc_on) | is_positioned << 1 | south << 2 | west << 3 | LOAD_BITS[load_state]


def location_body(
    *,
    reported_at: datetime,
    longitude: float,
    latitude: float,
    altitude_m: int = 0,
    speed_kmh: float = 0.0,
    heading_deg: int = 0,
    alarm: int = 0,
    status: int = 3,
    mileage_km: float | None = None,
    fuel_l: float | None = None,
    extras: bytes = b"",
) -> bytes:
    """Body of 0x0200; south and west are set from the signs. `extras` goes in front of mileage and fuel."""
    status = status | (4 if latitude < 0 else 0) | (8 if longitude < 0 else 0)
    fixed = struct.pack(
        ">IIIIHHH",
        alarm,
        status,
        round(abs(latitude) * 1e6),
        round(abs(longitude) * 1e6),
        altitude_m,
        round(speed_kmh * 10),
        heading_deg,
    )
    body = fixed + bcd(reported_at.astimezone(GMT8).strftime("%y%m%d%H%M%S")) + extras
    if mileage_km is not None:
        body += struct.pack(">BBI", 1, 4, round(mileage_km * 10))
    if fuel_l is not None:
        body += struct.pack(">BBH", 2, 2, round(fuel_l * 10))
    return body


def batch_body(items: Sequence[bytes], *, blind: bool = True) -> bytes:
    """Body of 0x0704 around location bodies; `blind` says they were stored in a blind area."""
    return struct.pack(">HB", len(items), blind) + b"".join(struct.pack(">H", len(item)) + item for item in items)


def message(
    message_id: int,
    terminal: str,
    serial: int,
    body: bytes,
    *,
    edition: int = 2013,
    encryption: int = 0,
    part: tuple[int, int] | None = None,
) -> bytes:
    """Header and body, not yet sealed. `terminal` in digits; `part` is (total, number from 1)."""
    properties = len(body) | encryption << 10 | (part is not None) << 13 | (edition == 2019) << 14
    width, version = (20, b"\x01") if edition == 2019 else (12, b"")
    header = struct.pack(">HH", message_id, properties) + version + bcd(terminal.zfill(width))
    return header + struct.pack(">H", serial) + (struct.pack(">HH", *part) if part else b"") + body


def seal(unsealed: bytes, *, checksum: int | None = None) -> bytes:
    """A message as it goes over the wire: checksum (or the wrong one given), escapes, delimiters."""
    if checksum is None:
        checksum = 0
        for byte in unsealed:
            checksum ^= byte
    escaped = (unsealed + bytes([checksum])).replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")
    return b"\x7e" + escaped + b"\x7e"


def subpackages(
    message_id: int, terminal: str, serial: int, body: bytes, *, size: int = BODY_LIMIT, edition: int = 2013
) -> list[bytes]:
    """Sealed frames of a body sent in parts of at most `size` bytes, with consecutive serials."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return [
        seal(message(message_id, terminal, (serial + k) & 0xFFFF, piece, edition=edition, part=(len(pieces), k + 1)))
        for k, piece in enumerate(pieces)
    ]


def capture_line(received_at: datetime, frame: bytes) -> str:
    """The line a gateway writes: reception in Asia/Shanghai, to the millisecond, and the frame in hexadecimal."""
    return f"{received_at.astimezone(GMT8).isoformat(timespec='milliseconds')} {frame.hex()}"
