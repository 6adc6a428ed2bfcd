"""All detection files of one business date: nodes' files, late and repeated deliveries, planted faults, true counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sample_district.calendar_day import HOUR_MS, day_start_ms, stamp
from sample_district.cameras import Cameras
from sample_district.case_intake import Found, found_in
from sample_district.deepstream_lines import deepstream_lines
from sample_district.delivery import Delivery, PlantedLine
from sample_district.detection_faults import bad_deepstream_lines, bad_detection_lines, repeated_lines
from sample_district.detection_lines import native_lines
from sample_district.detection_specials import with_rows, with_specials
from sample_district.detection_truth import DetectionTruth
from sample_district.detections import Detections, detect
from sample_district.district import District
from sample_district.event_rates import EventRate, day_factors
from sample_district.lines import Lines
from sample_district.seeding import random_stream
from sample_district.waste_days import WasteDays

FEED = "detection_events"
_LATE_CAMERAS, _HELD_CAMERAS = 6, 4


class DetectionDays:
    """Writes the days of a run in order: what a camera held back on one day arrives in the file of the next."""

    def __init__(self, district: District, waste: WasteDays) -> None:
        self.district, self.waste = district, waste
        self._held_back: list[bytes] = []
        self.truth: DetectionTruth | None = None
        self.found: list[Found] = []

    def write(self, day: date, dark: NDArray[np.bool_]) -> Iterator[Delivery]:
        """Files of the day, one after the other; when they are all written `truth` holds the day's counts and `found`
        the detections that became cases."""
        district = self.district
        scale = district.scale
        self.found = []
        truth = DetectionTruth(district.terrain, district.rates)
        expected = district.base_rates * day_factors(district.seed, scale, district.rates, day)
        repeated_elsewhere: list[bytes] = []
        planted = self.waste.planted_detections(day, dark)
        for part in range(scale.native_parts + scale.deepstream_parts):
            seen = detect(district.seed, scale, district.cameras, district.rates, expected, dark, day, part)
            if part == 0:
                seen = with_specials(district.seed, seen, district.cameras, district.rates, dark, day)
            mine = [(*row, -1) for row in planted if district.cameras.part[row[0]] == part]
            seen = with_rows(seen, district.cameras, mine)
            self.waste.note_detections(day, seen)
            if part >= scale.native_parts:
                truth.add(seen, district.cameras, None)
                yield self._deepstream(day, part, seen)
                continue
            self.found += found_in(district, day, part, seen)
            late, held, prompt = self._split(day, part, seen)
            arrival = seen.received_ms.copy()
            if late is not None:
                arrival[late] = self._late_arrival(day)
                yield self._late_file(day, part, seen.where(late))
            if held is not None:
                seen = replace(seen, received_ms=self._held_arrival(day, seen, held))
                arrival[held] = seen.received_ms[held]
            truth.add(seen, district.cameras, arrival)
            delivery, lines = self._native(day, part, seen.where(prompt), repeated_elsewhere if part else [])
            yield delivery
            if part == 0:
                first = random_stream(district.seed, "repeated elsewhere", day).choice(lines.count, 5, replace=False)
                repeated_elsewhere = [lines.line(int(index)) for index in np.sort(first)]
                self._held_back = (
                    [] if held is None else self._lines_of(native_lines(*self._common(seen.where(held), day, part)))
                )
        yield from self._odd_files(day)
        self.truth = truth

    def _split(
        self, day: date, part: int, seen: Detections
    ) -> tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None, NDArray[np.bool_]]:
        """Which detections come two days late (a whole file), which with the next day's file, and which in time."""
        prompt = np.ones(seen.count, dtype=bool)
        late = held = None
        rng = random_stream(self.district.seed, "late", day, part)
        cameras = rng.permutation(np.unique(seen.camera))
        hour = (seen.detected_ms - day_start_ms(day)) // HOUR_MS
        if part == 0 and day == self.district.fault_days.late_file:
            late = np.isin(seen.camera, cameras[:_LATE_CAMERAS]) & (hour >= 9) & (hour < 16)
            prompt &= ~late
        if part == 0 and day != self.district.fault_days.last:
            held = np.isin(seen.camera, cameras[_LATE_CAMERAS : _LATE_CAMERAS + _HELD_CAMERAS]) & (hour >= 17)
            prompt &= ~held
        return late, held, prompt

    @staticmethod
    def _late_arrival(day: date) -> int:
        return day_start_ms(day + timedelta(days=2)) + 10 * HOUR_MS

    @staticmethod
    def _held_arrival(day: date, seen: Detections, held: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The next morning from 07:30 on: past the six hours of grace that the contract gives."""
        received = seen.received_ms.copy()
        received[held] = day_start_ms(day + timedelta(days=1)) + 7 * HOUR_MS + 30 * 60_000 + np.arange(held.sum()) * 900
        return received

    def _common(
        self, seen: Detections, day: date, part: int
    ) -> tuple[int, Detections, Cameras, list[EventRate], date, int]:
        return self.district.seed, seen, self.district.cameras, self.district.rates, day, part

    @staticmethod
    def _lines_of(series: pl.Series) -> list[bytes]:
        lines = Lines.of_series(series)
        return [lines.line(index) for index in range(lines.count)]

    def _native(
        self, day: date, part: int, seen: Detections, repeated_elsewhere: list[bytes]
    ) -> tuple[Delivery, Lines]:
        district, days = self.district, self.district.fault_days
        is_gzipped = part % district.scale.gzip_every == 0
        name = f"{FEED}_{day}_p{part + 1:02d}.ndjson" + (".gz" if is_gzipped else "")
        delivery = Delivery(FEED, name, "ndjson", day)
        is_drifting = part == district.scale.native_parts - 1
        has_more, has_less = is_drifting and day == days.extra_column, is_drifting and day == days.missing_column
        series = native_lines(
            *self._common(seen, day, part),
            extra=',"firmware":"V5.7.12"' if has_more else "",
            without=frozenset({"bbox", "algorithm"}) if has_less else frozenset(),
        )
        lines = Lines.of_series(series)
        delivery.count_good(day, lines.count)
        if has_more:
            delivery.extra_columns = ("firmware",)
            delivery.note_fault("schema_drift_extra_column", lines.count, verdict="accepted", field="firmware")
        if has_less:
            delivery.note_fault("schema_drift_missing_column", lines.count, verdict="accepted", field="algorithm, bbox")
        rng = random_stream(district.seed, "native faults", day, part)
        planted = bad_detection_lines(rng, lines, day, f"{part:02d}")
        planted += repeated_lines(rng, lines, max(4, lines.count // 250), day)
        for line in repeated_elsewhere:
            at = int(rng.integers(0, lines.count + 1))
            planted.append((at, PlantedLine("duplicate_across_files", line, "duplicate", business_date=day)))
        if part == 0 and self._held_back:
            at = int(np.searchsorted(seen.received_ms, day_start_ms(day) + 7 * HOUR_MS + 30 * 60_000))
            yesterday = day - timedelta(days=1)
            planted += [
                (at, PlantedLine("late_row", line, "accepted", business_date=yesterday, is_late=True))
                for line in self._held_back
            ]
        delivery.write_lines(district.out, lines, planted)
        self._note_liars(delivery, seen)
        return delivery, lines

    def _deepstream(self, day: date, part: int, seen: Detections) -> Delivery:
        """A node that exports its day in one file which says nothing of arrival."""
        delivery = Delivery(FEED, f"{FEED}_{day}_p{part + 1:02d}_deepstream.json", "deepstream", day)
        lines = Lines.of_series(deepstream_lines(*self._common(seen, day, part)))
        delivery.count_good(day, lines.count)
        rng = random_stream(self.district.seed, "deepstream faults", day, part)
        planted = bad_deepstream_lines(rng, lines, day)
        planted += repeated_lines(rng, lines, max(3, lines.count // 100), day)
        delivery.write_lines(self.district.out, lines, planted)
        return delivery

    def _note_liars(self, delivery: Delivery, seen: Detections) -> None:
        cameras = self.district.cameras
        lying = cameras.lies_about_datum[seen.camera] & cameras.sends_place[seen.camera]
        if lying.any():
            names = sorted(set(cameras.camera_id[seen.camera[lying]].tolist()))
            delivery.note_fault(
                "wrong_datum",
                int(lying.sum()),
                verdict="accepted",
                cameras=names[:50],
                note="declared WGS84, truly GCJ-02: about 485 m off the register's place; no row rule can see it",
            )

    def _late_file(self, day: date, part: int, seen: Detections) -> Delivery:
        """Part of a node's day, delivered two days later: its lines carry no arrival, the file's name does."""
        name = f"{FEED}_{day}_p{part + 1:02d}late_r{stamp(self._late_arrival(day))}.ndjson.gz"
        delivery = Delivery(FEED, name, "ndjson", day)
        series = native_lines(*self._common(seen, day, part), with_received_at=False)
        lines = Lines.of_series(series)
        delivery.count_good(day, lines.count, late=lines.count)
        delivery.note_fault("late_file", lines.count, verdict="accepted", late=lines.count)
        delivery.write_lines(self.district.out, lines, [])
        return delivery

    def _odd_files(self, day: date) -> Iterator[Delivery]:
        """Whole files that are wrong: not what their name says, sent twice, or empty."""
        district, days = self.district, self.district.fault_days
        if day == days.rejected_file:
            odd = Delivery(FEED, f"{FEED}_{day}_p91.ndjson.gz", "ndjson", day, status="rejected")
            odd.reason = "unreadable_format"
            odd.write_bytes(district.out, [random_stream(district.seed, "noise", day).bytes(4_096)], is_final=True)
            odd.note_fault("unreadable_file", 1, verdict="rejected", reason=odd.reason)
            yield odd
        if day == days.sent_again:
            first = f"{FEED}_{day}_p01.ndjson.gz"
            again = first.replace("_p01", "_p92")
            odd = Delivery(FEED, again, "ndjson", day, status="already_landed")
            odd.write_bytes(district.out, [(district.out / FEED / first).read_bytes()], is_final=True)
            odd.note_fault("file_sent_again", 1, verdict="already_landed", same_as=first)
            yield odd
        if day == days.empty_file:
            odd = Delivery(FEED, f"{FEED}_{day}_p93.ndjson", "ndjson", day)
            odd.write_bytes(district.out, [b""])
            odd.note_fault(
                "empty_file", 1, verdict="landed", note="no line: landed with 0 rows, or rejected as empty_file"
            )
            yield odd
