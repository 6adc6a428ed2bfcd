"""How much of a trip was seen, of what was due."""

from __future__ import annotations

from haulage import layout as L
from tests.haulage.fleet import Track, process


def test_a_trip_of_which_no_report_was_due_was_not_observed() -> None:
    """The wire of the ignition was never connected: "off" all the way, on whatever road."""
    track = Track().haul()
    for row in track.rows:
        row["flags"] &= ~L.RUNNING
    (trip,) = process(track.rows)["trips"]
    assert (trip["end_kind"], trip["destination_site_id"]) == ("unloaded", "tip")
    assert trip["observed_share"] is None


def test_an_ignition_that_is_off_while_the_truck_waits_leaves_the_rest_observed() -> None:
    track = Track().stand(10).stand(3, "full").stand(5, flags=L.POSITIONED | L.IN_REGION).drive((121.28, 31.0))
    (trip,) = process(track.stand(4, "empty").rows)["trips"]
    assert trip["observed_share"] == 1.0
