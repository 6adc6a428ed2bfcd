"""The alarm channel of the terminals: every report with an alarm bit, once more, as a JT/T 808 capture."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

from sample_district.delivery import Delivery, PlantedLine
from sample_district.detection_faults import repeated_lines
from sample_district.district import District
from sample_district.position_lines import capture, wire_positions
from sample_district.positions import Fixes
from sample_district.seeding import random_stream
from sample_district.trucks import Trucks
from sample_district.wire import jtt808_frames as frames

FEED = "terminal_events"


def write_terminal_events(district: District, trucks: Trucks, day: date, part: int, fixes: Fixes) -> Delivery:
    """One file a part; also carriers that export CSV have terminals, and those speak JT/T 808."""
    alarms = fixes.where(wire_positions(fixes, trucks).alarm > 0)
    alarms = alarms.where(np.argsort(alarms.received_ms, kind="stable"))
    lines = capture(alarms, trucks)
    delivery = Delivery(FEED, f"{FEED}_{day}_p{part + 1:02d}.jtt808", "jtt808", day)
    delivery.count_good(day, lines.count)
    rng = random_stream(district.seed, FEED, "faults", day, part)
    planted = repeated_lines(rng, lines, 2, day) if lines.count else []
    for index in rng.permutation(fixes.count)[:2]:
        at = datetime.fromtimestamp(int(fixes.received_ms[index]) / 1000, tz=UTC)
        reported = datetime.fromtimestamp(int(fixes.at_s[index]), tz=UTC)
        body = frames.location_body(
            reported_at=reported, longitude=float(fixes.x[index]), latitude=float(fixes.y[index])
        )
        message = frames.message(frames.LOCATION, str(trucks.terminal[fixes.truck[index]]), 7, body)
        line = frames.capture_line(at, frames.seal(message)).encode() + b"\n"
        place = int(rng.integers(0, lines.count + 1))
        planted.append((place, PlantedLine("no_alarm", line, "quarantined", "no_alarm", "alarm_bits", day)))
    if lines.count:
        cut = lines.line(int(rng.integers(0, lines.count)))[:70] + b"\n"
        planted.append((0, PlantedLine("truncated_frame", cut, "quarantined", "truncated_frame", "frame")))
    delivery.write_lines(district.out, lines, planted)
    return delivery
