"""The detections of one video platform node on one day, before they are written and spoiled."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sample_district.calendar_day import DAY_MS, HOUR_MS, day_start_ms
from sample_district.cameras import LATENCY_CLASSES, Cameras
from sample_district.datum import Floats
from sample_district.event_rates import EventRate, mean_repeats
from sample_district.scale import Scale
from sample_district.seeding import random_stream
from sample_district.terrain import METRES_PER_LAT, METRES_PER_LON, Ints

# An incident's own messages never lie further apart, so that chance does not split what was meant as one.
_LONGEST_GAP_MS = 25 * 60 * 1000
_TRACKS_OF_A_DAY = 10_000_000


@dataclass(frozen=True)
class Detections:
    """One entry per detection in every array, in the order of arrival at the node.

    Instants are milliseconds since 1970 UTC; places are true WGS-84 degrees; `track` is -1 where none is reported;
    `number` is unique within the node and day.
    """

    camera: Ints
    event_type: Ints
    detected_ms: Ints
    received_ms: Ints
    track: Ints
    number: Ints
    longitude: Floats
    latitude: Floats
    confidence: Floats

    @property
    def count(self) -> int:
        return int(self.camera.size)

    def where(self, chosen: NDArray[np.bool_] | Ints) -> Detections:
        return replace(self, **{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    def numbered(self) -> Detections:
        return replace(self, number=np.arange(self.count))


def detect(
    seed: int,
    scale: Scale,
    cameras: Cameras,
    rates: list[EventRate],
    expected: Floats,
    dark: NDArray[np.bool_],
    day: date,
    part: int,
) -> Detections:
    """What the cameras of one node saw.

    `expected` holds the day's mean incidents per camera and type (all cameras), `dark[camera, hour]` their silence.
    """
    rng = random_stream(seed, scale.name, "detections", day, part)
    start = day_start_ms(day)
    mine = np.flatnonzero((cameras.part == part) & cameras.in_service(day))
    incidents = rng.poisson(expected[mine])
    row, event_type = np.nonzero(incidents)
    times = incidents[row, event_type]
    row, event_type = np.repeat(row, times), np.repeat(event_type, times)
    is_alone = np.repeat(times, times) == 1
    begin = _moments(rng, rates, event_type)
    means = np.array([mean_repeats(rate, scale) for rate in rates])
    repeats = rng.geometric(1.0 / means[event_type])
    incident = np.repeat(np.arange(row.size), repeats)
    gaps = rng.exponential(np.array([rate.gap_s * 1000.0 for rate in rates])[event_type[incident]])
    waits: Ints = np.clip(gaps, 800.0, _LONGEST_GAP_MS).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(repeats)[:-1]]).astype(np.int64)
    waits[first] = 0
    track, returns = _tracks(rng, day, part, row.size, incident, first, repeats, is_alone)
    waits[returns] = rng.integers(35 * 60_000, 100 * 60_000, returns.size)
    elapsed = np.cumsum(waits)
    detected = start + begin[incident] + elapsed - elapsed[first][incident]
    camera = mine[row][incident]
    hour = (detected - start) // HOUR_MS
    keep = detected < start + DAY_MS
    keep[keep] &= ~dark[camera[keep], hour[keep]]
    return _complete(rng, cameras, camera[keep], event_type[incident][keep], detected[keep], track[keep])


def _moments(rng: np.random.Generator, rates: list[EventRate], event_type: Ints) -> Ints:
    """A millisecond of the day for each incident, by its type's hours."""
    hour = np.empty(event_type.size, dtype=np.int64)
    for index, rate in enumerate(rates):
        here = event_type == index
        hour[here] = rng.choice(24, int(here.sum()), p=rate.hours)
    return hour * HOUR_MS + rng.integers(0, HOUR_MS, event_type.size)


def _tracks(
    rng: np.random.Generator,
    day: date,
    part: int,
    incidents: int,
    incident: Ints,
    first: Ints,
    repeats: Ints,
    is_alone: NDArray[np.bool_],
) -> tuple[Ints, Ints]:
    """Track numbers, and the detections before which a tracked object was away for more than the window.

    Most incidents are one track; in some the tracker loses the object and starts a second; some cameras do not track.
    An object comes back only where its type has no other incident at its camera, so that the folding rule has one
    reading.
    """
    base = (day.toordinal() % 1000 * 100 + part) * _TRACKS_OF_A_DAY
    track = base + 2 * incident
    fate = rng.random(incidents)
    position = np.arange(incident.size) - first[incident]
    switches = (fate < 0.18)[incident] & (position * 2 >= repeats[incident])
    track = track + switches
    track[(fate > 0.86)[incident]] = -1
    comes_back = (fate > 0.40) & (fate < 0.43) & is_alone & (repeats >= 2)
    return track, first[comes_back] + repeats[comes_back] // 2


def _complete(
    rng: np.random.Generator, cameras: Cameras, camera: Ints, event_type: Ints, detected: Ints, track: Ints
) -> Detections:
    """Adds what each message carries beside its time, and puts the messages in the order of their arrival."""
    count = camera.size
    median = np.array([seconds for _, _, seconds, _ in LATENCY_CLASSES])[cameras.latency_class[camera]]
    spread = np.array([sigma for _, _, _, sigma in LATENCY_CLASSES])[cameras.latency_class[camera]]
    received = detected + np.maximum(1, median * np.exp(rng.normal(0.0, 1.0, count) * spread) * 1000).astype(np.int64)
    # The seen object stands up to 60 m from its camera: less than a camera's distance from its township's border.
    distance, angle = rng.uniform(5.0, 60.0, count), rng.uniform(0.0, 2 * np.pi, count)
    order = np.lexsort((detected, received))
    return (
        Detections(
            camera=camera,
            event_type=event_type,
            detected_ms=detected,
            received_ms=received,
            track=track,
            number=np.zeros(count, dtype=np.int64),
            longitude=cameras.longitude[camera] + distance * np.cos(angle) / METRES_PER_LON,
            latitude=cameras.latitude[camera] + distance * np.sin(angle) / METRES_PER_LAT,
            confidence=(0.5 + 0.5 * rng.beta(4.0, 2.0, count)).round(3),
        )
        .where(order)
        .numbered()
    )
