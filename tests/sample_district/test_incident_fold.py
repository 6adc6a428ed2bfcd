"""The folding rule by example."""

from __future__ import annotations

import numpy as np
import pytest

from sample_district.incident_fold import incident_of

MINUTE = 60_000


def _fold(*detections: tuple[int, int, int, int]) -> int:
    """(camera, type, milliseconds, track) ... -> number of incidents."""
    camera, event_type, at, track = (np.array(column, dtype=np.int64) for column in zip(*detections, strict=True))
    return int(np.unique(incident_of(camera, event_type, at, track)).size)


@pytest.mark.parametrize(("gap", "incidents"), [(30 * MINUTE, 1), (30 * MINUTE + 1, 2)])
def test_a_gap_of_exactly_thirty_minutes_still_folds(gap: int, incidents: int) -> None:
    assert _fold((1, 1, 0, -1), (1, 1, gap, -1)) == incidents


def test_a_chain_of_short_gaps_is_one_incident_however_long_it_lasts() -> None:
    assert _fold(*((1, 1, minutes * MINUTE, -1) for minutes in range(0, 600, 25))) == 1


def test_a_tracked_object_that_returns_hours_later_is_the_same_incident() -> None:
    assert _fold((1, 1, 0, 7), (1, 1, 300 * MINUTE, 7)) == 1


def test_a_track_number_means_nothing_at_another_camera_or_for_another_type() -> None:
    assert _fold((1, 1, 0, 7), (2, 1, 1, 7), (1, 2, 2, 7)) == 3


def test_no_track_is_not_a_track() -> None:
    assert _fold((1, 1, 0, -1), (1, 1, 300 * MINUTE, -1)) == 2


def test_the_order_of_the_detections_does_not_matter() -> None:
    detections = [(1, 1, 0, 7), (1, 1, 50 * MINUTE, 8), (1, 1, 70 * MINUTE, 7), (1, 1, 200 * MINUTE, 8)]
    assert _fold(*detections) == _fold(*reversed(detections)) == 1
