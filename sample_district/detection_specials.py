"""Detections planted to test the folding rule: across midnight, and at the very edges of the window."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from sample_district.calendar_day import HOUR_MS, day_start_ms
from sample_district.cameras import KINDS, Cameras
from sample_district.detections import Detections
from sample_district.event_rates import EventRate
from sample_district.incident_fold import WINDOW_MS
from sample_district.seeding import random_stream

_PARKING, _WRONG_WAY = "illegal_parking", "wrong_way"


def with_specials(
    seed: int, detections: Detections, cameras: Cameras, rates: list[EventRate], dark: NDArray[np.bool_], day: date
) -> Detections:
    """Adds, to the detections of the first node, what chance would not give for certain.

    - A parked car seen from 23:52 to 00:07 under one track number: two incidents, one on each business date.
    - Two detections exactly 30 minutes apart (one incident), and two 30 minutes and 1 ms apart (two incidents).
    """
    types = [rate.event_type for rate in rates]
    street = np.isin(cameras.kind, [KINDS.index("street"), KINDS.index("traffic")])
    usable = np.flatnonzero((cameras.part == 0) & street & cameras.in_service(day) & ~dark.any(1))
    rows: list[tuple[int, int, int, int]] = []  # camera, type, instant, track
    for boundary in (day, day + timedelta(days=1)):
        midnight = day_start_ms(boundary)
        rng = random_stream(seed, "midnight", boundary)
        # The same draw on both days: a camera dark on one of them is simply seen on the other only.
        candidates = np.flatnonzero((cameras.part == 0) & street)
        for nth, camera in enumerate(rng.permutation(candidates)[:3]):
            track = 9_000_000_000_000 + boundary.toordinal() * 10 + nth
            moments = midnight + np.arange(-8, 8) * 60_000 + rng.integers(0, 20_000, 16)
            today = moments < midnight if boundary > day else moments >= midnight
            if camera in usable:
                rows += [(int(camera), types.index(_PARKING), int(at), track) for at in moments[today]]
    wrong_way = types.index(_WRONG_WAY)
    busy = set(detections.camera[detections.event_type == wrong_way].tolist())
    idle = [int(camera) for camera in usable if int(camera) not in busy]
    for camera, gap in zip(idle, (WINDOW_MS, WINDOW_MS + 1), strict=False):
        ten = day_start_ms(day) + 10 * HOUR_MS + 123
        rows += [(camera, wrong_way, ten, -1), (camera, wrong_way, ten + gap, -1)]
    return with_rows(detections, cameras, rows)


def with_rows(detections: Detections, cameras: Cameras, rows: list[tuple[int, int, int, int]]) -> Detections:
    """Adds detections given as (camera, type, instant in ms, track); each is seen at its camera's own place."""
    if not rows:
        return detections
    camera, event_type, detected, track = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    extra = Detections(
        camera=camera,
        event_type=event_type,
        detected_ms=detected,
        received_ms=detected + 1_250,
        track=track,
        number=np.zeros(camera.size, dtype=np.int64),
        longitude=cameras.longitude[camera],
        latitude=cameras.latitude[camera],
        confidence=np.full(camera.size, 0.91),
    )
    both = Detections(
        **{
            field.name: np.concatenate([getattr(detections, field.name), getattr(extra, field.name)])
            for field in fields(Detections)
        }
    )
    return both.where(np.lexsort((both.detected_ms, both.received_ms))).numbered()
