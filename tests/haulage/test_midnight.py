"""A date continues where the one before stopped, and no order of arrival shows: for any trace."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from haulage import layout as L
from tests.haulage.fleet import (
    DIG,
    FIELD,
    GOOD,
    NEXT_DAY,
    TIP,
    UNFILED,
    YARD,
    Track,
    instant,
    process,
    rules,
    states_of,
)

MIDNIGHT = instant(NEXT_DAY, "00:00")
IDS = {"trips": "trip_id", "stops": "stop_id", "gaps": "gap_id"}

steps = st.lists(
    st.one_of(
        st.tuples(st.just("stand"), st.integers(1, 25), st.sampled_from([None, "empty", "half", "full"])),
        st.tuples(st.just("drive"), st.sampled_from([DIG, TIP, YARD, UNFILED, FIELD]), st.integers(20, 100)),
        st.tuples(st.just("haul"), st.sampled_from([TIP, UNFILED, FIELD]), st.integers(30, 90)),
        st.tuples(st.just("silent"), st.integers(5, 60), st.none()),
    ),
    min_size=3,
    max_size=9,
)
faults = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.sampled_from(
            [
                {"flags": L.IN_REGION | L.RUNNING},
                {"flags": GOOD | L.SKEWED},
                {"flags": GOOD | L.ALARM},
                {"load": L.LOAD_FULL},
            ]
        ),
    ),
    max_size=12,
)


def draw(vehicle: str, begin: str, plan: list[Any], spoilt: list[Any], load: str | None) -> list[dict[str, Any]]:
    track = Track(vehicle, at=begin, load=load)
    for kind, what, how in plan:
        if kind == "stand":
            track.stand(what, how)
        elif kind == "drive":
            track.drive(what, how)
        elif kind == "haul":
            track.stand(10, "empty").stand(3, "full").drive(what, how).stand(6, "empty")
        else:
            track.silent(what)
    for place, changed in spoilt:
        if place < len(track.rows):
            track.rows[place].update(changed)
    return track.rows


traces = st.builds(
    draw,
    st.sampled_from(["v1", "v2"]),
    st.sampled_from(["21:30", "22:40", "23:20", "23:50"]),
    steps,
    faults,
    st.sampled_from([None, "empty"]),
)


def latest(first: dict[str, Any], second: dict[str, Any], table: str) -> list[dict[str, Any]]:
    held = {row[IDS[table]]: row for row in [*first[table], *second[table]]}
    return sorted(({**row, "processed_date": None} for row in held.values()), key=lambda row: row[IDS[table]])


@given(traces)
def test_a_trace_cut_at_midnight_gives_what_the_whole_trace_gives(rows: list[dict[str, Any]]) -> None:
    whole = process(rows, NEXT_DAY)
    first = process([row for row in rows if row["t"] < MIDNIGHT])
    second = process([row for row in rows if row["t"] >= MIDNIGHT], NEXT_DAY, states_of(first))
    for table in IDS:
        assert latest(first, second, table) == latest(whole, {table: []}, table)
    counted = rules(first)
    for rule, fixes in rules(second).items():
        counted[rule] = counted.get(rule, 0) + fixes
    assert sum(counted.values()) == len(rows)
    assert states_of(second).numbers.keys() == states_of(whole).numbers.keys()
    for key, state in states_of(second).numbers.items():
        np.testing.assert_array_equal(state, states_of(whole).numbers[key])


@given(st.lists(traces, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_show(drawn: list[list[dict[str, Any]]], random: Any) -> None:
    rows = [row for part in drawn for row in part]
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert repr(process(shuffled, NEXT_DAY)) == repr(process(rows, NEXT_DAY))


@given(traces)
def test_an_empty_truck_never_hauls_whatever_its_positions_are(rows: list[dict[str, Any]]) -> None:
    """Sensors that say empty, after they once said full: nothing but the load makes a leg of them."""
    begin = Track(at="20:00", load="full").stand(2)
    begin.load = "empty"
    begin.stand(2)
    told = [{**row, "vehicle": "v1", "load": L.LOAD_EMPTY} for row in rows]
    assert process([*begin.rows, *told], NEXT_DAY)["trips"] == []
