"""Bad lines for a JT/T 808 capture: each one frame with one thing wrong, from a terminal of the fleet."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

from sample_district.calendar_day import HOUR_MS, day_start_ms
from sample_district.delivery import PlantedLine
from sample_district.lines import Lines
from sample_district.wire import jtt808_frames as frames


def bad_frames(
    rng: np.random.Generator, lines: Lines, terminals: list[str], day: date
) -> list[tuple[int, PlantedLine]]:
    """Faults for one capture, with the line each goes before; more of them in a larger file."""
    planted: list[tuple[int, PlantedLine]] = []
    start = day_start_ms(day)

    def moment() -> datetime:
        return datetime.fromtimestamp((start + int(rng.integers(1, 23 * HOUR_MS))) // 1000, tz=UTC)

    def plant(fault: str, content: str, reason: str, field: str, *, is_dated: bool = False) -> None:
        line = PlantedLine(fault, content.encode() + b"\n", "quarantined", reason, field, day if is_dated else None)
        planted.append((int(rng.integers(0, lines.count + 1)), line))

    for _ in range(max(1, min(40, lines.count // 10_000))):
        for _ in range(3):
            at, message = _location(rng, terminals, moment())
            wrong = (_checksum(message) ^ int(rng.integers(1, 120))) & 0xFF
            plant(
                "bad_checksum", frames.capture_line(at, frames.seal(message, checksum=wrong)), "bad_checksum", "frame"
            )
        for _ in range(2):
            at, message = _location(rng, terminals, moment())
            cut = frames.seal(message)[: int(rng.integers(16, 40))]
            plant("truncated_frame", frames.capture_line(at, cut), "truncated_frame", "frame")
        at, message = _location(rng, terminals, moment())
        plant("odd_hex", frames.capture_line(at, frames.seal(message))[:-3] + "7e", "bad_hex", "frame")
        for _ in range(2):
            at, message = _location(rng, terminals, moment(), latitude=91.5)
            line = frames.capture_line(at, frames.seal(message))
            plant("impossible_latitude", line, "position_impossible", "latitude", is_dated=True)
        at, message = _location(rng, terminals, moment())
        month_13 = _with_month_13(message)
        plant("month_13", frames.capture_line(at, frames.seal(month_13)), "time_invalid", "reported_at")
        at, message = _location(rng, terminals, moment(), reported_at=datetime(2000, 1, 1, 0, 0, 12, tzinfo=UTC))
        plant("clock_reset_to_2000", frames.capture_line(at, frames.seal(message)), "time_too_old", "reported_at")
        early = datetime.fromtimestamp(start // 1000 + int(rng.integers(3_600, 18 * 3_600)), tz=UTC)
        skewed = datetime.fromtimestamp(int(early.timestamp()) + 3 * 3_600, tz=UTC)
        at, message = _location(rng, terminals, early, reported_at=skewed)
        line = frames.capture_line(at, frames.seal(message))
        plant("clock_skew", line, "time_in_future", "reported_at")
        at = moment()
        terminal = str(rng.choice(terminals))
        heartbeat = frames.seal(frames.message(frames.HEARTBEAT, terminal, 1, b""))
        plant("heartbeat", frames.capture_line(at, heartbeat), "unsupported_message", "message_id")
        at, message = _location(rng, terminals, moment(), encryption=1)
        plant("encrypted_body", frames.capture_line(at, frames.seal(message)), "encrypted_body", "frame")
    at = moment()
    body = frames.batch_body([_body(rng, at)] * 50)  # longer than a frame holds
    first_part = frames.subpackages(frames.BATCH, terminals[0], 60_000, body)[0]
    plant("missing_subpackage", frames.capture_line(at, first_part), "missing_subpackage", "frame")
    return planted


def _body(rng: np.random.Generator, reported_at: datetime, latitude: float | None = None) -> bytes:
    return frames.location_body(
        reported_at=reported_at,
        longitude=float(rng.uniform(121.05, 121.35)),
        latitude=float(rng.uniform(30.95, 31.12)) if latitude is None else latitude,
        altitude_m=5,
        speed_kmh=float(rng.integers(0, 60)),
        heading_deg=int(rng.integers(0, 360)),
    )


def _location(
    rng: np.random.Generator,
    terminals: list[str],
    at: datetime,
    *,
    reported_at: datetime | None = None,
    latitude: float | None = None,
    encryption: int = 0,
) -> tuple[datetime, bytes]:
    """When the gateway got it, and an unsealed position report of one of the terminals."""
    body = _body(rng, reported_at or at, latitude)
    terminal = str(rng.choice(terminals))
    return at, frames.message(frames.LOCATION, terminal, int(rng.integers(0, 65_536)), body, encryption=encryption)


def _with_month_13(message: bytes) -> bytes:
    """The body's last six bytes are its time, YYMMDDhhmmss in BCD."""
    return message[:-5] + frames.bcd("13") + message[-4:]


def _checksum(message: bytes) -> int:
    value = 0
    for byte in message:
        value ^= byte
    return value
