from pathlib import Path

import duckdb
import geopandas
import pandas as pd
import pytest

import geography
from geography.grid import build_grid
from geography.lookup import cells_per_degree, load_grid, locate

SHIPPED_MAP = Path(geography.__file__).parent / "data" / "townships.geojson"


@pytest.fixture(scope="session")
def shipped_map():
    return geopandas.read_file(SHIPPED_MAP)


@pytest.fixture(scope="session")
def reference_file(shared_data):
    return shared_data / "geography" / "songjiang_townships_wgs84.geojson"


@pytest.fixture(scope="session", params=["shipped", "reference"])
def district(request):
    """The shipped map, and the polygons of OpenStreetMap where they are at hand."""
    if request.param == "shipped":
        return request.getfixturevalue("shipped_map")
    return geopandas.read_file(request.getfixturevalue("reference_file"))


class Lookup:
    """Looks points up in polygons, without a lake."""

    def __init__(self, codes, polygons):
        self.con = duckdb.connect()
        load_grid(self.con, build_grid(codes, polygons, cells_per_degree()), cells="cells", edges="edges")

    def codes(self, longitude, latitude):
        """The code of each point, None outside, in the points' order."""
        self.con.execute("CREATE OR REPLACE TABLE points (k BIGINT, longitude DOUBLE, latitude DOUBLE)")
        frame = pd.DataFrame({"k": range(len(longitude)), "longitude": longitude, "latitude": latitude})
        self.con.register("frame", frame)
        self.con.execute("INSERT INTO points FROM frame")
        rows = locate(self.con, "points", cells="cells", edges="edges").order("k").fetchall()
        assert [row[0] for row in rows] == list(range(len(longitude))), "each point has exactly one row"
        return [row[3] for row in rows]


@pytest.fixture(scope="session")
def lookup_of():
    return Lookup
