"""A JT/T 808 capture decoded, frames a second; beside it the same frames by plain `struct`, checksums included.

No decoder of JT/T 808 is on PyPI or npm (looked up in November 2026), so the other arm is what one would write by hand.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.arena import Work
from benchmarks.landing import landed

FILE = "truck_gps_2026-03-01_1.jtt808"
_DAY_US = 1_772_294_400_000_000  # 2026-02-28T16:00Z, midnight in Shanghai


def _prepare(data: Path, rows: int) -> None:
    import numpy as np

    from sample_district.wire.jtt808_encoder import Positions, encode_locations, status_words

    chunk = 500_000
    with (data / FILE).open("wb") as out:
        for first in range(0, rows, chunk):
            i = np.arange(first, min(first + chunk, rows), dtype=np.int64)
            reported = _DAY_US + i // 3000 * max(1, 86_400_000_000 // max(rows // 3000, 1)) // 1_000_000 * 1_000_000
            positions = Positions(
                terminal=(13_900_000_000 + i % 3000).astype(np.uint64),
                is_2019=i % 3000 % 3 == 0,
                serial=(i // 3000 % 65536).astype(np.uint16),
                reported_at_us=reported,
                longitude=121.0 + i % 400_003 / 1e6,
                latitude=30.9 + i % 260_003 / 1e6,
                altitude_m=(i % 40).astype(float),
                speed_kmh=i % 800 / 10,
                heading_deg=(i % 360).astype(float),
                alarm=np.zeros(len(i), np.uint32),
                status=status_words(i % 5 > 0, np.ones(len(i), bool), i % 3),
                mileage_km=i % 100_000 / 10,
                fuel_l=np.full(len(i), np.nan),
            )
            out.write(encode_locations(positions, reported + 2_000_000).tobytes())


def _decode(data: Path, room: Path) -> Mapping[str, Any]:
    from ingestion.jtt808.decoder import decode_capture

    frames = accepted = 0
    latitudes = 0.0
    with (data / FILE).open("rb") as stream:
        for batch in decode_capture(stream):
            frames += batch.num_rows
            accepted += batch.column("refused_reason").null_count
            latitudes += float(batch.column("latitude").to_numpy(zero_copy_only=False).sum())
    return {"frames": frames, "accepted": accepted, "latitudes": round(latitudes, 3)}


def _warm() -> None:
    import io

    from ingestion.jtt808.decoder import decode_capture

    list(decode_capture(io.BytesIO(b"2026-03-01T00:00:00+08:00 7e0002000001234567890100017e\n")))


_decode.warm = _warm  # type: ignore[attr-defined]


def _by_hand(data: Path, room: Path) -> Mapping[str, Any]:
    """One frame after the other in Python: escapes, checksum, header, body. A tenth of the lines, time scaled."""
    import time

    frames = 0
    latitudes = 0.0
    body = struct.Struct(">IIIIHHH6s")
    begin = time.perf_counter()
    total = 0
    with (data / FILE).open("rb") as stream:
        for number, line in enumerate(stream):
            total += 1
            if number % 10:
                continue
            frame = bytes.fromhex(line[line.index(b" ") + 1 :].decode())
            inner = frame[1:-1].replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")
            check = 0
            for byte in inner:
                check ^= byte
            if check:
                continue
            properties = inner[2] << 8 | inner[3]
            start = 17 if properties & 1 << 14 else 12
            _, status, latitude, *_ = body.unpack_from(inner, start)
            frames += 1
            latitudes += -latitude / 1e6 if status & 4 else latitude / 1e6
    seconds = time.perf_counter() - begin
    return {"seconds": seconds * total / max(frames, 1), "frames by hand": frames}


WORK = Work(
    name="jtt808",
    title="JT/T 808 capture decoded",
    goal="1 million frames a second on two cores",
    rows=5_000_000,
    prepare=_prepare,
    arms={
        "yunjian decoder": _decode,
        "yunjian land": landed("truck_gps", [FILE]),
        "plain Python (1 in 10, scaled)": _by_hand,
    },
    compare=("latitudes",),
)
