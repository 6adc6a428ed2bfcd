"""Detections as NVIDIA DeepStream writes them: one JSON object a line in nvmsgconv's full schema, times in UTC."""

from __future__ import annotations

from datetime import date

import polars as pl

from sample_district.cameras import Cameras
from sample_district.detection_lines import event_ids
from sample_district.detections import Detections
from sample_district.event_rates import EventRate
from sample_district.seeding import random_stream

_VEHICLE_TYPES = frozenset(
    {"truck_spillage", "truck_uncovered", "illegal_parking", "wrong_way", "red_light", "congestion"}
)


def deepstream_lines(
    seed: int, detections: Detections, cameras: Cameras, rates: list[EventRate], day: date, part: int
) -> pl.Series:
    """One JSON object a line, newline included. The schema knows no datum (WGS-84) and no time of arrival.

    The event's identifier stands in `messageid` and `event.id`; the confidence stands in the object's own block
    (`vehicle` or `person`), as nvmsgconv writes it; object -1 means that nothing is tracked.
    """
    rng = random_stream(seed, "deepstream lines", day, part)
    count = detections.count
    left, top = rng.integers(0, 1600, count), rng.integers(0, 900, count)
    camera = detections.camera
    at = pl.Series(detections.detected_ms).cast(pl.Datetime("ms")).dt.to_string("iso:strict")
    frame = pl.DataFrame(
        {
            "id": event_ids(day, part, detections.number),
            "at": at,
            "camera": pl.Series(cameras.camera_id)[camera],
            "camera_x": cameras.longitude[camera],
            "camera_y": cameras.latitude[camera],
            "x": detections.longitude.round(6),
            "y": detections.latitude.round(6),
            "type": pl.Series([rate.event_type for rate in rates])[detections.event_type],
            "module": pl.Series([rate.algorithm for rate in rates])[detections.event_type],
            "block": pl.Series([_block(rate.event_type) for rate in rates])[detections.event_type],
            "track": detections.track,
            "confidence": detections.confidence,
            "left": left,
            "top": top,
            "right": left + rng.integers(20, 320, count),
            "bottom": top + rng.integers(20, 180, count),
        }
    )
    pieces: list[str] = [
        '{"messageid":"', "@id", '","mdsversion":"1.0","@timestamp":"', "@at", 'Z","place":{"id":"', str(part),
        '","name":"node-', f"{part:02d}", '","type":"district"},"sensor":{"id":"', "@camera",
        '","type":"Camera","description":"","location":{"lat":', "@camera_y", ',"lon":', "@camera_x",
        ',"alt":6.0},"coordinate":{"x":0.0,"y":0.0,"z":0.0}},"analyticsModule":{"id":"', "@module",
        '","description":"","source":"edge","version":"2.1"},"object":{"id":"', "@track",
        '","speed":0.0,"direction":0.0,"orientation":0.0,"', "@block", ',"confidence":', "@confidence",
        '},"bbox":{"topleftx":', "@left", ',"toplefty":', "@top", ',"bottomrightx":', "@right",
        ',"bottomrighty":', "@bottom", '},"location":{"lat":', "@y", ',"lon":', "@x",
        ',"alt":0.0},"coordinate":{"x":0.0,"y":0.0,"z":0.0}},"event":{"id":"', "@id", '","type":"', "@type",
        '"},"videoPath":""}\n',
    ]  # fmt: skip
    columns = [
        pl.col(piece[1:]) if piece.startswith("@") and piece[1:] in frame.columns else pl.lit(piece) for piece in pieces
    ]
    return frame.select(pl.concat_str(columns).alias("line"))["line"]


def _block(event_type: str) -> str:
    """The object's own block up to its confidence."""
    if event_type in _VEHICLE_TYPES:
        return 'vehicle":{"type":"truck","make":"","model":"","color":"","licenseState":"","license":""'
    return 'person":{"age":0,"gender":"","hair":"","cap":"","apparel":""'
