"""The answer key against the files themselves, read without the generator's code."""

from __future__ import annotations

import csv
import json
from collections import Counter
from typing import Any

import polars as pl
import pytest

from tests.sample_district.conftest import Run


def test_received_is_accepted_plus_quarantined_plus_duplicate(run: Run) -> None:
    accounting = run.key("accounting")
    tallies = [*accounting["files"]]
    for feed in accounting["feeds"].values():
        tallies += [feed["total"], feed["undated"], *feed["by_business_date"].values()]
    for tally in tallies:
        quarantined = sum(tally["quarantined"].values())
        assert tally["received"] == tally["accepted"] + quarantined + tally["duplicate"]
        assert tally["late"] <= tally["accepted"]


def test_the_days_of_a_file_and_its_undated_rows_sum_to_the_file(run: Run) -> None:
    for entry in run.files:
        parts = [*entry["by_business_date"].values(), entry["undated"]]
        for count in ("received", "accepted", "duplicate", "late"):
            assert sum(part[count] for part in parts) == entry[count], entry["file"]


@pytest.mark.parametrize(
    "feed",
    [
        "cameras", "camera_status", "trucks", "population_records", "cases", "units", "work_calendar",
        "disposal_permits", "waste_sites", "night_work_permits", "settlement_receipts",
    ],
)  # fmt: skip
def test_a_csv_has_as_many_rows_as_the_key_says(run: Run, feed: str) -> None:
    for entry in run.landed(feed, "csv"):
        frame = pl.read_csv(run.out / feed / entry["file"], infer_schema=False)
        assert frame.height == entry["received"], entry["file"]


def test_every_detection_line_is_counted(run: Run) -> None:
    for entry in run.landed("detection_events"):
        assert len(run.lines(entry)) == entry["received"], entry["file"]


def test_a_workbook_opens_and_keeps_identity_numbers_whole(run: Run) -> None:
    for entry in run.landed("population_records", "xlsx"):
        frame = run.sheet(entry)
        assert frame.height == entry["received"]
        assert frame["id_number"].str.len_chars().unique().to_list() == [18]
        assert frame["township_code"].unique().to_list() == ["310117121"]


def test_good_json_lines_parse_and_bad_ones_are_where_the_key_says(run: Run) -> None:
    for entry in run.landed("detection_events", "ndjson", "deepstream"):
        broken = {number for number, line in enumerate(run.lines(entry), start=1) if not _is_object(line)}
        said = {
            number
            for fault in run.faults
            if fault["file"] == entry["file"] and fault.get("reason") in ("malformed_json", "not_utf8", "not_an_object")
            for number in fault["lines"]
        }
        assert broken == said, entry["file"]


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.decode("utf-8")), dict)
    except ValueError:
        return False


def test_lines_named_as_duplicates_repeat_a_line_of_the_run(run: Run) -> None:
    for feed in (
        "detection_events", "truck_gps", "cameras", "camera_status", "trucks", "population_records", "disposal_permits",
        "waste_sites", "night_work_permits", "settlement_receipts", "terminal_events",
    ):  # fmt: skip
        everything = Counter(
            line for entry in run.landed(feed, "ndjson", "deepstream", "jtt808", "csv") for line in run.lines(entry)
        )
        planted = [
            fault
            for fault in run.faults
            # A report sent again carries a serial and a reception of its own: it repeats a row, and no line.
            if fault["feed"] == feed and fault["verdict"] == "duplicate" and fault["fault"] != "resent_report"
        ]
        assert planted, feed
        for fault in planted:
            lines = run.lines({"feed": feed, "file": fault["file"]})
            assert all(everything[lines[number - 1]] >= 2 for number in fault["lines"]), fault


def test_each_event_identifier_is_accepted_once(run: Run) -> None:
    accepted: Counter[str] = Counter()
    for entry in run.landed("detection_events", "ndjson"):
        refused = run.refused_lines(entry)
        for number, line in enumerate(run.lines(entry), start=1):
            if number not in refused:
                accepted[json.loads(line)["event_id"]] += 1
    assert max(accepted.values()) == 1
    assert sum(accepted.values()) == sum(entry["accepted"] for entry in run.landed("detection_events", "ndjson"))


def test_refused_fields_of_csv_hold_what_the_key_says(run: Run) -> None:
    for fault in run.faults:
        if not fault["file"].endswith(".csv") or fault.get("reason") != "required_missing":
            continue
        lines = list(csv.reader(line.decode() for line in run.lines(fault)))
        column = lines[0].index(fault["field"])
        assert all(lines[number - 1][column] == "" for number in fault["lines"]), fault


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ("duplicate_in_file", "duplicate"),
        ("duplicate_across_files", "duplicate"),
        ("late_file", "accepted"),
        ("late_row", "accepted"),
        ("late_blind_area_batch", "accepted"),
        ("clock_skew", "quarantined"),
        ("wrong_datum", "accepted"),
        ("drift", "accepted"),
        ("resent_report", "duplicate"),
        ("no_alarm", "quarantined"),
        ("crossing_polygon", "quarantined"),
        ("route_is_a_point", "quarantined"),
        ("receipt_over_declared", "accepted"),
        ("receipt_without_delivery", "accepted"),
        ("impossible_latitude", "quarantined"),
        ("bad_checksum", "quarantined"),
        ("truncated_line", "quarantined"),
        ("truncated_frame", "quarantined"),
        ("missing_subpackage", "quarantined"),
        ("dark_cameras", "absent"),
        ("dark_township", "absent"),
        ("silent_terminals", "absent"),
        ("unknown_event_type", "quarantined"),
        ("schema_drift_extra_column", "accepted"),
        ("schema_drift_missing_column", "accepted"),
        ("missing_camera", "quarantined"),
        ("not_utf8_line", "quarantined"),
        ("clock_reset_to_1970", "quarantined"),
        ("clock_in_2099", "quarantined"),
        ("unreadable_file", "rejected"),
        ("workbook_named_csv", "rejected"),
        ("file_sent_again", "already_landed"),
    ],
)
def test_every_kind_of_fault_is_planted(run: Run, fault: str, verdict: str) -> None:
    planted: list[dict[str, Any]] = [entry for entry in run.faults if entry["fault"] == fault]
    assert planted
    assert {entry["verdict"] for entry in planted} == {verdict}
    assert sum(entry["count"] for entry in planted) > 0
