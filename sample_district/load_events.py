"""Cameras that see an open or spilling truck: planted detections, and which trips any such detection is near to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from numpy.typing import NDArray

from sample_district.calendar_day import DAY_MS, HOUR_MS, day_start_ms
from sample_district.cameras import KINDS
from sample_district.datum import Floats
from sample_district.detections import Detections
from sample_district.district import District
from sample_district.haulage import Haulage
from sample_district.seeding import random_stream
from sample_district.terrain import METRES_PER_LAT, METRES_PER_LON, Ints
from sample_district.track_faults import PartShifts
from sample_district.trip_orders import may_be_planted

LOAD_TYPES = ("truck_uncovered", "truck_spillage")
_SEEN_M, _SAMPLE = 180.0, 60
# A platform looks 300 m and 300 s around a trip. What is nearer than the first pair must be found; what is farther than
# the second must not; in between both are right, since a receiver's noise and the reporting interval decide.
SURE_M, SURE_S, FAR_M, FAR_S = 220.0, 240.0, 420.0, 420.0
_LIE_M = 500.0


@dataclass(frozen=True)
class LoadEvents:
    """Detections of one day: metres east and north, seconds since 1970 UTC, and whether the camera lies about its datum."""

    x_m: Floats
    y_m: Floats
    at_s: Floats
    lies: NDArray[np.bool_]

    @classmethod
    def of(cls, district: District, seen: list[Detections]) -> LoadEvents:
        """The load events among what the nodes saw (already reduced to them)."""
        camera = np.concatenate([part.camera for part in seen]) if seen else np.zeros(0, dtype=np.int64)
        x = np.concatenate([part.longitude for part in seen]) if seen else np.zeros(0)
        y = np.concatenate([part.latitude for part in seen]) if seen else np.zeros(0)
        at = np.concatenate([part.detected_ms for part in seen]) / 1000 if seen else np.zeros(0)
        return cls(x * METRES_PER_LON, y * METRES_PER_LAT, at, district.cameras.lies_about_datum[camera])


def load_events_of(district: District, seen: Detections) -> Detections:
    types = [rate.event_type for rate in district.rates]
    return seen.where(np.isin(seen.event_type, [types.index(name) for name in LOAD_TYPES]))


def planted_load_events(
    district: District,
    haulage: Haulage,
    driven: list[tuple[PartShifts, PartShifts]],
    day: date,
    dark: NDArray[np.bool_],
) -> list[tuple[int, int, int]]:
    """(camera, type, instant) of detections beside loaded, otherwise honest trips of the day's shifts."""
    cameras, rng = district.cameras, random_stream(district.seed, "planted load events", day)
    watching = np.isin(cameras.kind, [KINDS.index("street"), KINDS.index("traffic")]) & cameras.in_service(day)
    usable = np.flatnonzero(watching & ~cameras.lies_about_datum & (cameras.part < district.scale.native_parts))
    trips, fixes_x, fixes_y, fixes_s = _fixes_of_sample(haulage, driven, day, rng)
    points = shapely.points(fixes_x * METRES_PER_LON, fixes_y * METRES_PER_LAT)
    tree = shapely.STRtree(
        shapely.points(cameras.longitude[usable] * METRES_PER_LON, cameras.latitude[usable] * METRES_PER_LAT)
    )
    fix, near = tree.query(points, predicate="dwithin", distance=_SEEN_M)
    rows: list[tuple[int, int, int]] = []
    told: set[int] = set()
    taken: set[int] = set()
    types = [rate.event_type for rate in district.rates]
    # Cameras of traffic first: they are the ones that look for this.
    order = rng.permutation(fix.size)
    order = order[np.argsort(cameras.kind[usable[near[order]]] != KINDS.index("traffic"), kind="stable")]
    for pair in order:
        trip, camera = int(trips[fix[pair]]), int(usable[near[pair]])
        at_ms = int(fixes_s[fix[pair]] * 1000) + int(rng.integers(-40_000, 40_000))
        hour = (at_ms - day_start_ms(day)) // HOUR_MS
        if trip in told or camera in taken or not 0 <= hour < 24 or dark[camera, hour]:
            continue
        rows.append((camera, types.index(LOAD_TYPES[len(rows) % 2]), at_ms))
        told.add(trip)
        taken.add(camera)
        if len(rows) == haulage.planted_a_day:
            break
    return rows


def _fixes_of_sample(
    haulage: Haulage, driven: list[tuple[PartShifts, PartShifts]], day: date, rng: np.random.Generator
) -> tuple[Ints, Floats, Floats, Floats]:
    """Where some trucks report on the day while they drive loaded: (number of the trip, place, instant)."""
    start = day_start_ms(day) / 1000
    numbers, xs, ys, times = [], [], [], []
    count = 0
    for _, today in driven:
        hauls, shifts = today.shifts.hauls, today.shifts
        honest = may_be_planted(haulage, today.mine, shifts.works, day)[hauls.truck]
        honest &= shifts.orders.planted[hauls.number, hauls.truck] < 0
        honest[[fault.haul for fault in today.faults]] = False
        honest &= hauls.arrived_s < start + DAY_MS / 1000 - 900
        for haul in rng.permutation(np.flatnonzero(honest))[:_SAMPLE]:
            truck = int(hauls.truck[haul])
            step, phase = haulage.fix_interval_s, int(haulage.trucks.phase_s[today.mine[truck]])
            first = start + phase + np.ceil((hauls.loaded_s[haul] + 60 - start - phase) / step) * step
            at = np.arange(first, hauls.arrived_s[haul] - 60, step)
            x, y = shifts.segments.places(np.full(at.size, truck), at)
            numbers.append(np.full(at.size, count))
            xs.append(x)
            ys.append(y)
            times.append(at)
            count += 1
    if not numbers:
        return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), np.zeros(0)
    return np.concatenate(numbers), np.concatenate(xs), np.concatenate(ys), np.concatenate(times)


def near_events(haulage: Haulage, planned: PartShifts, events: LoadEvents) -> tuple[set[int], set[int]]:
    """Hauls (rows) that surely had a load event beside them, and those that perhaps had one."""
    segments, hauls = planned.shifts.segments, planned.shifts.hauls
    if not events.at_s.size or not hauls.truck.size:
        return set(), set()
    # The haul of each loaded segment: the newest of its truck that left by then.
    full = np.flatnonzero(segments.load == 2)
    keys = hauls.truck * 1e10 + hauls.loaded_s
    haul = np.searchsorted(keys, segments.truck[full] * 1e10 + segments.start_s[full] + 0.5, side="right") - 1
    full, haul = full[planned.shifts.works[segments.truck[full]]], haul[planned.shifts.works[segments.truck[full]]]
    ends = np.stack(
        [
            np.stack([segments.x0[full] * METRES_PER_LON, segments.y0[full] * METRES_PER_LAT], axis=1),
            np.stack([segments.x1[full] * METRES_PER_LON, segments.y1[full] * METRES_PER_LAT], axis=1),
        ],
        axis=1,
    )
    tree = shapely.STRtree(shapely.points(events.x_m, events.y_m))
    piece, event = tree.query(shapely.linestrings(ends), predicate="dwithin", distance=FAR_M + _LIE_M)
    at = events.at_s[event]
    soon = (at > segments.start_s[full[piece]] - FAR_S) & (at < segments.end_s[full[piece]] + FAR_S)
    soon &= events.lies[event] | (_apart(ends[piece], events, event) < FAR_M)
    perhaps, sure = set(), set()
    for index in np.flatnonzero(soon):
        row, seen = int(full[piece[index]]), int(event[index])
        if int(haul[piece[index]]) in sure:
            continue
        far_m = FAR_M + _LIE_M * float(events.lies[seen])
        near, likely = _when_near(haulage, planned, row, events, seen, far_m)
        if near:
            perhaps.add(int(haul[piece[index]]))
        if likely and not events.lies[seen]:
            sure.add(int(haul[piece[index]]))
    return sure, perhaps


def _apart(ends: Floats, events: LoadEvents, event: Ints) -> Floats:
    """Metres between each straight piece and its event."""
    dx, dy = ends[:, 1, 0] - ends[:, 0, 0], ends[:, 1, 1] - ends[:, 0, 1]
    px, py = events.x_m[event] - ends[:, 0, 0], events.y_m[event] - ends[:, 0, 1]
    share = np.clip((px * dx + py * dy) / np.maximum(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
    return np.asarray(np.hypot(px - share * dx, py - share * dy))


def _when_near(
    haulage: Haulage, planned: PartShifts, row: int, events: LoadEvents, event: int, far_m: float
) -> tuple[bool, bool]:
    """Whether the truck passed near at all, second by second, and whether one of its reports is surely near."""
    segments = planned.shifts.segments
    at = events.at_s[event]
    begin, end = max(segments.start_s[row], at - FAR_S), min(segments.end_s[row], at + FAR_S)
    if begin > end:
        return False, False
    seconds = np.arange(np.floor(begin), end + 1.0)
    truck = segments.truck[row]
    share = (seconds - segments.start_s[row]) / (segments.end_s[row] - segments.start_s[row])
    x = (segments.x0[row] + share * (segments.x1[row] - segments.x0[row])) * METRES_PER_LON
    y = (segments.y0[row] + share * (segments.y1[row] - segments.y0[row])) * METRES_PER_LAT
    apart = np.hypot(x - events.x_m[event], y - events.y_m[event])
    phase, step = int(haulage.trucks.phase_s[planned.mine[truck]]), haulage.fix_interval_s
    is_report = (seconds - phase) % step == 0  # Shanghai's midnight is a whole number of steps from 1970
    is_sure = is_report & (apart < SURE_M) & (np.abs(seconds - at) < SURE_S)
    is_sure &= (seconds > segments.start_s[row] + 1) & (seconds < segments.end_s[row] - 1)
    return bool((apart < far_m).any()), bool(is_sure.any())
