"""`yunjian quarantine`: what was refused, as people look at it."""

from __future__ import annotations


def test_an_unknown_feed_is_a_bad_call_that_names_the_known_ones(yunjian, home):
    answer = yunjian("quarantine", "list", "parking", "--json")
    assert answer.code == 2
    assert "parking" in answer.json["error"]
    assert "truck_gps" in answer.json["error"]


def test_before_anything_has_landed_nothing_was_refused(yunjian, home):
    for call in (["quarantine", "list"], ["quarantine", "list", "truck_gps"]):
        answer = yunjian(*call, "--json")
        assert (answer.code, answer.json) == (0, {"quarantine": []})
    assert not (home.lake / "bronze.sqlite").exists()
