"""The haulage feeds of each day, and what the answer key says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample_district.delivery import Delivery
from sample_district.detections import Detections
from sample_district.district import District
from sample_district.haul_days import HaulDays
from sample_district.load_events import LoadEvents, load_events_of, near_events, planted_load_events
from sample_district.mass_balance import MassBalance
from sample_district.night_works import NIGHT_CONSTRUCTION, NightWorks
from sample_district.track_faults import PartShifts
from sample_district.trip_receipts import FORGED, OVER_DECLARED, Receipt, Settlement, settle, weighed_on, write_receipts
from sample_district.trip_truth import Trip, midnight_s, trips_of
from sample_district.waste_registers import write_waste_registers


class WasteDays:
    """Writes the days of a run in order. A date's trips are told a day later: what was near them past midnight counts."""

    def __init__(self, district: District, hauls: HaulDays) -> None:
        self.district, self.hauls, self.haulage = district, hauls, hauls.haulage
        self.nights = NightWorks(district, self.haulage)
        self.balance = MassBalance(self.haulage)
        self._trips: dict[date, list[dict[int, Trip]]] = {}  # by the shifts' day, then part
        self._settled: dict[date, list[Settlement]] = {}
        self._load_events: list[Detections] = []
        self._truth: dict[date, tuple[dict[str, Any], list[Receipt]]] = {}

    def planted_detections(self, day: date, dark: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
        """(camera, type, instant) of what is planted into the day's detections; `dark[camera, hour]` sees nothing."""
        types = [rate.event_type for rate in self.district.rates]
        rows = planted_load_events(self.district, self.haulage, self.hauls.driven_on(day), day, dark)
        night = types.index(NIGHT_CONSTRUCTION)
        return rows + [(camera, night, at) for camera, at in self.nights.planted(day, dark)]

    def note_detections(self, day: date, seen: Detections) -> None:
        """What one node's cameras saw on the day."""
        self.nights.judge(seen, day)
        self._load_events.append(load_events_of(self.district, seen))

    def write(self, day: date) -> Iterator[Delivery]:
        """Registers and receipts of the day; the day's trips wait for the next day's detections."""
        yield from write_waste_registers(self.district, self.haulage, self.nights, day)
        before = day - timedelta(days=1)
        events = LoadEvents.of(self.district, self._load_events)
        self._load_events = []
        driven = list(zip(*self.hauls.driven_on(day), strict=True))
        for planned in driven:
            self._know(planned)
        self._mark_seen([part for planned in driven for part in planned], events)
        receipts = weighed_on([r for of in (before, day) for part in self._settled[of] for r in part.receipts], day)
        self._truth[day] = self._receipts(day, receipts), receipts
        yield from write_receipts(self.district, self.haulage, day, receipts)
        self._settled.pop(before, None)

    def _know(self, planned: tuple[PartShifts, ...]) -> None:
        """Makes the trips of shifts not yet known."""
        first, last = self.district.fault_days.start, self.district.fault_days.last
        begun = planned[0].day
        if begun not in self._trips:
            self._trips[begun] = [trips_of(self.haulage, part, first, last) for part in planned]
            self._settled[begun] = [settle(self.haulage, part) for part in planned]

    def _mark_seen(self, driven: list[PartShifts], events: LoadEvents) -> None:
        """Marks the trips that have a load event of the day beside them; with two trucks in reach nobody knows whose it is."""
        near = [near_events(self.haulage, part, events) for part in driven]
        in_reach = Counter(event for _, perhaps in near for _, event in perhaps)
        number: Counter[date] = Counter()
        for part, (sure, perhaps) in zip(driven, near, strict=True):
            trips = self._trips[part.day][number[part.day]]
            number[part.day] += 1
            alone = {haul for haul, event in sure if in_reach[event] == 1}
            spoiled = {fault.haul for fault in part.faults}
            for haul in {haul for haul, _ in sure | perhaps} & trips.keys():
                is_sure = haul in alone and haul not in spoiled
                (trips[haul].findings if is_sure else trips[haul].tolerated).add("uncovered_or_spilling")

    def truths(self, day: date, *, is_last: bool = False) -> Iterator[tuple[date, dict[str, Any]]]:
        """The key of every date that is complete once `day` is written: the date before, and at the end the day too."""
        for told in (day - timedelta(days=1), day) if is_last else (day - timedelta(days=1),):
            if told in self._truth:
                yield told, self._as_json(told)

    def _as_json(self, day: date) -> dict[str, Any]:
        first, before = self.district.fault_days.start, day - timedelta(days=1)
        trips = [
            trip
            for begun in (before, day)
            for part in self._trips.get(begun, [])
            for trip in part.values()
            if trip.loaded_on == day
            or (day == first and trip.loaded_on < first and trip.unloaded_s > midnight_s(first))
        ]
        trips.sort(key=lambda trip: (trip.loaded_s, trip.truck))
        for begun in [known for known in self._trips if known < day]:
            del self._trips[begun]
        self.balance.add_trips(day, trips)
        facts, receipts = self._truth.pop(day)
        self.balance.add_receipts(day, receipts)
        told = [trip.as_json() for trip in trips]
        counts = Counter(finding for trip in told for finding in trip["findings"])
        return {
            "business_date": day.isoformat(),
            "totals": {
                "trips": len(told),
                "seen": dict(sorted(Counter(trip["seen"] for trip in told).items())),
                "whole_trips_without_finding": sum(
                    trip["seen"] == "whole" and not trip["findings"] and not trip["is_wrong_datum"] for trip in told
                ),
                "findings": dict(sorted(counts.items())),
                "planted": dict(sorted(Counter(trip["planted"] for trip in told if trip["planted"]).items())),
                "wrong_datum_trips": sum(trip["is_wrong_datum"] for trip in told),
            },
            "trips": told,
            "mass_balance": self.balance.as_json(day),
            "night_construction": self.nights.as_json(day),
            "receipts": facts,
        }

    def _receipts(self, day: date, receipts: list[Receipt]) -> dict[str, Any]:
        kinds = Counter(receipt.kind for receipt in receipts)
        return {
            "receipts": len(receipts),
            "over_declared": kinds[OVER_DECLARED],
            "without_delivery": kinds[FORGED],
            "missing_of_shifts_begun": sum(len(part.missing) for part in self._settled[day]),
        }
