"""The witness's own datum formulas against published points."""

from __future__ import annotations

import numpy as np
import pytest

from sample_district.datum import bd09, gcj02
from sample_district.terrain import metres_between


def test_the_centre_of_the_district_shifts_as_published() -> None:
    x, y = gcj02(np.array([121.2277]), np.array([31.0322]))
    assert (x[0], y[0]) == (pytest.approx(121.232117, abs=1e-6), pytest.approx(31.030081, abs=1e-6))


def test_the_shifts_are_as_long_as_they_are_known_to_be() -> None:
    longitude, latitude = np.linspace(121.0, 121.4, 9), np.linspace(30.9, 31.16, 9)
    gcj = metres_between(longitude, latitude, *gcj02(longitude, latitude))
    bd = metres_between(longitude, latitude, *bd09(longitude, latitude))
    assert 475 < gcj.min() < gcj.max() < 495
    assert 1_050 < bd.min() < bd.max() < 1_200
