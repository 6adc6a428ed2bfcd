import numpy as np
import pytest
import shapely
from pyproj import Geod

from geography.making.power_diagram import faces, owners, power_diagram, weights_for
from geography.making.township_map import Township, draw, read_townships
from geography.shipped import SHIPPED_MAP, shipped_outline, shipped_townships

FACTS = SHIPPED_MAP.with_name("townships.csv")


def km2(shape):
    return abs(Geod(ellps="WGS84").geometry_area_perimeter(shape)[0]) / 1e6


def test_the_shipped_map_is_seventeen_townships_without_gaps_or_overlaps(shipped_map):
    shapes = shipped_map.geometry.to_numpy()
    assert len(shapes) == 17 and shipped_map.is_valid.all()
    assert set(shipped_map.geom_type) == {"Polygon"}
    assert shapely.coverage_is_valid(shapes)
    assert shipped_outline().geom_type == "Polygon" and not shipped_outline().interiors


def test_the_shipped_map_says_of_every_township_that_it_is_approximate(shipped_map):
    assert shipped_map.is_approximate.all()
    assert [township["code"] for township in shipped_townships()] == sorted(shipped_map.code)


def test_the_areas_of_the_shipped_map_are_in_the_proportion_of_the_published_ones(shipped_map):
    areas = np.array([km2(shape) for shape in shipped_map.geometry])
    published = shipped_map.area_km2.to_numpy()
    assert np.allclose(areas / areas.sum(), published / published.sum(), rtol=2e-3)
    assert areas.sum() == pytest.approx(published.sum(), rel=0.005)


def test_the_shipped_map_is_small_and_rounded_to_a_tenth_of_a_metre(shipped_map):
    assert SHIPPED_MAP.stat().st_size < 100_000
    xy = shapely.get_coordinates(shipped_map.geometry.to_numpy())
    assert (xy == np.round(xy, 6)).all()


def test_the_outline_agrees_with_that_of_openstreetmap(shipped_map, reference_file):
    geopandas = pytest.importorskip("geopandas")
    theirs = shapely.union_all(geopandas.read_file(reference_file).geometry.to_numpy())
    ours = shipped_outline()
    assert shapely.intersection(ours, theirs).area / shapely.union(ours, theirs).area > 0.99


def test_the_shipped_map_is_what_the_generator_draws_in_its_outline(shipped_map):
    townships = read_townships(FACTS)
    drawn = draw(shipped_outline(), townships)
    for township, polygon in zip(townships, drawn, strict=True):
        shipped = shipped_map.set_index("code").geometry[township.code]
        assert shapely.intersection(polygon, shipped).area / shapely.union(polygon, shipped).area > 0.999


def test_a_power_diagram_has_the_areas_asked_for():
    random = np.random.default_rng(11)
    square = shapely.box(0, 0, 10_000, 10_000)
    sites = random.uniform(1000, 9000, (6, 2))
    shares = np.array([5.0, 10, 15, 20, 20, 30]) / 100
    weights = weights_for(sites, shares * square.area, square)
    pieces = faces(power_diagram(sites, weights), square)
    owner = owners(shapely.get_coordinates(shapely.point_on_surface(pieces)), sites, weights)
    areas = np.bincount(owner, shapely.area(pieces), minlength=6)
    assert np.allclose(areas / square.area, shares, atol=1e-6)


def test_equal_shares_of_symmetric_sites_are_the_plain_voronoi_diagram():
    square = shapely.box(0, 0, 2000, 2000)
    sites = np.array([[500.0, 500.0], [1500, 500], [500, 1500], [1500, 1500.5]])
    weights = weights_for(sites, np.full(4, square.area / 4), square)
    assert np.ptp(weights) < 1e4 and owners(np.array([[100.0, 100.0]]), sites, weights) == [0]


def test_townships_are_read_in_the_order_of_their_codes():
    townships = read_townships(FACTS)
    assert townships[0] == Township("310117001", "岳阳街道", "Yueyang Subdistrict", 5.649, 121.220756, 31.013943)
    assert [township.code for township in townships] == sorted(township.code for township in townships)
