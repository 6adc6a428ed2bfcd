"""Detections as native NDJSON lines (DESIGN, table of core feeds), with the gateway's own `received_at` where it has one."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from sample_district.calendar_day import SHANGHAI_MS
from sample_district.cameras import DATUMS, Cameras
from sample_district.datum import Floats, as_reported
from sample_district.detections import Detections
from sample_district.event_rates import EventRate
from sample_district.seeding import random_stream
from sample_district.terrain import Ints


def local_times(ms: Ints) -> pl.Series:
    """`2026-11-20T22:15:30.250+08:00` for each instant; the iso formatter is six times as fast as strftime."""
    return pl.Series(ms + SHANGHAI_MS).cast(pl.Datetime("ms")).dt.to_string("iso:strict") + "+08:00"


def reported_places(detections: Detections, cameras: Cameras) -> tuple[Floats, Floats]:
    """Coordinates in the datum each camera truly uses, rounded as devices write them (six decimals, 0.1 m)."""
    longitude, latitude = detections.longitude.copy(), detections.latitude.copy()
    truly = np.where(cameras.lies_about_datum, 1, cameras.event_datum)[detections.camera]
    for index, name in enumerate(DATUMS):
        here = truly == index
        longitude[here], latitude[here] = as_reported(detections.longitude[here], detections.latitude[here], name)
    return longitude.round(6), latitude.round(6)


def event_ids(day: date, part: int, number: Ints) -> pl.Series:
    """`ev-20261120-03-0000042`: unique within the district."""
    return f"ev-{day:%Y%m%d}-{part:02d}-" + pl.Series(number).cast(pl.String).str.zfill(7)


def native_lines(
    seed: int,
    detections: Detections,
    cameras: Cameras,
    rates: list[EventRate],
    day: date,
    part: int,
    *,
    with_received_at: bool = True,
    extra: str = "",
    without: frozenset[str] = frozenset(),
) -> pl.Series:
    """One JSON object a line, newline included.

    `extra` is JSON text put before the closing brace (an added column); `without` names optional columns left out.
    Cameras that give no place leave its keys out, and half of those on WGS-84 do not say so.
    """
    rng = random_stream(seed, "native lines", day, part)
    count = detections.count
    left, top = rng.integers(0, 1600, count), rng.integers(0, 900, count)
    right, bottom = left + rng.integers(20, 320, count), top + rng.integers(20, 180, count)
    longitude, latitude = reported_places(detections, cameras)
    camera = detections.camera
    frame = pl.DataFrame(
        {
            "id": event_ids(day, part, detections.number),
            "camera": pl.Series(cameras.camera_id)[camera],
            "type": pl.Series([rate.event_type for rate in rates])[detections.event_type],
            "algorithm": pl.Series([f"{rate.algorithm}/2.{i % 5}" for i, rate in enumerate(rates)])[
                detections.event_type
            ],
            "at": local_times(detections.detected_ms),
            "received": local_times(detections.received_ms),
            "confidence": detections.confidence,
            "longitude": longitude,
            "latitude": latitude,
            "datum": pl.Series(DATUMS)[cameras.event_datum[camera]],
            "sends_place": cameras.sends_place[camera],
            "says_datum": (cameras.event_datum[camera] > 0) | (camera % 2 == 0),
            "edge": f"edge-{part:02d}-" + pl.Series(camera % 97).cast(pl.String).str.zfill(2),
            "track": detections.track,
            "left": left,
            "top": top,
            "right": right,
            "bottom": bottom,
        }
    )
    text, column = pl.lit, pl.col
    place = pl.concat_str(text(',"longitude":'), column("longitude"), text(',"latitude":'), column("latitude"))
    datum = pl.concat_str(text(',"datum":"'), "datum", text('"'))
    pieces = [
        text('{"event_id":"'),
        column("id"),
        text('","camera_id":"'),
        column("camera"),
        text('","event_type":"'),
        column("type"),
        text('","detected_at":"'),
        column("at"),
        text('","confidence":'),
        column("confidence"),
        pl.when("sends_place").then(place).otherwise(text("")),
        pl.when(column("sends_place") & column("says_datum")).then(datum).otherwise(text("")),
    ]
    if "algorithm" not in without:
        pieces += [text(',"algorithm":"'), column("algorithm"), text('"')]
    pieces += [
        text(',"edge_device_id":"'),
        column("edge"),
        text('"'),
        pl.when(column("track") >= 0)
        .then(pl.concat_str(text(',"track_id":"'), "track", text('"')))
        .otherwise(text("")),
        text(f',"snapshot_uri":"s3://evidence/{day:%Y/%m/%d}/'),
        column("camera"),
        text("/"),
        column("id"),
        text('.jpg"'),
    ]
    if "bbox" not in without:
        pieces += [text(',"bbox":['), "left", text(","), "top", text(","), "right", text(","), "bottom", text("]")]
    if with_received_at:
        pieces += [text(',"received_at":"'), column("received"), text('"')]
    pieces.append(text(extra + "}\n"))
    return frame.select(pl.concat_str(pieces).alias("line"))["line"]
