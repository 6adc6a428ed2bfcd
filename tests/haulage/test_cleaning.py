"""Every report falls under one rule, by its own words and its neighbours'."""

from __future__ import annotations

import numpy as np
import pytest

from geography.datum import from_wgs84
from haulage import layout as L
from tests.haulage.fleet import DIG, GOOD, TIP, YARD, Track, fixes_of, process, rules


def test_a_quiet_day_is_kept_whole() -> None:
    assert rules(process(Track().haul().rows)) == {"kept": len(Track().haul().rows)}


@pytest.mark.parametrize(
    ("flags", "rule"),
    [
        (L.IN_REGION | L.RUNNING, "no_fix"),
        (GOOD | L.IS_ENCRYPTED, "encrypted"),
        (L.POSITIONED | L.RUNNING, "out_of_region"),
        (GOOD | L.SKEWED, "clock_skew"),
        (L.SKEWED | L.IS_ENCRYPTED, "clock_skew"),
        (L.IS_ENCRYPTED, "encrypted"),
    ],
)
def test_a_report_that_says_itself_what_is_wrong_is_named_so(flags: int, rule: str) -> None:
    track = Track().stand(5).report(flags=flags).stand(5)
    assert rules(process(track.rows)) == {"kept": 20, rule: 1}


def test_a_second_report_of_one_instant_is_repeated_whichever_arrives_first() -> None:
    track = Track().stand(5)
    again = {**track.rows[4], "lon": track.rows[4]["lon"] + 1e-5, "line": 99}
    for rows in ([*track.rows, again], [again, *track.rows]):
        assert rules(process(rows)) == {"kept": 10, "repeated": 1}


def test_a_fix_that_arrives_after_a_later_one_is_kept_and_noted() -> None:
    track = Track().stand(5)
    track.rows[3]["line"] = 50
    tables = process(track.rows)
    assert rules(tables) == {"kept": 10}
    assert [(row["rule"], row["fixes"]) for row in tables["fix_notes"]] == [("out_of_order", 1)]


def test_lines_of_different_files_are_not_compared() -> None:
    track = Track().stand(5)
    for row in track.rows[5:]:
        row["line"], row["file"] = row["line"] - 5, 1
    assert process(track.rows)["fix_notes"] == []


def test_a_jump_there_and_back_is_no_place() -> None:
    track = Track().stand(5).report(lon=121.9).stand(5)
    assert rules(process(track.rows)) == {"kept": 20, "jump": 1}


def test_scatter_that_lasts_for_some_fixes_and_returns_is_a_jump_as_well() -> None:
    track = Track().stand(5).report(lon=121.9).report(lon=121.9001).report(lon=121.9).stand(5)
    assert rules(process(track.rows)) == {"kept": 20, "jump": 3}


def test_a_truck_that_stays_where_it_jumped_to_was_only_not_seen() -> None:
    track = Track().stand(5)
    track.place = (121.9, 31.0)
    track.stand(5)
    assert rules(process(track.rows)) == {"kept": 20}


def test_a_wrong_first_fix_does_not_spoil_those_after_it() -> None:
    track = Track().report(lon=121.9).stand(5)
    assert rules(process(track.rows)) == {"kept": 10, "jump": 1}


def test_an_impossible_last_fix_of_a_date_is_a_jump_because_nothing_bears_it_out() -> None:
    track = Track().stand(5).report(lon=121.9)
    assert rules(process(track.rows)) == {"kept": 10, "jump": 1}


def test_a_receiver_that_hangs_while_the_truck_drives_is_stuck_by_its_speed() -> None:
    track = Track().stand(5)
    last = track.rows[-1]
    for _ in range(4):
        track.report(lon=last["lon"], speed=40.0)
    assert rules(process(track.rows)) == {"kept": 10, "stuck": 4}


def test_a_receiver_that_hangs_while_the_truck_drives_is_stuck_by_its_mileage() -> None:
    track = Track().stand(5, mileage=100.0)
    last = track.rows[-1]
    for number in range(4):
        track.report(lon=last["lon"], mileage=100.2 + number / 5)
    assert rules(process(track.rows)) == {"kept": 11, "stuck": 3}


def test_a_parked_truck_is_not_stuck() -> None:
    track = Track()
    for _ in range(50):
        track.report(mileage=100.0)
    assert rules(process(track.rows)) == {"kept": 50}


@pytest.mark.parametrize("readings", [(100.0, 360.0, 360.0), (100.0, 40.0, 300.0), (100.0, 0.0, 0.1)])
def test_an_odometer_that_was_set_anew_makes_no_parked_truck_stuck(readings: tuple[float, ...]) -> None:
    track = Track()
    for reading in readings:
        for _ in range(5):
            track.report(mileage=reading)
    assert rules(process(track.rows)) == {"kept": 15}


@pytest.mark.parametrize("datum", ["GCJ02", "BD09"])
def test_a_day_that_fits_the_sites_only_in_another_datum_is_named_and_its_trips_are_marked(datum: str) -> None:
    track = Track().haul().drive(DIG).haul().drive(YARD)
    for row in track.rows:
        row["lon"], row["lat"] = (float(x) for x in from_wgs84(row["lon"], row["lat"], datum))
    tables = process(track.rows)
    assert rules(tables) == {"wrong_datum": len(track.rows)}
    assert [trip["wrong_datum_suspected"] for trip in tables["trips"]] == [True, True]


def test_a_truck_that_fits_a_site_as_it_is_has_the_right_datum() -> None:
    tables = process(Track().haul().drive(DIG).haul().drive(YARD).rows)
    assert "wrong_datum" not in rules(tables)
    assert not any(trip["wrong_datum_suspected"] for trip in tables["trips"])


def test_counts_sum_to_the_reports_whatever_they_are() -> None:
    rng = np.random.default_rng(7)
    track = Track().haul().drive(DIG).haul(TIP)
    for row in track.rows:
        if rng.random() < 0.3:
            row["flags"] = int(rng.integers(0, 64))
        if rng.random() < 0.1:
            row["lon"] += rng.normal()
    assert sum(rules(process(track.rows)).values()) == len(track.rows)


def test_rows_come_sorted_by_vehicle_and_time_whatever_their_order() -> None:
    rows = [*Track("v1").haul().rows, *Track("v2").haul().rows]
    fixes = fixes_of([rows[i] for i in np.random.default_rng(1).permutation(len(rows))])
    for v in range(2):
        part = slice(fixes.starts[v], fixes.starts[v + 1])
        assert (fixes.vehicle[part] == v).all()
        assert (np.diff(fixes.t[part]) > 0).all()
