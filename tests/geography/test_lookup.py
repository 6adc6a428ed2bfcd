import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geography.datum import from_wgs84
from geography.lookup import lookup_sql
from tests.examples import examples


def joined(district, longitude, latitude):
    """What geopandas says of each point: the (lowest) code of the townships it is within, or None."""
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(longitude, latitude), crs=4326)
    found = geopandas.sjoin(points, district[["code", "geometry"]], predicate="within")
    codes = np.full(len(points), None, dtype=object)
    lowest = found.groupby(found.index).code.min()
    codes[lowest.index] = lowest
    return codes.tolist()


def borders(district):
    """Every edge of every township: x1, y1, x2, y2."""
    parts = [shapely.get_coordinates(ring) for ring in shapely.get_rings(district.geometry.values)]
    return np.vstack([np.hstack([xy[:-1], xy[1:]]) for xy in parts])


@pytest.fixture
def lookup(district, lookup_of):
    return lookup_of(list(district.code), list(district.geometry))


def test_random_points_have_the_township_geopandas_says(district, lookup):
    random = np.random.default_rng(1)
    west, south, east, north = district.total_bounds
    longitude = random.uniform(west - 0.01, east + 0.01, 100_000)
    latitude = random.uniform(south - 0.01, north + 0.01, 100_000)
    assert lookup.codes(longitude, latitude) == joined(district, longitude, latitude)


def test_points_a_tenth_of_a_millimetre_beside_a_border_have_the_township_geopandas_says(district, lookup):
    random = np.random.default_rng(2)
    edges = borders(district)
    edges = edges[np.hypot(edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1]) > 1e-6]
    along = random.uniform(0.05, 0.95, (len(edges), 1))
    on_border = edges[:, :2] + along * (edges[:, 2:] - edges[:, :2])
    direction = edges[:, 2:] - edges[:, :2]
    aside = 1e-9 * np.column_stack([direction[:, 1], -direction[:, 0]]) / np.hypot(*direction.T)[:, None]
    points = np.vstack([on_border + aside, on_border - aside])
    assert lookup.codes(points[:, 0], points[:, 1]) == joined(district, points[:, 0], points[:, 1])


def test_every_vertex_and_border_point_within_the_district_has_exactly_one_township(shipped_map, lookup_of):
    lookup = lookup_of(list(shipped_map.code), list(shipped_map.geometry))
    edges = borders(shipped_map)
    along = np.random.default_rng(3).uniform(0, 1, (len(edges), 1))
    points = np.vstack([edges[:, :2], edges[:, :2] + along * (edges[:, 2:] - edges[:, :2])])
    outline = shapely.union_all(shipped_map.geometry.values)
    points = points[shapely.contains_xy(outline, points)]  # the district's own outline may fall on either side
    assert len(points) > 200
    codes = lookup.codes(points[:, 0], points[:, 1])
    assert None not in codes
    by_code = shipped_map.set_index("code").geometry
    distances = [by_code[code].distance(shapely.Point(point)) for code, point in zip(codes, points, strict=True)]
    assert max(distances) < 1e-12


def test_the_answer_does_not_depend_on_which_polygons_are_asked_for(shipped_map, lookup_of):
    random = np.random.default_rng(4)
    edges = borders(shipped_map)
    along = random.uniform(0, 1, (len(edges), 1))
    points = np.vstack([edges[:, :2], edges[:, :2] + along * (edges[:, 2:] - edges[:, :2])])
    together = lookup_of(list(shipped_map.code), list(shipped_map.geometry)).codes(points[:, 0], points[:, 1])
    claims = [0] * len(points)
    for code, polygon in zip(shipped_map.code, shipped_map.geometry, strict=True):
        for index, found in enumerate(lookup_of([code], [polygon]).codes(points[:, 0], points[:, 1])):
            if found is not None:
                claims[index] += 1
                assert together[index] == code
    assert set(claims) <= {0, 1}, "no point of a border belongs to two townships"


def test_the_published_centres_lie_in_their_townships(shipped_map, lookup_of):
    lookup = lookup_of(list(shipped_map.code), list(shipped_map.geometry))
    assert lookup.codes(shipped_map.label_longitude, shipped_map.label_latitude) == list(shipped_map.code)


def test_an_undeclared_datum_would_move_points_to_other_townships(shipped_map, lookup_of):
    lookup = lookup_of(list(shipped_map.code), list(shipped_map.geometry))
    points = shapely.get_coordinates(shipped_map.geometry.sample_points(200, rng=5).values)
    right = lookup.codes(points[:, 0], points[:, 1])
    wrong = lookup.codes(*from_wgs84(points[:, 0], points[:, 1], "GCJ02"))
    assert sum(a != b for a, b in zip(right, wrong, strict=True)) > len(points) * 0.05


def test_holes_multipolygons_and_level_edges_are_respected(lookup_of):
    ring = shapely.box(121.0, 31.0, 121.02, 31.02) - shapely.box(121.005, 31.005, 121.015, 31.015)
    parts = shapely.MultiPolygon(
        [shapely.box(121.006, 31.006, 121.008, 31.008), shapely.box(121.03, 31.0, 121.04, 31.01)]
    )
    lookup = lookup_of(["310117001", "310117002"], [ring, parts])
    longitude = [121.002, 121.007, 121.01, 121.035, 121.05, 121.018]
    latitude = [31.002, 31.007, 31.01, 31.005, 31.005, 31.0101]
    expected = ["310117001", "310117002", None, "310117002", None, "310117001"]
    assert lookup.codes(longitude, latitude) == expected


def test_where_areas_overlap_the_lowest_code_has_the_ground(lookup_of):
    large, small = shapely.box(121.0, 31.0, 121.05, 31.05), shapely.box(121.0203, 31.0203, 121.0307, 31.0307)
    points = np.random.default_rng(6).uniform([121.0, 31.0], [121.05, 31.05], (5000, 2))
    in_small = shapely.contains_xy(small, points)
    for codes in (["310117001", "310117002"], ["310117002", "310117001"]):
        found = np.array(lookup_of(codes, [large, small]).codes(points[:, 0], points[:, 1]))
        assert set(found[~in_small]) == {codes[0]}
        assert set(found[in_small]) == {"310117001"}


def test_points_without_usable_coordinates_keep_their_row_and_have_no_township(shipped_map, lookup_of):
    lookup = lookup_of(list(shipped_map.code), list(shipped_map.geometry))
    longitude = [np.nan, np.inf, -np.inf, 121.22, 121.22, 1e300, 121.22, 0.0]
    latitude = [31.03, 31.03, 31.03, np.nan, np.inf, 31.03, -1e300, 0.0]
    assert lookup.codes(longitude, latitude) == [None] * 8


def test_missing_coordinates_keep_their_row(shipped_map, lookup_of):
    lookup = lookup_of(list(shipped_map.code), list(shipped_map.geometry))
    query = lookup_sql(
        "(SELECT NULL::DOUBLE AS a, 31.5::DOUBLE AS b)", longitude="a", latitude="b", cells="cells", edges="edges"
    )
    assert lookup.con.sql(query).fetchall() == [(None, 31.5, None)]


def test_expressions_and_another_column_name_may_be_asked_for(shipped_map, lookup_of):
    lookup = lookup_of(list(shipped_map.code), list(shipped_map.geometry))
    query = lookup_sql(
        "(SELECT 1 AS id, 121220756 AS x, 31013943 AS y)",
        longitude="(x / 1e6)",
        latitude="(y / 1e6)",
        as_column="township_code",
        cells="cells",
        edges="edges",
    )
    relation = lookup.con.sql(query)
    assert relation.columns == ["id", "x", "y", "township_code"]
    assert relation.fetchall() == [(1, 121220756, 31013943, "310117001")]


@examples(15)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_division_of_the_plane_is_looked_up_as_shapely_does(lookup_of, seed):
    random = np.random.default_rng(seed)
    seeds = shapely.MultiPoint(random.uniform([121.2, 31.0], [121.206, 31.004], (12, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=shapely.box(121.19, 30.99, 121.21, 31.01)))
    codes = [f"3101170{index:02d}" for index in range(len(cells))]
    points = random.uniform([121.18, 30.98], [121.22, 31.02], (3000, 2))
    found = lookup_of(codes, list(cells)).codes(points[:, 0], points[:, 1])
    tree = shapely.STRtree(cells)
    point, polygon = tree.query(shapely.points(points), predicate="within")
    expected = np.full(len(points), None, dtype=object)
    expected[point] = np.array(codes, dtype=object)[polygon]
    assert found == expected.tolist()
