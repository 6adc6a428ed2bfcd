"""The population register's files of one business date, with planted faults and true counts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import polars as pl
import xlsxwriter  # type: ignore[import-untyped]

from sample_district.csv_faults import POPULATION, bad_csv_lines
from sample_district.delivery import Delivery
from sample_district.detection_faults import repeated_lines
from sample_district.detection_truth import DISTRICT_CODE
from sample_district.district import District
from sample_district.lines import Lines
from sample_district.population_lines import HEADER, population_frame, population_lines
from sample_district.residents import HOUSEHOLD_TYPES, Residents, block_sizes, residents_on
from sample_district.seeding import random_stream

FEED = "population_records"
BOOK_TOWNSHIP = "310117121"  # Xiaokunshan's office sends a workbook of its own
EXPIRING_DAYS = 30


class PopulationTruth:
    """Counts of active residents by township and household type."""

    def __init__(self, codes: list[str]) -> None:
        self.codes = codes
        self.active = np.zeros((len(codes), len(HOUSEHOLD_TYPES)), dtype=np.int64)
        self.expiring = np.zeros(len(codes), dtype=np.int64)
        self.ending_today = np.zeros(len(codes), dtype=np.int64)
        self.rows = 0

    def add(self, residents: Residents, day: date) -> None:
        self.rows += residents.count
        is_active = residents.status == 0
        np.add.at(self.active, (residents.area[is_active], residents.household[is_active]), 1)
        left = (residents.valid_until - np.datetime64(day)).astype("timedelta64[D]")
        has_end = ~np.isnat(left) & is_active
        days_left = np.where(has_end, left.astype(np.int64), -1)
        np.add.at(self.expiring, residents.area[(days_left >= 0) & (days_left <= EXPIRING_DAYS)], 1)
        np.add.at(self.ending_today, residents.area[days_left == 0], 1)

    def as_json(self) -> dict[str, Any]:
        by_area = {DISTRICT_CODE: self._area(self.active.sum(0), self.expiring.sum(), self.ending_today.sum())}
        for index, code in enumerate(self.codes):
            by_area[code] = self._area(self.active[index], self.expiring[index], self.ending_today[index])
        return by_area

    @staticmethod
    def _area(active: Any, expiring: Any, ending_today: Any) -> dict[str, Any]:
        total = int(active.sum())
        return {
            "residents_total": total,
            **{f"residents_{name}": int(count) for name, count in zip(HOUSEHOLD_TYPES, active, strict=True)},
            "migrant_share": round(int(active[1]) / total, 8) if total else None,
            "registrations_expiring_30d": int(expiring),
            "of_these_ending_today": int(ending_today),
        }


class PopulationDays:
    """Writes the register of each day of a run."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.truth: PopulationTruth | None = None

    def write(self, day: date) -> Iterator[Delivery]:
        """Files of the day, one after the other; `truth` holds the day's counts when they are all written."""
        district = self.district
        terrain = district.terrain
        truth = PopulationTruth(terrain.codes)
        book_area = terrain.codes.index(BOOK_TOWNSHIP)
        sizes = block_sizes(district.scale)
        book: list[pl.DataFrame] = []
        for part, blocks in enumerate(
            np.array_split(np.arange(len(sizes)), min(district.scale.population_parts, len(sizes)))
        ):
            texts = []
            for block in blocks.tolist():
                people = residents_on(district.seed, district.scale, terrain, block, sizes[block], day)
                truth.add(people, day)
                frame = population_frame(people, terrain)
                in_book = pl.Series(people.area == book_area)
                book.append(frame.filter(in_book))
                texts.append(population_lines(frame.filter(~in_book)))
            yield self._csv_file(day, part, Lines.of_series(pl.concat(texts)))
        yield self._book(day, pl.concat(book))
        if day == district.fault_days.rejected_file:
            yield self._mislabelled(day)
        self.truth = truth

    def _csv_file(self, day: date, part: int, lines: Lines) -> Delivery:
        delivery = Delivery(FEED, f"{FEED}_{day}_p{part + 1:02d}.csv", "csv", day, HEADER)
        delivery.count_good(day, lines.count)
        rng = random_stream(self.district.seed, "population faults", day, part)
        planted = bad_csv_lines(rng, lines, HEADER, POPULATION, day, rows_a_set=20_000)
        planted += repeated_lines(rng, lines, max(3, lines.count // 10_000), day)
        delivery.write_lines(self.district.out, lines, planted)
        return delivery

    def _book(self, day: date, frame: pl.DataFrame) -> Delivery:
        kind = self.district.scale.population_book
        delivery = Delivery(FEED, f"{FEED}_{day}_book.{kind}", kind, day)
        delivery.count_good(day, frame.height)
        delivery.write_bytes(self.district.out, [_workbook(frame) if kind == "xlsx" else _parquet(frame)])
        return delivery

    def _mislabelled(self, day: date) -> Delivery:
        """A workbook that somebody renamed to .csv."""
        delivery = Delivery(FEED, f"{FEED}_{day}_p91.csv", "csv", day, status="rejected", reason="unreadable_format")
        delivery.write_bytes(self.district.out, [_workbook(pl.DataFrame({"id_number": ["990000198001010018"]}))])
        delivery.note_fault("workbook_named_csv", 1, verdict="rejected", reason=delivery.reason)
        return delivery


def _workbook(frame: pl.DataFrame) -> bytes:
    """All cells as text: spreadsheet numbers would cost the last digits of an identity number."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": datetime(2026, 1, 1, tzinfo=UTC), "author": "sample district"})
    sheet = book.add_worksheet("residents")
    sheet.write_row(0, 0, frame.columns)
    for number, row in enumerate(frame.iter_rows(), start=1):
        for column, value in enumerate(row):
            if value is not None:
                sheet.write_string(number, column, value)
    book.close()
    return buffer.getvalue()


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()
