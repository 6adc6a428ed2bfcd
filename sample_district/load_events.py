"""Cameras that see an open or spilling truck: planted detections, and which trips any such detection is near to."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
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
from sample_district.shifts import FULL
from sample_district.terrain import METRES_PER_LAT, METRES_PER_LON, Ints
from sample_district.track_faults import PartShifts
from sample_district.trip_orders import may_be_planted

LOAD_TYPES = ("truck_uncovered", "truck_spillage")
Pairs = set[tuple[int, int]]
_SEEN_M, _SAMPLE = 180.0, 60
# A platform looks 300 m and 300 s around a trip. What is nearer than the first pair must be found; what is farther than
# the second must not; in between both are right, since a receiver's noise and the reporting interval decide.
SURE_M, SURE_S, FAR_M, FAR_S = 220.0, 240.0, 420.0, 420.0
_LIE_M = 500.0
_SLICE_S = 1_800.0


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


def near_events(haulage: Haulage, planned: PartShifts, events: LoadEvents) -> tuple[Pairs, Pairs]:
    """Hauls (rows) with the load events (numbers) that surely were beside them, and with those that perhaps were."""
    segments, hauls = planned.shifts.segments, planned.shifts.hauls
    sure: Pairs = set()
    perhaps: Pairs = set()
    full = np.flatnonzero((segments.load == FULL) & planned.shifts.works[segments.truck])
    if not events.at_s.size or not full.size:
        return sure, perhaps
    # The haul of each loaded segment: the newest of its truck that had left by then.
    keys = hauls.truck * 1e10 + hauls.loaded_s
    haul = np.searchsorted(keys, segments.truck[full] * 1e10 + segments.start_s[full] + 0.5, side="right") - 1
    for begin in np.arange(events.at_s.min(), events.at_s.max() + 1, _SLICE_S):
        seen = np.flatnonzero((events.at_s >= begin) & (events.at_s < begin + _SLICE_S))
        near = (segments.start_s[full] < begin + _SLICE_S + FAR_S) & (segments.end_s[full] > begin - FAR_S)
        for lies in (False, True):
            some = seen[events.lies[seen] == lies]
            if not some.size or not near.any():
                continue
            far_m = FAR_M + _LIE_M * lies
            tree = shapely.STRtree(shapely.points(events.x_m[some], events.y_m[some]))
            pieces = _Pieces.of(haulage, planned, full[near])
            piece, event = tree.query(pieces.lines(), predicate="dwithin", distance=far_m)
            pieces, own, event = pieces.where(piece), haul[near][piece], some[event]
            since, until = pieces.within(events, event, far_m, FAR_S)
            perhaps |= _pairs(own, event, since <= until)
            if not lies:
                since, until = pieces.within(events, event, SURE_M, SURE_S)
                sure |= _pairs(own, event, pieces.has_report(since + 1, until - 1))
    return sure, perhaps


def _pairs(own: Ints, event: Ints, chosen: NDArray[np.bool_]) -> Pairs:
    return set(zip(own[chosen].tolist(), event[chosen].tolist(), strict=True))


@dataclass(frozen=True)
class _Pieces:
    """Straight pieces driven at one speed, or stood: metres, seconds since 1970 UTC; reports come at `phase` + k steps."""

    x: Floats
    y: Floats
    dx: Floats
    dy: Floats
    start_s: Floats
    end_s: Floats
    phase_s: Ints
    step_s: int

    @classmethod
    def of(cls, haulage: Haulage, planned: PartShifts, rows: Ints) -> _Pieces:
        of = planned.shifts.segments
        x, y = of.x0[rows] * METRES_PER_LON, of.y0[rows] * METRES_PER_LAT
        phase = haulage.trucks.phase_s[planned.mine[of.truck[rows]]]
        return cls(
            x, y, of.x1[rows] * METRES_PER_LON - x, of.y1[rows] * METRES_PER_LAT - y,
            of.start_s[rows], of.end_s[rows], phase, haulage.fix_interval_s,
        )  # fmt: skip

    def where(self, rows: Ints) -> _Pieces:
        columns = [field.name for field in fields(self) if field.name != "step_s"]
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def lines(self) -> NDArray[np.object_]:
        ends = np.stack([self.x, self.y, self.x + self.dx, self.y + self.dy], axis=1).reshape(-1, 2, 2)
        return np.asarray(shapely.linestrings(ends))

    def within(self, events: LoadEvents, event: Ints, metres: float, seconds: float) -> tuple[Floats, Floats]:
        """From when until when each piece's truck is that near to its event in place and time; reversed where never."""
        px, py = events.x_m[event] - self.x, events.y_m[event] - self.y
        length = np.hypot(self.dx, self.dy)
        along = (px * self.dx + py * self.dy) / np.maximum(length, 1e-9)
        aside_2 = np.maximum(px * px + py * py - along * along, 0.0)
        half = np.sqrt(np.maximum(metres * metres - aside_2, 0.0))
        speed = length / (self.end_s - self.start_s)
        drives = length > 1.0
        pace = np.where(drives, speed, 1.0)
        since = np.where(drives, self.start_s + (along - half) / pace, self.start_s)
        until = np.where(drives, self.start_s + (along + half) / pace, self.end_s)
        never = np.where(drives, aside_2, px * px + py * py) > metres * metres
        since = np.maximum(np.maximum(since, self.start_s), events.at_s[event] - seconds)
        until = np.minimum(np.minimum(until, self.end_s), events.at_s[event] + seconds)
        return np.where(never, np.inf, since), until

    def has_report(self, since: Floats, until: Floats) -> NDArray[np.bool_]:
        """Whether a report falls between; Shanghai's midnight is a whole number of steps from 1970."""
        first = np.ceil((since - self.phase_s) / self.step_s) * self.step_s + self.phase_s
        return np.asarray(first <= until)
