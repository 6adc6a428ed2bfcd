"""Position reports as their carriers' platforms write them: JT/T 808 captures and CSV."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from sample_district.calendar_day import SHANGHAI_MS
from sample_district.datum import as_reported
from sample_district.lines import Lines
from sample_district.positions import Fixes
from sample_district.spoiled_fixes import IS_ENCRYPTED
from sample_district.terrain import Ints
from sample_district.trucks import Trucks
from sample_district.wire.jtt808_encoder import CaptureText, Positions, encode_batches, encode_locations, status_words

CSV_HEADER = (
    "plate_no,terminal_id,reported_at,longitude,latitude,speed_kmh,heading_deg,altitude_m,load_state,acc_on,datum\n"
)
_LOAD_STATES = ("empty", "half", "full")
_OVERSPEED_KMH, _OVERSPEED_BIT, _GNSS_FAULT_BIT = 60.0, 1 << 1, 1 << 4
_ENCRYPTED_BIT = 1 << 5


def wire_positions(fixes: Fixes, trucks: Trucks) -> Positions:
    """The columns of the frames (JT/T 808 0x0200): alarms for overspeed, lost satellites, and what was planted."""
    alarm = np.where(fixes.speed_kmh > _OVERSPEED_KMH, _OVERSPEED_BIT, 0)
    alarm |= np.where(fixes.is_positioned, 0, _GNSS_FAULT_BIT) | fixes.alarm
    status = status_words(fixes.acc_on, fixes.is_positioned, fixes.load)
    status |= np.where(fixes.planted == IS_ENCRYPTED, _ENCRYPTED_BIT, 0).astype(np.uint32)
    first = np.searchsorted(fixes.truck, fixes.truck) if np.all(np.diff(fixes.truck) >= 0) else np.zeros(fixes.count)
    return Positions(
        terminal=trucks.terminal[fixes.truck].astype(np.uint64),
        is_2019=trucks.is_2019[fixes.truck],
        serial=((np.arange(fixes.count) - first) % 65_536).astype(np.uint16),
        reported_at_us=fixes.at_s * 1_000_000,
        longitude=fixes.x,
        latitude=fixes.y,
        altitude_m=fixes.altitude_m.astype(np.float64),
        speed_kmh=fixes.speed_kmh,
        heading_deg=fixes.heading_deg.astype(np.float64),
        alarm=alarm.astype(np.uint32),
        status=status,
        mileage_km=fixes.km,
        fuel_l=fixes.fuel_l,
    )


def capture(fixes: Fixes, trucks: Trucks) -> Lines:
    """One line a report, in the given order."""
    text = encode_locations(wire_positions(fixes, trucks), fixes.received_ms * 1000)
    return _as_lines(text)


def batch_captures(fixes: Fixes, trucks: Trucks, ends: Ints, received_ms: Ints) -> tuple[Lines, Ints]:
    """Blind-area batches (0x0704): batch k holds fixes[ends[k - 1]:ends[k]]. Also which batch each line belongs to."""
    text = encode_batches(wire_positions(fixes, trucks), ends, received_ms * 1000)
    return _as_lines(text), text.message


def _as_lines(text: CaptureText) -> Lines:
    return Lines(memoryview(text.text.data), np.concatenate([[0], text.line_ends]).astype(np.int64))


def csv_lines(fixes: Fixes, trucks: Trucks, datum: str, *, without_altitude: bool = False) -> pl.Series:
    """One CSV line a report, Shanghai time without an offset (the contract's zone), newline included."""
    x, y = as_reported(fixes.x, fixes.y, datum)
    at = pl.Series(fixes.at_s * 1000 + SHANGHAI_MS).cast(pl.Datetime("ms")).dt.to_string("%Y-%m-%d %H:%M:%S")
    frame = pl.DataFrame(
        {
            "plate": pl.Series(trucks.plate_no)[fixes.truck],
            "terminal": pl.Series(trucks.terminal[fixes.truck]).cast(pl.String).str.zfill(12),
            "at": at,
            "x": x.round(6),
            "y": y.round(6),
            "speed": fixes.speed_kmh,
            "heading": fixes.heading_deg,
            "altitude": fixes.altitude_m,
            "load": pl.Series(_LOAD_STATES)[fixes.load],
            "acc": pl.Series(["0", "1"])[fixes.acc_on.astype(np.int64)],
        }
    )
    columns = ["plate", "terminal", "at", "x", "y", "speed", "heading", "altitude", "load", "acc"]
    if without_altitude:
        columns.remove("altitude")
    text = pl.concat_str([pl.col(name) for name in columns], separator=",")
    return frame.select((text + f",{datum}\n").alias("line"))["line"]


def csv_header(*, without_altitude: bool = False) -> bytes:
    return (CSV_HEADER.replace("altitude_m,", "") if without_altitude else CSV_HEADER).encode()


def file_stem(day: date, part: int) -> str:
    return f"truck_gps_{day}_p{part + 1:02d}"
