"""The truck register of one business date."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from sample_district.csv_faults import TRUCKS, bad_csv_lines
from sample_district.delivery import Delivery
from sample_district.detection_faults import repeated_lines
from sample_district.district import District
from sample_district.lines import Lines
from sample_district.seeding import random_stream
from sample_district.trucks import Trucks

_HEADER = b"plate_no,terminal_id,carrier,approved_on,valid_until,capacity_m3\n"


def write_truck_register(district: District, trucks: Trucks, day: date) -> Delivery:
    """One file; also registers which approved trucks stay silent on the day."""
    frame = pl.DataFrame(
        {
            "plate_no": pl.Series(trucks.plate_no),
            "terminal_id": pl.Series(trucks.terminal).cast(pl.String).str.zfill(12),
            "carrier": pl.Series([trucks.carrier_name(int(index)) for index in trucks.carrier]),
            "approved_on": pl.Series(trucks.approved_on.astype("datetime64[D]")).cast(pl.Date).dt.to_string("iso"),
            "valid_until": pl.Series(trucks.valid_until).cast(pl.Date).dt.to_string("iso").fill_null(""),
            "capacity_m3": trucks.capacity_m3,
        }
    )
    lines = Lines.of_series(frame.select((pl.concat_str(frame.columns, separator=",") + "\n").alias("l"))["l"])
    delivery = Delivery("trucks", f"trucks_{day}_p01.csv", "csv", day, _HEADER)
    delivery.count_good(day, lines.count)
    silent = np.flatnonzero(trucks.silent(district.seed, day) & trucks.approved(day))
    delivery.note_fault(
        "silent_terminals",
        int(silent.size),
        verdict="absent",
        plates=trucks.plate_no[silent][:50].tolist(),
        note="approved trucks that send no position on this day",
    )
    expired = ~trucks.approved(day) & ~trucks.silent(district.seed, day)
    delivery.note_fault(
        "unapproved_trucks_on_the_road",
        int(expired.sum()),
        verdict="accepted",
        plates=trucks.plate_no[expired][:50].tolist(),
    )
    rng = random_stream(district.seed, "truck register faults", day)
    planted = bad_csv_lines(rng, lines, _HEADER, TRUCKS, day, rows_a_set=10_000)
    planted += repeated_lines(rng, lines, 1, day)
    delivery.write_lines(district.out, lines, planted)
    return delivery
