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
