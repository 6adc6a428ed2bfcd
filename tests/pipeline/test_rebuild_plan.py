"""Which dates a build also takes for the trips of trucks: those that midnight joins to what changed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pipeline.rebuild_plan import HAULAGE, RebuildPlan

DAYS = [date(2026, 3, 1) + timedelta(days=number) for number in range(5)]
LIVE = dict.fromkeys(DAYS, 1)


@pytest.mark.parametrize(
    ("feed", "taken"),
    [
        ("detection_events", DAYS[1:2]),  # what was seen after midnight may be of the evening's trips
        ("cameras", DAYS[1:2]),
        ("truck_gps", [DAYS[1], DAYS[3]]),  # a truck at the same camera makes a sighting ambiguous, on either side
        ("trucks", [DAYS[1], DAYS[3]]),
        ("cases", []),
    ],
)
def test_what_changed_on_a_date_takes_the_dates_whose_sightings_it_may_change(feed: str, taken: list[date]) -> None:
    plan = RebuildPlan({feed: {DAYS[2]}}, {}, LIVE).with_haulage(set())
    assert sorted(plan.changed.get(HAULAGE, set())) == taken


def test_trips_that_changed_take_the_dates_beside_them_that_hold_anything() -> None:
    plan = RebuildPlan({}, {}, LIVE).with_haulage({DAYS[4]}, {DAYS[3], DAYS[4] + timedelta(days=1)})
    assert plan.changed[HAULAGE] == {DAYS[3], DAYS[4]}


def test_the_trips_of_a_parts_last_date_are_taken_again_with_the_sightings_after_midnight() -> None:
    plan = RebuildPlan({"detection_events": set(DAYS), HAULAGE: set(DAYS[:4]), "_quarantine": {DAYS[0]}}, {}, LIVE)
    assert plan.parts(2) == [
        {"detection_events": set(DAYS[:2]), HAULAGE: set(DAYS[:2]), "_quarantine": {DAYS[0]}},
        {"detection_events": set(DAYS[2:4]), HAULAGE: set(DAYS[1:4])},
        {"detection_events": {DAYS[4]}, HAULAGE: {DAYS[3]}},
    ]


def test_parts_of_dates_without_trips_share_no_date() -> None:
    plan = RebuildPlan({"cases": set(DAYS)}, {}, LIVE)
    assert plan.parts(3) == [{"cases": set(DAYS[:3])}, {"cases": set(DAYS[3:])}]
