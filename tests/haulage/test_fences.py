"""The site of a point is the one shapely gives, holes, parts and shared borders included."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import affinity

from haulage.sites import Site, Sites

coordinate = st.integers(0, 40).map(lambda number: 121.0 + number / 400)
shapes = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=9).map(
    lambda points: shapely.convex_hull(shapely.multipoints(points))
)


def site(name: str, polygon: shapely.Geometry) -> Site:
    return Site(name, "receiving", None, None, polygon, is_filed=True)


@given(st.lists(shapes.filter(lambda shape: shape.geom_type == "Polygon"), min_size=1, max_size=5), st.data())
def test_points_off_the_borders_lie_in_the_smallest_site_that_shapely_finds(drawn: list, data: st.DataObject) -> None:
    ring = drawn[0]
    polygons = [*drawn[1:], shapely.difference(ring, affinity.scale(ring, 0.5, 0.5))]
    sites = Sites(tuple(site(f"s{n}", polygon) for n, polygon in enumerate(polygons)))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    lon, lat = rng.uniform(120.99, 121.12, (2, 300))
    points = shapely.points(lon, lat)
    expected = np.full(300, -1)
    for place in range(len(sites.sites) - 1, -1, -1):
        expected[shapely.contains(sites.sites[place].polygon, points)] = place
    np.testing.assert_array_equal(sites.at(lon, lat), expected)


def test_a_point_of_a_shared_border_belongs_to_exactly_one_site() -> None:
    left, right = shapely.box(121.0, 31.0, 121.1, 31.1), shapely.box(121.1, 31.0, 121.2, 31.1)
    for one, other in ((left, right), (right, left)):
        both = [Sites((site("s", polygon),)).at([121.1], [31.05])[0] for polygon in (one, other)]
        assert sorted(both) == [-1, 0]


def test_a_hole_is_outside_and_every_part_of_a_multipolygon_is_inside() -> None:
    outer = shapely.box(121.0, 31.0, 121.1, 31.1).difference(shapely.box(121.04, 31.04, 121.06, 31.06))
    sites = Sites((site("s", shapely.MultiPolygon([outer, shapely.box(121.2, 31.0, 121.3, 31.1)])),))
    assert sites.at([121.05, 121.01, 121.25, np.nan], [31.05, 31.01, 31.05, 31.0]).tolist() == [-1, 0, 0, -1]


def test_no_site_holds_anything_before_the_register_has_landed() -> None:
    assert Sites().at([121.2], [31.0]).tolist() == [-1]
