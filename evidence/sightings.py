"""Camera events near the trip in place and time: what concerns a load, each camera and kind once, the nearest message."""

from __future__ import annotations

import csv
from datetime import timedelta
from functools import cache
from typing import Final

import duckdb
import numpy as np

from evidence.local_time import business_date
from evidence.rows import Row, rows_of
from evidence.rule import camera_domains
from evidence.track import Fix, metres
from haulage.registers import columns_of, register_rows
from ingestion.contracts import CONTRACTS_FOLDER
from lake.lakes import BRONZE

MOST_SHOWN: Final = 20


def sightings_near(con: duckdb.DuckDBPyConnection, fixes: list[Fix], *, within_m: float, within_s: float) -> list[Row]:
    """Events within `within_m` metres and `within_s` seconds of one and the same fix, nearest first.

    Each: event_id, camera_id, event_type, detected_at, longitude, latitude, confidence, snapshot_uri, distance_m,
    apart_s, fix_at, messages (of that camera and kind in reach).
    """
    if not fixes or not columns_of(con, BRONZE, "detection_events"):
        return []
    reach = timedelta(seconds=within_s)
    first, last = fixes[0].reported_at - reach, fixes[-1].reported_at + reach
    events = rows_of(
        con,
        f"""SELECT event_id, camera_id, event_type, detected_at, longitude, latitude, confidence, snapshot_uri
            FROM {BRONZE}.main.detection_events
            WHERE business_date BETWEEN ? AND ? AND detected_at BETWEEN ? AND ?
                AND event_type IN (SELECT unnest(?::VARCHAR[]))
            ORDER BY detected_at, event_id""",
        [business_date(first), business_date(last), first, last, sorted(_kinds())],
    )
    cameras = {
        row[0]: row[1:]
        for row in register_rows(
            con, BRONZE, "cameras", business_date(fixes[0].reported_at), ("camera_id", "longitude", "latitude")
        )
    }
    t = np.array([(fix.reported_at - first).total_seconds() for fix in fixes])
    lon, lat = np.array([fix.longitude for fix in fixes]), np.array([fix.latitude for fix in fixes])
    nearest: dict[tuple[str, str], Row] = {}
    counts: dict[tuple[str, str], int] = {}
    for event in events:
        if event["longitude"] is None or event["latitude"] is None:
            event["longitude"], event["latitude"] = cameras.get(event["camera_id"], (None, None))
        if event["longitude"] is None or event["latitude"] is None:
            continue
        apart = np.abs(t - (event["detected_at"] - first).total_seconds())
        distance = metres(lon, lat, event["longitude"], event["latitude"])
        in_reach = np.flatnonzero((apart <= within_s) & (distance <= within_m))
        if not len(in_reach):
            continue
        at = int(in_reach[np.argmin(distance[in_reach])])
        event |= {"distance_m": float(distance[at]), "apart_s": float(apart[at]), "fix_at": fixes[at].reported_at}
        place = (event["camera_id"], event["event_type"])
        counts[place] = counts.get(place, 0) + 1
        if place not in nearest or _order(event) < _order(nearest[place]):
            nearest[place] = event
    return sorted(({**event, "messages": counts[place]} for place, event in nearest.items()), key=_order)


@cache
def event_names() -> dict[str, tuple[str, str]]:
    """Chinese and English name of each event type."""
    return {row["code"]: (row["name_zh"], row["name_en"]) for row in _codes()}


def _order(event: Row) -> tuple[float, float, str]:
    return event["distance_m"], event["apart_s"], event["event_id"]


@cache
def _kinds() -> frozenset[str]:
    return frozenset(row["code"] for row in _codes() if row["domain"] in camera_domains())


@cache
def _codes() -> tuple[dict[str, str], ...]:
    with (CONTRACTS_FOLDER / "codes" / "event_types.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
