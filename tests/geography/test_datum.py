import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from geography.datum import BOX, UnknownDatum, from_wgs84, to_wgs84

CENTRE = (121.2277, 31.0322)
GEOD = Geod(ellps="WGS84")
SHIFTED = ("GCJ02", "BD09")


def metres(first, second):
    return np.asarray(GEOD.inv(first[0], first[1], second[0], second[1])[2])


def district_points(number=20_000):
    random = np.random.default_rng(310117)
    return random.uniform(121.06, 121.32, number), random.uniform(30.93, 31.14, number)


def test_the_centre_of_the_district_moves_to_its_published_gcj02_position():
    longitude, latitude = from_wgs84(*CENTRE, "GCJ02")
    assert longitude == pytest.approx(121.232117, abs=5e-7)
    assert latitude == pytest.approx(31.030081, abs=5e-7)


def test_gcj02_moves_the_district_by_480_to_489_metres_to_the_east_south_east():
    points = district_points()
    shifted = from_wgs84(*points, "GCJ02")
    azimuth, _, distance = GEOD.inv(*points, *shifted)
    assert 479 < distance.min() and distance.max() < 493
    assert 95 < azimuth.min() and azimuth.max() < 135


def test_bd09_moves_the_district_by_about_1130_metres():
    points = district_points()
    distance = metres(points, from_wgs84(*points, "BD09"))
    assert distance.min() > 1110 and distance.max() < 1165


@pytest.mark.parametrize("datum", SHIFTED)
def test_the_district_comes_back_to_a_tenth_of_a_millimetre(datum):
    points = district_points()
    back = to_wgs84(*from_wgs84(*points, datum), datum)
    assert metres(points, back).max() < 1e-4


@pytest.mark.parametrize("datum", SHIFTED)
@given(longitude=st.floats(73.5, 134.8), latitude=st.floats(3.9, 53.5))
def test_any_point_of_china_comes_back_to_a_millimetre(datum, longitude, latitude):
    back = to_wgs84(*from_wgs84(longitude, latitude, datum), datum)
    assert metres((longitude, latitude), back) < 1e-3


@pytest.mark.parametrize("datum", SHIFTED)
@given(longitude=st.floats(73.5, 134.8), latitude=st.floats(3.9, 53.5))
def test_any_shifted_point_has_an_original_that_shifts_onto_it(datum, longitude, latitude):
    again = from_wgs84(*to_wgs84(longitude, latitude, datum), datum)
    assert metres((longitude, latitude), again) < 1e-3


@pytest.mark.parametrize("datum", SHIFTED)
@pytest.mark.parametrize("point", [(-0.1276, 51.5072), (0.0, 0.0), (139.69, 35.68), (151.2, -33.87), (180.0, 90.0)])
def test_there_is_no_shift_outside_the_box(datum, point):
    assert from_wgs84(*point, datum) == point
    assert to_wgs84(*point, datum) == point


@pytest.mark.parametrize("datum", SHIFTED)
def test_the_corners_of_the_box_are_shifted_and_a_step_outside_is_not(datum):
    west, south, east, north = BOX
    assert from_wgs84(west, south, datum) != (west, south)
    assert from_wgs84(east, north, datum) != (east, north)
    assert from_wgs84(np.nextafter(west, 0), south, datum) == (np.nextafter(west, 0), south)
    assert from_wgs84(east, np.nextafter(north, 90), datum) == (east, np.nextafter(north, 90))


def test_each_point_may_name_its_own_datum():
    longitude, latitude = to_wgs84([CENTRE[0]] * 3, [CENTRE[1]] * 3, ["BD09", "WGS84", "GCJ02"])
    for row, datum in enumerate(["BD09", "WGS84", "GCJ02"]):
        assert (longitude[row], latitude[row]) == to_wgs84(*CENTRE, datum)
    assert (longitude[1], latitude[1]) == CENTRE


@pytest.mark.parametrize("datum", SHIFTED)
def test_a_result_does_not_depend_on_the_points_beside_it(datum):
    longitude, latitude = district_points(70_000)
    together = np.column_stack(to_wgs84(longitude, latitude, datum))
    far = np.random.default_rng(1).uniform([73.5, 3.9], [134.8, 53.5], (70_000, 2))
    far[::7] = np.nan
    mixed = np.column_stack([longitude, far[:, 0]]).ravel(), np.column_stack([latitude, far[:, 1]]).ravel()
    assert (np.column_stack(to_wgs84(*mixed, datum))[::2] == together).all()
    for size in (1, 3, 1001):
        some = slice(77, 77 + size)
        assert (np.column_stack(to_wgs84(longitude[some], latitude[some], datum)) == together[some]).all()


@pytest.mark.parametrize("datum", ["WGS84", *SHIFTED])
def test_nan_stays_nan_and_its_neighbours_are_converted(datum):
    longitude, latitude = to_wgs84([np.nan, CENTRE[0], np.inf], [CENTRE[1], CENTRE[1], CENTRE[1]], datum)
    assert np.isnan(longitude[0]) and np.isinf(longitude[2])
    assert (longitude[1], latitude[1]) == to_wgs84(*CENTRE, datum)


def test_the_arrays_given_are_left_as_they_were():
    longitude, latitude = np.array([CENTRE[0]]), np.array([CENTRE[1]])
    to_wgs84(longitude, latitude, "GCJ02")
    assert (longitude[0], latitude[0]) == CENTRE


@pytest.mark.parametrize("datum", ["gcj-02", "", "EPSG:4326", None])
def test_an_unknown_datum_is_named_in_the_error(datum):
    with pytest.raises(UnknownDatum, match="is none of WGS84, GCJ02, BD09"):
        to_wgs84([CENTRE[0]], [CENTRE[1]], [datum])
