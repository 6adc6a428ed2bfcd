"""All position files of one business date: captures, CSV, blind-area batches, late deliveries, planted faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from sample_district.calendar_day import HOUR_MS, day_start_ms, stamp
from sample_district.csv_faults import POSITIONS, bad_csv_lines
from sample_district.delivery import Delivery, PlantedLine
from sample_district.detection_faults import repeated_lines
from sample_district.district import District
from sample_district.frame_faults import bad_frames
from sample_district.gps_truth import GpsTruth
from sample_district.haul_days import HaulDays
from sample_district.lines import Lines
from sample_district.position_lines import batch_captures, capture, csv_header, csv_lines, file_stem
from sample_district.positions import Fixes, report
from sample_district.seeding import random_stream
from sample_district.spoiled_fixes import spoil, spoil_terminals
from sample_district.terminal_event_lines import write_terminal_events
from sample_district.terrain import Ints

FEED = "truck_gps"
_BATCH_ITEMS = 20
_LONG_BATCH_ITEMS = 40  # longer than a frame holds: it comes in sub-packages


@dataclass(frozen=True)
class _Batch:
    """A blind-area message: its lines, its rows, and when it arrives."""

    lines: tuple[bytes, ...]
    rows: int
    received_ms: int


class GpsDays:
    """Writes the days of a run in order: a batch stored on one evening can arrive in the next day's capture."""

    def __init__(self, district: District, hauls: HaulDays) -> None:
        self.district, self.hauls = district, hauls
        self.trucks = hauls.haulage.trucks
        self._overnight: list[_Batch] = []
        self.truth: GpsTruth | None = None

    def write(self, day: date) -> Iterator[Delivery]:
        """Files of the day, one after the other; `truth` holds the day's figures when they are all written."""
        district = self.district
        truth = GpsTruth(district.terrain)
        repeated_elsewhere: list[bytes] = []
        haulage = self.hauls.haulage
        for part, planned in enumerate(self.hauls.driven_on(day)):
            shifts = [of_day.shifts for of_day in planned]
            fixes = report(district.seed, district.scale, haulage, day, part, shifts)
            for of_day in planned:
                fixes = spoil(haulage, fixes, of_day)
            spoil_terminals(haulage, fixes, day, part)
            truth.add(fixes, day)
            yield write_terminal_events(district, self.trucks, day, part, fixes)
            if part >= district.scale.jtt808_parts:
                yield from self._csv_files(day, part, fixes)
                continue
            delivery, lines = self._capture_file(day, part, fixes, repeated_elsewhere)
            repeated_elsewhere = [lines.line(index) for index in range(min(3, lines.count))]
            yield delivery
        self.truth = truth

    def _capture_file(
        self, day: date, part: int, fixes: Fixes, repeated_elsewhere: list[bytes]
    ) -> tuple[Delivery, Lines]:
        district = self.district
        rng = random_stream(district.seed, "capture faults", day, part)
        blind = self._blind_batch_of(rng, day, part, fixes)
        live = np.flatnonzero(blind < 0)
        order = live[np.argsort(fixes.received_ms[live], kind="stable")]
        lines = capture(fixes.where(order), self.trucks)
        arrivals = fixes.received_ms[order]
        ending = "txt" if part % 3 == 2 else "jtt808"
        delivery = Delivery(FEED, f"{file_stem(day, part)}.{ending}", "jtt808", day)
        delivery.count_good(day, lines.count)
        terminals = [str(number) for number in np.unique(self.trucks.terminal[fixes.truck])]
        planted = bad_frames(rng, lines, terminals, day)
        planted += repeated_lines(rng, lines, max(3, lines.count // 2_000), day)
        planted += [
            (
                int(rng.integers(0, lines.count + 1)),
                PlantedLine("duplicate_across_files", line, "duplicate", business_date=day),
            )
            for line in repeated_elsewhere
        ]
        planted += self._resent(day, part, fixes.where(order))
        planted += self._batches(day, part, fixes, blind, arrivals)
        delivery.write_lines(district.out, lines, planted)
        self._note_odd_fixes(delivery, fixes)
        return delivery, lines

    def _resent(self, day: date, part: int, sent: Fixes) -> list[tuple[int, PlantedLine]]:
        """Reports whose answer got lost: the terminal sends them again some seconds later, under another serial."""
        rng = random_stream(self.district.seed, "resent reports", day, part)
        chosen = np.sort(rng.permutation(sent.count)[: max(2, min(40, sent.count // 3_000))])
        again = sent.where(chosen)
        again = replace(again, received_ms=again.received_ms + rng.integers(4_000, 15_000, chosen.size))
        lines = capture(again, self.trucks)
        places = np.searchsorted(sent.received_ms, again.received_ms)
        return [
            (int(place), PlantedLine("resent_report", lines.line(index), "duplicate", business_date=day))
            for index, place in enumerate(places)
        ]

    def _blind_batch_of(self, rng: np.random.Generator, day: date, part: int, fixes: Fixes) -> Ints:
        """For each fix the batch it is stored in, or -1. Even batches arrive within the hour, odd ones next morning."""
        batch = np.full(fixes.count, -1, dtype=np.int64)
        seconds = fixes.at_s - day_start_ms(day) // 1000
        number, has_overnight = 0, False
        for truck in np.unique(fixes.truck):
            fate, begin = rng.random(), int(rng.integers(1 * 3_600, 21 * 3_600))
            length = int(rng.integers(1_200, 3_600))
            first, last = np.searchsorted(fixes.truck, [truck, truck + 1])
            mine = np.arange(first, last)[fixes.is_working[first:last]]
            is_overnight = (
                part == 0
                and day != self.district.fault_days.last
                and (fate < 0.05 or not has_overnight)
                and bool(np.any(seconds[mine] > 23 * 3_600))
            )
            if is_overnight:
                begin, has_overnight = 22 * 3_600, True
            elif fate > 0.2:
                continue
            inside = mine[(seconds[mine] >= begin) & (seconds[mine] < begin + length)]
            for at in range(0, inside.size, size := _LONG_BATCH_ITEMS if truck % 2 else _BATCH_ITEMS):
                batch[inside[at : at + size]] = 2 * number + is_overnight
                number += 1
        return batch

    def _batches(
        self, day: date, part: int, fixes: Fixes, blind: Ints, arrivals: Ints
    ) -> list[tuple[int, PlantedLine]]:
        """The day's blind-area batches as extra lines, and those that waited since last evening."""
        stored = np.flatnonzero(blind >= 0)
        stored = stored[np.argsort(blind[stored], kind="stable")]
        numbers, starts = np.unique(blind[stored], return_index=True)
        ends = np.append(starts[1:], stored.size).astype(np.int64)
        next_morning = day_start_ms(day + timedelta(days=1)) + 8 * HOUR_MS
        received = fixes.at_s[stored[ends - 1]] * 1000 + 45_000 if stored.size else np.zeros(0, dtype=np.int64)
        received = np.where(numbers % 2 == 1, next_morning + np.arange(numbers.size) * 1_500, received)
        today, tonight = [], self._overnight if part == 0 else []
        if part == 0:
            self._overnight = []
        if stored.size:
            lines, message = batch_captures(fixes.where(stored), self.trucks, ends, received)
            for index in range(numbers.size):
                own = tuple(lines.line(int(line)) for line in np.flatnonzero(message == index))
                batch = _Batch(own, int(ends[index] - starts[index]), int(received[index]))
                if numbers[index] % 2 == 1:
                    self._overnight.append(batch)
                else:
                    today.append(batch)
        planted = _planted(today, arrivals, "blind_area_batch", day, is_late=False)
        return planted + _planted(tonight, arrivals, "late_blind_area_batch", day - timedelta(days=1), is_late=True)

    def _csv_files(self, day: date, part: int, fixes: Fixes) -> Iterator[Delivery]:
        """A carrier that exports CSV; once a part of it comes two days late, and once a column is missing."""
        district, days = self.district, self.district.fault_days
        datum = "GCJ02" if part % 2 == 0 else "WGS84"
        fixes = fixes.where(np.lexsort((fixes.truck, fixes.at_s)))
        late = np.zeros(fixes.count, dtype=bool)
        if day == days.late_file and part == district.scale.jtt808_parts:
            late = fixes.at_s >= day_start_ms(day) // 1000 + 20 * 3_600
            arrival = day_start_ms(day + timedelta(days=2)) + 11 * HOUR_MS
            held = Delivery(FEED, f"{file_stem(day, part)}late_r{stamp(arrival)}.csv", "csv", day, csv_header())
            held.count_good(day, int(late.sum()), late=int(late.sum()))
            held.note_fault("late_file", int(late.sum()), verdict="accepted", late=int(late.sum()))
            held.write_lines(district.out, Lines.of_series(csv_lines(fixes.where(late), self.trucks, datum)), [])
            yield held
        has_less = day == days.missing_column
        lines = Lines.of_series(csv_lines(fixes.where(~late), self.trucks, datum, without_altitude=has_less))
        delivery = Delivery(FEED, f"{file_stem(day, part)}.csv", "csv", day, csv_header(without_altitude=has_less))
        delivery.count_good(day, lines.count)
        if has_less:
            delivery.note_fault("schema_drift_missing_column", lines.count, verdict="accepted", field="altitude_m")
        rng = random_stream(district.seed, "csv faults", day, part)
        planted = bad_csv_lines(rng, lines, delivery.header, POSITIONS, day, rows_a_set=10_000)
        planted += repeated_lines(rng, lines, max(3, lines.count // 2_000), day)
        delivery.write_lines(district.out, lines, planted)
        self._note_odd_fixes(delivery, fixes)
        yield delivery

    def _note_odd_fixes(self, delivery: Delivery, fixes: Fixes) -> None:
        delivery.note_fault(
            "drift",
            int(fixes.is_drift.sum()),
            verdict="accepted",
            note="one fix 8 to 40 km away between two good ones, a speed no truck has: for the drift rate",
        )
        lost = int((~fixes.is_positioned).sum())
        delivery.note_fault("no_satellites", lost, verdict="accepted", note="status bit 1 unset: for completeness")


def _planted(
    batches: list[_Batch], arrivals: Ints, fault: str, day: date, *, is_late: bool
) -> list[tuple[int, PlantedLine]]:
    """Lines of batches at their place by arrival; the last line of a message carries its rows."""
    planted = []
    for batch in batches:
        at = int(np.searchsorted(arrivals, batch.received_ms))
        for index, content in enumerate(batch.lines):
            rows = batch.rows if index == len(batch.lines) - 1 else 0
            line = PlantedLine(fault, content, "accepted", business_date=day, is_late=is_late, rows=rows)
            planted.append((at, line))
    return planted
