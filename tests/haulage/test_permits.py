"""The permits of a site that a truck may have left it under: every receiving site they name, in bounded room."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from haulage.permits import Permit, Permits
from tests.haulage.fleet import DAY, NEXT_DAY, PERMIT, TRUCKS, YARD, Track, instant, process, states_of

OUTER = "LINESTRING (121.2 31, 121.2 31.05)"


def permits_for(sites: int, **changed: Any) -> list[Permit]:
    """As good as the fleet's own, for other receiving sites, and before it by their names."""
    return [
        replace(PERMIT, permit_id=f"a{n:04d}", receiving_site_id=f"other{n}", route=OUTER, **changed)
        for n in range(sites)
    ]


def trip_under(permits: list[Permit], track: Track | None = None) -> dict[str, Any]:
    (trip,) = process((track or Track().haul()).rows, permits=permits)["trips"]
    return trip


def test_the_permit_of_the_site_it_drove_to_is_found_behind_others_of_the_site_it_left() -> None:
    for others in (4, 15):
        trip = trip_under([*permits_for(others), PERMIT])
        assert (trip["permit_id"], trip["permit_state"], trip["off_route_km"]) == ("p1", "valid", 0.0)
        assert trip["permit_receiving_site_id"] == trip["destination_site_id"] == "tip"


def test_any_number_of_permits_for_one_receiving_site_leaves_room_for_another() -> None:
    same = [replace(PERMIT, permit_id=f"a{n:04d}", receiving_site_id="other") for n in range(200)]
    assert trip_under([*same, PERMIT])["permit_id"] == "p1"


def test_where_permits_were_left_out_nothing_is_said_of_a_site_none_of_the_others_names() -> None:
    trip = trip_under([*permits_for(3000), PERMIT])
    assert (trip["permit_id"], trip["permit_state"], trip["permit_receiving_site_id"]) == (None, "unclear", None)
    assert (trip["is_permitted_truck"], trip["hours_outside_s"], trip["route_known"]) == (None, None, False)
    known = replace(PERMIT, permit_id="a")
    assert trip_under([known, *permits_for(3000)])["permit_id"] == "a"


def test_a_leg_is_followed_under_few_permits_however_many_the_register_lists() -> None:
    listed = Permits([*permits_for(3000), PERMIT]).matches("v1", TRUCKS["v1"], "dig", DAY)
    assert len(listed) == 17
    assert [match.state for match in listed] == ["valid"] * 16 + ["unclear"]


def test_what_was_left_out_is_still_known_after_midnight() -> None:
    track, permits = Track(at="23:40").haul(), [*permits_for(17), PERMIT]
    midnight = instant(NEXT_DAY, "00:00")
    first = process([row for row in track.rows if row["t"] < midnight], permits=permits)
    later = [row for row in track.rows if row["t"] >= midnight]
    (trip,) = process(later, NEXT_DAY, states_of(first), permits=[PERMIT])["trips"]
    assert (trip["business_date"], trip["end_kind"], trip["permit_state"]) == (DAY, "unloaded", "unclear")


def test_many_permits_that_have_ended_or_are_of_other_trucks_hide_nothing() -> None:
    assert trip_under(permits_for(17, valid_until=date(2026, 3, 1)))["permit_state"] == "expired"
    trip = trip_under(permits_for(17, trucks=frozenset({"v2"})), Track().haul(YARD))
    assert (trip["permit_state"], trip["is_permitted_truck"]) == ("valid", False)
