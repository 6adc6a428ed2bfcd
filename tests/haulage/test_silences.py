"""A silence that outlasts the trip it began in: every later date tells of it again, and of the trip it belongs to."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.haulage.fleet import DAY, FIELD, NEXT_DAY, YARD, Track, process, states_of

# Loaded at ten past ten, dark from half past ten on.
DARK_BY_SENSOR = Track(at="10:00").stand(10).stand(3, "full").drive(YARD)
DARK_BY_SITES = Track(at="10:00", load=None).stand(10).drive(YARD)
TRACKS = pytest.mark.parametrize("track", [DARK_BY_SENSOR, DARK_BY_SITES], ids=["by its sensor", "by the sites"])


def told_again(track: Track, days: int, back: Track | None = None) -> list[dict[str, list[dict[str, Any]]]]:
    """What each date tells: of the track, of silence, and with `back` of the first reports after it."""
    tables = [process(track.rows)]
    for number in range(1, days):
        rows = back.rows if back is not None and number == days - 1 else []
        tables.append(process(rows, DAY + timedelta(days=number), states_of(tables[-1])))
    return tables


def gap_of(tables: dict[str, list[dict[str, Any]]], day: date = DAY) -> dict[str, Any]:
    (gap,) = [gap for gap in tables["gaps"] if gap["business_date"] == day]
    return gap


@TRACKS
def test_a_silence_stays_the_lost_trips_on_every_date_that_tells_of_it_again(track: Track) -> None:
    first, second, third = told_again(track, 3)
    (trip,) = first["trips"]
    assert (trip["end_kind"], second["trips"], third["trips"]) == ("lost", [], [])
    gaps = [gap_of(tables) for tables in (first, second, third)]
    assert len({gap["gap_id"] for gap in gaps}) == 1
    assert [(gap["trip_id"], gap["was_loaded"], gap["is_open"]) for gap in gaps] == [(trip["trip_id"], True, True)] * 3
    assert [later["gap_s"] - gap["gap_s"] for gap, later in pairwise(gaps)] == [86_400, 86_400]


@TRACKS
def test_the_report_that_ends_the_silence_ends_it_for_the_lost_trip_and_none_after_it(track: Track) -> None:
    back = Track(at="08:00", day=NEXT_DAY, place=FIELD, load=track.load).stand(10).silent(60).stand(10)
    first, second = told_again(track, 2, back)
    (trip,), gap = first["trips"], gap_of(second)
    assert (gap["trip_id"], gap["was_loaded"], gap["is_open"]) == (trip["trip_id"], True, False)
    assert {gap["trip_id"] for gap in second["gaps"] if gap["business_date"] == NEXT_DAY} == {None}


@TRACKS
def test_a_silence_cut_at_midnight_is_told_as_the_whole_one(track: Track) -> None:
    back = Track(at="08:00", day=NEXT_DAY, place=FIELD, load=track.load).stand(10)
    whole = process([*track.rows, *back.rows], NEXT_DAY)
    _, second = told_again(track, 2, back)
    assert gap_of(second) == gap_of(whole)


def test_a_silence_that_began_with_the_unloading_is_no_trips_on_any_date() -> None:
    """Whether it was unloaded is not known before the trip's time is over: that takes the silence from it again."""
    track = Track(at="18:00").stand(10).stand(3, "full").drive(YARD)
    track.load = "empty"
    first, second, third = told_again(track.report(), 3)
    assert (first["trips"][0]["end_kind"], second["trips"][0]["end_kind"]) == ("open", "unloaded")
    assert gap_of(first)["trip_id"] == first["trips"][0]["trip_id"]
    assert (gap_of(second)["trip_id"], gap_of(third)["trip_id"]) == (None, None)


def test_a_trip_lost_on_the_date_after_keeps_its_silence_on_the_one_after_that() -> None:
    track = Track(at="18:00").stand(10).stand(3, "full").drive(YARD)
    first, second, third = told_again(track, 3)
    (trip,) = second["trips"]
    assert (first["trips"][0]["end_kind"], trip["end_kind"], trip["business_date"]) == ("open", "lost", DAY)
    assert {gap_of(tables)["trip_id"] for tables in (first, second, third)} == {trip["trip_id"]}


def test_a_state_of_before_lost_trips_were_remembered_is_continued() -> None:
    first = process(Track(at="23:50", load=None).stand(5).rows)
    for row in first["open_states"]:
        row["numbers"] = row["numbers"][:36]
    second = process(Track(at="00:10", day=NEXT_DAY, load=None).stand(5).rows, NEXT_DAY, states_of(first))
    assert (gap_of(second)["gap_s"], gap_of(second)["trip_id"]) == (930, None)
