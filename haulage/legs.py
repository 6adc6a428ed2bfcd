"""Loaded legs: what is known of one since it began, and what the next date needs to continue it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from haulage import layout as L
from haulage.permits import UNCLEAR, Match

Measures = NDArray[np.float64]


def thing_id(kind: str, vehicle_key: str, started: float) -> str:
    """The id of a stop, trip or gap: it has one vehicle and one begin, so every processing gives it the same one."""
    return sha256(f"{kind}|{vehicle_key}|{int(started)}".encode()).hexdigest()[:32]


def no_measures() -> Measures:
    """Of a leg of which nothing has been seen yet."""
    m = np.zeros(L.MEASURES)
    unknown = [
        L.M_T, L.M_LON, L.M_LAT, L.M_SPEED, L.M_REPORT_T, L.M_RUN_T, L.M_GAP_T, L.M_GAP_END, L.M_LINE_FIRST, L.M_LINE_LAST,
    ]  # fmt: skip
    m[unknown] = np.nan
    return m


@dataclass
class Candidate:
    """A leg as measured under one permit: up to now, and up to where it may turn out to have ended."""

    match: Match
    measured: Measures = field(default_factory=no_measures)
    at_turn: Measures | None = None


@dataclass
class Leg:
    """One loaded leg; instants in microseconds."""

    trip_id: str
    vehicle_key: str
    started: float
    source: int
    truck_key: str | None
    carrier: str | None
    capacity_m3: float | None
    is_registered: bool
    origin_site_id: str | None
    origin_site_kind: str | None
    origin_longitude: float
    origin_latitude: float
    wrong_datum: bool = False
    candidates: list[Candidate] = field(default_factory=list)

    def dumps(self) -> str:
        """As text for `open_states`; floats keep all their digits."""
        parts = asdict(self)
        parts["candidates"] = [
            {
                "match": one.match.as_json(),
                "measured": one.measured.tolist(),
                "at_turn": None if one.at_turn is None else one.at_turn.tolist(),
            }
            for one in self.candidates
        ]
        return json.dumps(parts, ensure_ascii=False, sort_keys=True)

    @classmethod
    def loads(cls, text: str) -> Leg:
        parts = json.loads(text)
        parts["candidates"] = [
            Candidate(
                Match(**one["match"]),
                np.array(one["measured"], dtype=np.float64),
                None if one["at_turn"] is None else np.array(one["at_turn"], dtype=np.float64),
            )
            for one in parts["candidates"]
        ]
        return cls(**parts)

    def chosen(self, destination_site_id: str | None) -> Candidate:
        """The candidate whose permit names the destination; else the first, unless permits were left out."""
        for one in self.candidates:
            if destination_site_id is not None and one.match.receiving_site_id == destination_site_id:
                return one
        return self.candidates[-1] if self.candidates[-1].match == UNCLEAR else self.candidates[0]
