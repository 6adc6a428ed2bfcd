"""The fast encoder writes byte for byte what the plain one writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from sample_district.wire.jtt808_encoder import Positions, encode_batches, encode_locations, status_words
from sample_district.wire.jtt808_frames import (
    BATCH,
    LOCATION,
    batch_body,
    capture_line,
    location_body,
    message,
    seal,
    status_word,
    subpackages,
)

COUNT = 300
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOADS = ["empty", "half", "full"]


def _positions() -> Positions:
    random = np.random.default_rng(808)
    return Positions(
        terminal=random.integers(13_000_000_000, 14_000_000_000, COUNT).astype(np.uint64),
        is_2019=random.random(COUNT) < 0.5,
        serial=random.integers(0, 65536, COUNT),
        reported_at_us=(1_795_363_200 + random.integers(-(10**8), 10**8, COUNT)) * 1_000_000,
        longitude=random.integers(-180_000_000, 180_000_000, COUNT) / 1e6,
        latitude=random.integers(-90_000_000, 90_000_000, COUNT) / 1e6,
        altitude_m=random.integers(0, 9000, COUNT).astype(float),
        speed_kmh=random.integers(0, 1200, COUNT) / 10,
        heading_deg=random.integers(0, 360, COUNT).astype(float),
        alarm=random.integers(0, 2**32, COUNT),
        status=status_words(random.random(COUNT) < 0.5, random.random(COUNT) < 0.9, random.integers(0, 3, COUNT)),
        mileage_km=np.where(random.random(COUNT) < 0.2, np.nan, random.integers(0, 10**7, COUNT) / 10),
        fuel_l=np.where(random.random(COUNT) < 0.2, np.nan, random.integers(0, 6000, COUNT) / 10),
    )


def _instant(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=int(microseconds))


def _body(positions: Positions, row: int) -> bytes:
    mileage, fuel = float(positions.mileage_km[row]), float(positions.fuel_l[row])
    return location_body(
        reported_at=_instant(positions.reported_at_us[row]),
        longitude=float(positions.longitude[row]),
        latitude=float(positions.latitude[row]),
        altitude_m=int(positions.altitude_m[row]),
        speed_kmh=float(positions.speed_kmh[row]),
        heading_deg=int(positions.heading_deg[row]),
        alarm=int(positions.alarm[row]),
        status=int(positions.status[row]),
        mileage_km=None if np.isnan(mileage) else mileage,
        fuel_l=None if np.isnan(fuel) else fuel,
    )


def _edition(positions: Positions, row: int) -> int:
    return 2019 if positions.is_2019[row] else 2013


def test_locations_are_written_as_the_plain_encoder_writes_them() -> None:
    positions = _positions()
    received = positions.reported_at_us + 1_234_000
    plain = [
        capture_line(
            _instant(received[row]),
            seal(
                message(
                    LOCATION,
                    str(positions.terminal[row]),
                    int(positions.serial[row]),
                    _body(positions, row),
                    edition=_edition(positions, row),
                )
            ),
        )
        for row in range(COUNT)
    ]
    fast = encode_locations(positions, received)
    assert [line.decode() for line in fast.lines()] == plain
    assert fast.line_ends.tolist() == np.cumsum([len(line) + 1 for line in plain]).tolist()


def test_batches_and_their_sub_packages_are_written_as_the_plain_encoder_writes_them() -> None:
    positions = _positions()
    ends = np.array([1, 20, 120, COUNT])
    plain: list[str] = []
    first = 0
    for end in ends:
        body = batch_body([_body(positions, row) for row in range(first, end)])
        name, serial, edition = str(positions.terminal[first]), int(positions.serial[first]), _edition(positions, first)
        if len(body) <= 500:
            frames = [seal(message(BATCH, name, serial, body, edition=edition))]
        else:
            frames = subpackages(BATCH, name, serial, body, size=500, edition=edition)
        plain.extend(capture_line(_instant(positions.reported_at_us[first]), frame) for frame in frames)
        first = int(end)
    received = positions.reported_at_us[[0, 1, 20, 120]]
    fast = encode_batches(positions, ends, received, part_bytes=500)
    assert [line.decode() for line in fast.lines()] == plain
    assert fast.message.tolist()[0] == 0
    assert fast.message.tolist()[-1] == 3


def test_status_words_agree_with_the_plain_encoder() -> None:
    bits = [(acc, fixed, load) for acc in (False, True) for fixed in (False, True) for load in range(3)]
    fast = status_words(*(np.array(column) for column in zip(*bits, strict=True)))
    assert fast.tolist() == [
        status_word(acc_on=acc, is_positioned=fixed, load_state=LOADS[load]) for acc, fixed, load in bits
    ]
