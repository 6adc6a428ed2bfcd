"""Bad lines for CSV files: each a copy of a good line with one field wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from sample_district.delivery import PlantedLine
from sample_district.lines import Lines


@dataclass(frozen=True)
class FieldFault:
    """`text` put into `column` is refused for `reason`; `is_dated`: the row's business date is still sure."""

    fault: str
    column: str
    text: str
    reason: str
    count: int = 1
    is_dated: bool = True


POSITIONS = (
    FieldFault("impossible_latitude", "latitude", "91.25", "position_impossible", 2),
    FieldFault("impossible_longitude", "longitude", "-221.22", "position_impossible"),
    FieldFault("latitude_in_words", "latitude", "north", "not_a_number"),
    FieldFault("infinite_speed", "speed_kmh", "inf", "not_finite"),
    FieldFault("missing_time", "reported_at", "", "required_missing", is_dated=False),
    FieldFault("time_in_words", "reported_at", "last night", "not_a_timestamp", is_dated=False),
    FieldFault("clock_reset_to_1970", "reported_at", "1970-01-01 08:00:12", "time_too_old", 2, is_dated=False),
    FieldFault("clock_in_2099", "reported_at", "2099-12-31 23:59:59", "time_in_future", is_dated=False),
    FieldFault("unknown_load_state", "load_state", "overfull", "unknown_code", 2),
    FieldFault("letters_in_terminal", "terminal_id", "TERM-0042", "pattern_mismatch"),
    FieldFault("unknown_datum", "datum", "XIAN80", "unknown_code"),
)
POPULATION = (
    FieldFault("broken_id_number", "id_number", "99##19800101", "pattern_mismatch", 2),
    FieldFault("missing_id_number", "id_number", "", "required_missing", 2),
    FieldFault("unknown_household_type", "household_type", "tourist", "unknown_code", 2),
    FieldFault("missing_township", "township_code", "", "required_missing"),
    FieldFault("township_in_words", "township_code", "方松街道", "pattern_mismatch"),
    FieldFault("born_in_1870", "birth_date", "1870-05-05", "time_too_old"),
    FieldFault("born_in_2099", "birth_date", "2099-01-01", "time_in_future"),
    FieldFault("no_calendar_date", "registered_on", "2026-02-30", "not_a_date"),
    FieldFault("unknown_status", "status", "gone fishing", "unknown_code"),
)
CAMERAS = (
    FieldFault("missing_camera", "camera_id", "", "required_missing"),
    FieldFault("impossible_latitude", "latitude", "131.03", "out_of_range"),
    FieldFault("missing_longitude", "longitude", "", "required_missing"),
    FieldFault("unknown_datum", "datum", "XIAN80", "unknown_code"),
    FieldFault("installed_someday", "installed_on", "someday", "not_a_date"),
)
CAMERA_STATUS = (
    FieldFault("more_than_an_hour", "online_seconds", "4200", "out_of_range", 2),
    FieldFault("negative_seconds", "online_seconds", "-30", "out_of_range"),
    FieldFault("seconds_in_words", "online_seconds", "offline", "not_a_number"),
    FieldFault("hour_without_zone", "hour", "2026-11-20 08:00", "not_a_timestamp", is_dated=False),
    FieldFault("missing_camera", "camera_id", "", "required_missing"),
)
CASES = (
    FieldFault("missing_case", "case_id", "", "required_missing"),
    FieldFault("never_filed", "filed_at", "", "required_missing"),
    FieldFault("filed_someday", "filed_at", "someday", "not_a_timestamp"),
    FieldFault("unknown_source", "source", "rumour", "unknown_code"),
    FieldFault("unknown_outcome", "outcome", "perhaps", "unknown_code"),
    FieldFault("reworked_in_words", "reworked_count", "twice", "not_a_number"),
    FieldFault("reworked_minus_once", "reworked_count", "-1", "out_of_range"),
    FieldFault("closed_in_2099", "closed_at", "2099-01-01 08:00:00", "time_in_future"),
)
TRUCKS = (
    FieldFault("missing_plate", "plate_no", "", "required_missing"),
    FieldFault("letters_in_terminal", "terminal_id", "0100-0000-42", "pattern_mismatch"),
    FieldFault("no_calendar_date", "approved_on", "2026-13-01", "not_a_date"),
)


def bad_csv_lines(
    rng: np.random.Generator, lines: Lines, header: bytes, faults: tuple[FieldFault, ...], day: date, *, rows_a_set: int
) -> list[tuple[int, PlantedLine]]:
    """One set of the faults for each `rows_a_set` lines (at least one, at most 40), with the line each goes before."""
    columns = header.decode().strip().split(",")
    planted = []
    for fault in faults:
        for _ in range(fault.count * max(1, min(40, lines.count // rows_a_set))):
            fields = lines.line(int(rng.integers(0, lines.count))).decode().rstrip("\n").split(",")
            fields[columns.index(fault.column)] = fault.text
            content = ",".join(fields).encode() + b"\n"
            line = PlantedLine(
                fault.fault, content, "quarantined", fault.reason, fault.column, day if fault.is_dated else None
            )
            planted.append((int(rng.integers(0, lines.count + 1)), line))
    return planted
