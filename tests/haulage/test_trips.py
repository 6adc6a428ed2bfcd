"""Loaded legs: where they begin, how they end, and what makes none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from haulage import layout as L
from tests.haulage.fleet import (
    DIG,
    FIELD,
    GOOD,
    NEXT_DAY,
    PERMIT,
    TIP,
    TRUCKS,
    UNFILED,
    YARD,
    Track,
    instant,
    process,
    states_of,
)


def only_trip(track: Track, **kwargs: Any) -> dict[str, Any]:
    (trip,) = process(track.rows, **kwargs)["trips"]
    return trip


def test_a_leg_lasts_from_the_first_full_report_to_the_first_empty_one() -> None:
    trip = only_trip(Track().haul())
    assert (trip["load_source"], trip["end_kind"], trip["is_open"]) == ("sensor", "unloaded", False)
    assert trip["started_at"] == datetime(2026, 3, 2, 0, 10)  # UTC of ten past eight in the district
    assert (trip["origin_site_id"], trip["destination_site_id"]) == ("dig", "tip")
    assert (trip["destination_filed"], trip["destination_site_kind"]) == (True, "receiving")
    assert (trip["truck_key"], trip["carrier"], trip["capacity_m3"], trip["is_registered"]) == (
        "v1",
        "Carrier",
        18.0,
        True,
    )
    assert trip["distance_km"] == pytest.approx(7.63, abs=0.02)
    assert trip["observed_share"] == 1.0
    assert (trip["drift_fixes"], trip["max_gap_s"], trip["gap_started_at"]) == (0, 30, None)
    assert (trip["line_first"], trip["line_last"]) == (20, 20 + trip["fixes"] - 1)


def test_a_sensor_that_speaks_only_once_the_truck_drives_is_placed_where_it_stood() -> None:
    late = Track().stand(10)
    late.load = "full"
    late.drive(TIP).stand(8)
    late.load = "empty"
    late.drive(YARD)
    trip = only_trip(late)
    assert (trip["origin_site_id"], trip["destination_site_id"]) == ("dig", "tip")
    assert trip["origin_longitude"] == pytest.approx(DIG[0], abs=1e-4)
    assert trip["destination_longitude"] == pytest.approx(TIP[0], abs=1e-4)


def test_each_load_is_a_trip_of_its_own() -> None:
    track = Track().haul().drive(DIG).haul().drive(DIG).haul(UNFILED)
    trips = process(track.rows)["trips"]
    assert [trip["destination_site_id"] for trip in trips] == ["tip", "tip", "unfiled"]
    assert [trip["destination_filed"] for trip in trips] == [True, True, False]
    assert len({trip["trip_id"] for trip in trips}) == 3


def test_half_a_load_is_no_change() -> None:
    track = Track().stand(10).stand(2, "half").stand(3, "full").drive(TIP).stand(2, "half").stand(3, "empty")
    trip = only_trip(track)
    assert trip["origin_site_id"] == "dig"
    assert trip["end_kind"] == "unloaded"


def test_a_truck_that_is_half_full_when_first_heard_of_was_seen_to_load() -> None:
    track = Track(load="half").stand(2).stand(3, "full").drive(TIP).stand(3, "empty")
    assert only_trip(track)["origin_site_id"] == "dig"


def test_a_truck_that_is_full_when_first_heard_of_was_not_seen_to_load() -> None:
    assert process(Track(load="full").drive(TIP).stand(5, "empty").rows)["trips"] == []


@pytest.mark.parametrize("words", [["full"], ["full", "full"], ["full", "half", "full"]])
def test_a_sensor_that_flickers_makes_no_trip(words: list[str]) -> None:
    track = Track().stand(5)
    for word in words:
        track.stand(0.5, word)
    assert process(track.stand(5, "empty").drive(TIP).rows)["trips"] == []


def test_a_sensor_that_flickers_on_the_way_does_not_end_the_trip() -> None:
    track = (
        Track().stand(5).stand(3, "full").drive(YARD).stand(1, "empty").stand(0.5, "full").drive(TIP).stand(4, "empty")
    )
    assert only_trip(track)["destination_site_id"] == "tip"


def test_no_fault_of_positions_makes_a_trip_of_an_empty_truck() -> None:
    track = Track(load="full").stand(2).stand(20, "empty").drive(TIP).stand(20).drive(DIG).stand(20)
    for number, row in enumerate(track.rows[4:]):  # the sensor has been seen to work
        if number % 5 == 0:
            row["flags"] = (L.IN_REGION, GOOD | L.IS_ENCRYPTED, L.POSITIONED, GOOD | L.SKEWED)[number // 5 % 4]
            row["load"] = L.LOAD_FULL
        elif number % 7 == 0:
            row["lon"] += 0.6
    assert process(track.rows)["trips"] == []


def test_without_a_sensor_a_leg_leads_from_a_construction_site_to_the_stop_at_a_receiving_site() -> None:
    trip = only_trip(Track(load=None).stand(10).drive(TIP).stand(10).drive(YARD))
    assert (trip["load_source"], trip["end_kind"]) == ("sites", "unloaded")
    assert (trip["origin_site_id"], trip["destination_site_id"]) == ("dig", "tip")
    assert trip["fixes"] > 10


def test_a_terminal_that_always_says_empty_has_no_sensor() -> None:
    assert only_trip(Track(load="empty").stand(10).drive(TIP).stand(10))["load_source"] == "sites"


def test_shunting_within_a_construction_site_is_no_trip() -> None:
    track = Track(load=None).stand(10).drive((DIG[0] + 0.001, DIG[1])).stand(10).drive(DIG).stand(10)
    assert process(track.rows)["trips"] == []


def test_a_second_construction_site_ends_what_the_first_began_unseen() -> None:
    track = Track(load=None).stand(10).drive(YARD).drive(DIG).stand(10).drive(TIP).stand(10)
    assert [trip["end_kind"] for trip in process(track.rows)["trips"]] == ["lost", "unloaded"]


def test_a_leg_that_lasts_too_long_is_lost_at_its_last_fix_in_time() -> None:
    trip = only_trip(Track().stand(5).stand(3, "full").drive(FIELD).stand(120), trip_end_after_s=3600)
    assert trip["end_kind"] == "lost"
    assert (trip["ended_at"] - trip["started_at"]).total_seconds() == 3600


def test_a_truck_that_is_never_heard_of_again_is_lost_once_the_time_is_over() -> None:
    first = process(Track(at="20:00").stand(5).stand(3, "full").drive(FIELD).rows)
    assert [trip["end_kind"] for trip in first["trips"]] == ["open"]
    second = process(Track("v2", at="09:00", day=NEXT_DAY).stand(5).rows, NEXT_DAY, states_of(first))
    (lost,) = second["trips"]
    assert (lost["trip_id"], lost["end_kind"]) == (first["trips"][0]["trip_id"], "lost")
    assert lost["ended_at"] == first["trips"][0]["ended_at"]
    assert lost["business_date"] == first["trips"][0]["business_date"]


def test_a_truck_that_tips_and_is_switched_off_has_unloaded() -> None:
    off = L.POSITIONED | L.IN_REGION
    track = Track(at="18:00").stand(5).stand(3, "full").drive(TIP)
    track.load = "empty"
    first = process(track.report(flags=off).rows)
    assert [trip["end_kind"] for trip in first["trips"]] == ["open"]
    second = process(Track(at="09:00", place=TIP, day=NEXT_DAY).stand(5).rows, NEXT_DAY, states_of(first))
    (trip,) = second["trips"]
    assert (trip["end_kind"], trip["destination_site_id"]) == ("unloaded", "tip")
    assert trip["ended_at"] == datetime.fromtimestamp(track.rows[-1]["t"] / 1e6, UTC).replace(tzinfo=None)


def test_a_trip_over_midnight_belongs_to_the_date_it_started_and_keeps_its_id() -> None:
    track = Track(at="23:40").haul()
    midnight = instant(NEXT_DAY, "00:00")
    first = process([row for row in track.rows if row["t"] < midnight])
    second = process([row for row in track.rows if row["t"] >= midnight], NEXT_DAY, states_of(first))
    (early,), (late,) = first["trips"], second["trips"]
    assert (early["end_kind"], early["is_open"], early["destination_longitude"]) == ("open", True, None)
    assert (late["end_kind"], late["is_open"]) == ("unloaded", False)
    assert early["trip_id"] == late["trip_id"]
    assert early["business_date"] == late["business_date"] == date(2026, 3, 2)
    assert late["distance_km"] == only_trip(track)["distance_km"]


class TestPermits:
    def test_the_permit_of_the_site_and_the_carrier_is_found(self) -> None:
        trip = only_trip(Track().haul())
        assert (trip["permit_id"], trip["permit_state"], trip["is_permitted_truck"]) == ("p1", "valid", True)
        assert (trip["permit_receiving_site_id"], trip["hours_outside_s"]) == ("tip", 0)

    @pytest.mark.parametrize(
        ("changed", "state"),
        [
            ({"valid_until": date(2026, 3, 1)}, "expired"),
            ({"valid_until": date(2026, 3, 2)}, "valid"),
            ({"valid_from": date(2026, 3, 3)}, "not_yet"),
            ({"valid_from": date(2026, 3, 2)}, "valid"),
            ({"revoked_on": date(2026, 3, 2)}, "revoked"),
            ({"revoked_on": date(2026, 3, 3)}, "valid"),
        ],
    )
    def test_a_permit_is_judged_by_the_date_the_trip_started(self, changed: dict[str, Any], state: str) -> None:
        assert only_trip(Track().haul(), permits=[replace(PERMIT, **changed)])["permit_state"] == state

    def test_without_permits_a_trip_has_none(self) -> None:
        trip = only_trip(Track().haul(), permits=[])
        assert (trip["permit_id"], trip["permit_state"], trip["is_permitted_truck"]) == (None, "none", None)
        assert (trip["route_known"], trip["off_route_km"], trip["hours_outside_s"]) == (False, None, None)

    def test_a_truck_that_the_permit_does_not_list_is_told(self) -> None:
        trip = only_trip(Track().haul(), permits=[replace(PERMIT, trucks=frozenset({"v2"}))])
        assert (trip["permit_id"], trip["is_permitted_truck"]) == ("p1", False)

    def test_the_permit_of_another_carrier_is_not_the_trucks(self) -> None:
        assert only_trip(Track().haul(), permits=[replace(PERMIT, carrier="Other")])["permit_id"] is None

    def test_of_two_permits_the_one_for_the_destination_counts(self) -> None:
        other = replace(PERMIT, permit_id="p0", receiving_site_id="unfiled", route=None)
        assert only_trip(Track().haul(), permits=[other, PERMIT])["permit_id"] == "p1"
        assert only_trip(Track().haul(UNFILED), permits=[other, PERMIT])["permit_id"] == "p0"

    def test_a_valid_permit_goes_before_an_expired_one(self) -> None:
        old = replace(PERMIT, permit_id="p0", valid_until=date(2026, 2, 1))
        assert only_trip(Track().haul(), permits=[old, PERMIT])["permit_id"] == "p1"

    def test_a_truck_outside_the_register_is_not_registered(self) -> None:
        trip = only_trip(Track().haul(), trucks={})
        assert (trip["truck_key"], trip["is_registered"], trip["permit_state"]) == (None, False, "none")

    def test_a_truck_whose_approval_is_over_is_not_registered(self) -> None:
        trip = only_trip(Track().haul(), trucks={"v1": replace(TRUCKS["v1"], is_approved=False)})
        assert (trip["truck_key"], trip["is_registered"]) == ("v1", False)

    @pytest.mark.parametrize(
        ("hours", "at", "outside"),
        [((9, 18), "08:00", True), ((8, 18), "08:00", False), ((22, 6), "23:00", False), ((22, 6), "12:00", True)],
    )
    def test_driving_outside_the_hours_is_counted_also_over_midnight(
        self, hours: tuple[int, int], at: str, outside: bool
    ) -> None:
        trip = only_trip(Track(at=at).haul(), permits=[replace(PERMIT, hour_from=hours[0], hour_until=hours[1])])
        assert (trip["hours_outside_s"] > 600) is outside
        assert trip["hours_outside_s"] <= 690  # of driving; standing is none


class TestWayAndSpeed:
    def test_a_truck_on_its_route_is_never_off_it(self) -> None:
        trip = only_trip(Track().haul())
        assert trip["route_known"]
        assert (trip["off_route_km"], trip["off_route_share"], trip["off_route_longest_km"]) == (0.0, 0.0, 0.0)

    def test_a_detour_is_measured_in_length_share_and_longest_stretch(self) -> None:
        trip = only_trip(Track().haul(via=[(121.22, 31.0), (121.22, 31.02), (121.26, 31.02), (121.26, 31.0)]))
        assert trip["distance_km"] == pytest.approx(7.63 + 2 * 2.22, abs=0.05)
        assert trip["off_route_longest_km"] == pytest.approx(3.81 + 2 * (2.22 - 0.15), abs=0.7)
        assert trip["off_route_km"] == trip["off_route_longest_km"]
        assert trip["off_route_share"] == pytest.approx(trip["off_route_km"] / trip["distance_km"], abs=0.001)

    def test_overspeed_counts_seconds_between_two_such_reports(self) -> None:
        trip = only_trip(Track().haul(kmh=95))
        assert (trip["top_speed_kmh"], trip["overspeed_s"] >= 240) == (95.0, True)
        assert only_trip(Track().haul(kmh=79))["overspeed_s"] == 0

    def test_one_report_of_a_high_speed_is_none(self) -> None:
        track = Track().haul()
        track.rows[35]["speed"] = 140.0
        assert only_trip(track)["overspeed_s"] == 0

    def test_dropped_fixes_are_counted_and_lower_what_was_observed(self) -> None:
        track = Track().haul()
        for row in track.rows[30:36]:
            row["flags"] = L.IN_REGION | L.RUNNING
        trip = only_trip(track)
        assert trip["drift_fixes"] == 6
        assert trip["observed_share"] == pytest.approx((trip["fixes"] - 2 + 1) / (trip["fixes"] - 1 + 6), abs=0.03)
        assert trip["max_gap_s"] == 30  # reports came: the terminal was not dark


class TestGaps:
    def dark(self, **alarm: Any) -> Track:
        track = Track().stand(10).stand(3, "full").drive(YARD).report(speed=40.0, **alarm).silent(40)
        track.place = FIELD
        return track.drive(TIP).stand(4, "empty")

    def test_silence_while_running_is_a_gap_of_the_trip(self) -> None:
        tables = process(self.dark().rows)
        (gap,), (trip,) = tables["gaps"][:-1], tables["trips"]
        assert (gap["gap_s"], gap["was_loaded"], gap["after_power_off"]) == (2430, True, False)
        assert (gap["trip_id"], trip["max_gap_s"]) == (trip["trip_id"], 2430)
        assert (trip["gap_started_at"], trip["gap_after_power_off"]) == (gap["started_at"], False)
        assert trip["gap_km"] == pytest.approx(8.6, abs=0.5)
        assert trip["observed_share"] < 0.5

    def test_a_power_off_alarm_near_its_start_is_told(self) -> None:
        tables = process(self.dark(flags=GOOD | L.ALARM).rows)
        assert tables["gaps"][0]["after_power_off"]
        assert tables["trips"][0]["gap_after_power_off"]

    def test_an_alarm_long_before_is_not_its_cause(self) -> None:
        track = self.dark()
        track.rows[0]["flags"] |= L.ALARM
        assert not process(track.rows)["gaps"][0]["after_power_off"]

    def test_a_parked_truck_may_be_silent(self) -> None:
        track = Track().stand(5).stand(5, flags=L.POSITIONED | L.IN_REGION).silent(300).stand(5)
        assert process(track.rows[:20])["gaps"] == []
        assert [gap["is_open"] for gap in process(track.rows)["gaps"]] == [True]  # the end of its day, running

    def test_a_gap_over_midnight_is_open_and_then_closed_under_one_id(self) -> None:
        first = process(Track(at="22:00").stand(5).rows)
        second = process(Track(at="01:00", day=NEXT_DAY).stand(5).rows, NEXT_DAY, states_of(first))
        (early,), late = first["gaps"], second["gaps"][0]
        assert (early["is_open"], late["is_open"]) == (True, False)
        assert early["gap_id"] == late["gap_id"]
        assert (early["gap_s"], late["gap_s"]) == (6930, 10530)
        assert late["business_date"] == date(2026, 3, 2)
