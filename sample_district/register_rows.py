"""Registers as CSV whose fields may hold commas and quotes: their lines, and bad copies of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date

import numpy as np

from sample_district.csv_faults import FieldFault
from sample_district.delivery import Delivery, PlantedLine
from sample_district.detection_faults import repeated_lines
from sample_district.district import District
from sample_district.lines import Lines
from sample_district.seeding import random_stream

Row = Sequence[str]


def csv_line(row: Row) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue().encode()


def write_register(
    district: District, feed: str, day: date, columns: tuple[str, ...], rows: list[Row], faults: tuple[FieldFault, ...]
) -> Delivery:
    """`<feed>_<day>_p01.csv` with the planted faults, each a copy of a good row with one field wrong, and a repetition."""
    delivery = Delivery(feed, f"{feed}_{day}_p01.csv", "csv", day, csv_line(columns))
    lines = Lines.of_list(csv_line(row) for row in rows)
    delivery.count_good(day, lines.count)
    rng = random_stream(district.seed, feed, "faults", day)
    delivery.write_lines(district.out, lines, bad_rows(rng, columns, rows, faults, day, lines))
    return delivery


def bad_rows(
    rng: np.random.Generator,
    columns: tuple[str, ...],
    rows: list[Row],
    faults: tuple[FieldFault, ...],
    day: date,
    lines: Lines,
) -> list[tuple[int, PlantedLine]]:
    """The faults as lines, with the line each goes before; nothing in a file without rows."""
    if not rows:
        return []
    planted = []
    for fault in faults:
        for _ in range(fault.count):
            fields = list(rows[int(rng.integers(0, len(rows)))])
            fields[columns.index(fault.column)] = fault.text
            business_date = day if fault.is_dated else None
            line = PlantedLine(fault.fault, csv_line(fields), "quarantined", fault.reason, fault.column, business_date)
            planted.append((int(rng.integers(0, lines.count + 1)), line))
    return planted + repeated_lines(rng, lines, 1, day)
