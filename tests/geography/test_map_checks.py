import json
import zipfile

import geopandas
import numpy as np
import pytest
import shapely

from geography.datum import UnknownDatum
from geography.map_checks import check_map
from geography.map_file import MapRefused, read_map


@pytest.fixture
def check(tmp_path, shipped_map):
    """Reads and checks a changed shipped map, written by `write`."""

    def run(change=lambda frame: frame, *, datum="WGS84", repair=False):
        file = tmp_path / "map.geojson"
        changed = change(shipped_map.copy())
        file.write_text(changed if isinstance(changed, str) else changed.to_json(drop_id=True), encoding="utf-8")
        return check_map(read_map(file, datum, tmp_path), datum, repair=repair)

    return run


def with_value(column, index, value):
    def change(frame):
        frame[column] = frame[column].astype(object)
        frame.loc[index, column] = value
        return frame

    return change


def with_shape(index, shape):
    def change(frame):
        shapes = frame.geometry.to_numpy().copy()
        shapes[index] = shape(shapes) if callable(shape) else shape
        return frame.set_geometry(shapes, crs=4326)

    return change


def test_the_shipped_map_passes_its_own_checks(check, shipped_map):
    checked = check()
    assert checked.townships.code.tolist() == sorted(shipped_map.code)
    assert checked.coverage.overlaps == [] and checked.coverage.gap_km2 == 0
    assert checked.coverage.area_km2 == pytest.approx(606.2, abs=0.1)
    assert checked.warnings == [] and checked.repaired == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda frame: frame.drop(columns="name_en"), "property name_en: required_missing"),
        (with_value("name_zh", 2, None), "feature 3: name_zh: required_missing"),
        (with_value("name_en", 2, "  "), "feature 3: name_en: required_missing"),
        (with_value("name_en", 2, "a\nb"), "feature 3: name_en: at most 100 printable"),
        (with_value("code", 0, None), "feature 1: code: required_missing"),
        (with_value("code", 0, "310117001000"), "leave out the last three zeros"),
        (with_value("code", 0, "310118001"), "9 digits beginning with 310117"),
        (with_value("code", 0, "３１０１１７００１"), "9 digits beginning with 310117"),
        (with_value("code", 0, "310117002"), "code 310117002: not_unique: feature 1 has it too"),
        (with_shape(4, shapely.Polygon()), "feature 5 (310117005): geometry: required_missing"),
        (with_shape(4, shapely.Point(121.2, 31.0)), "feature 5 (310117005): geometry: Point is no Polygon"),
        (
            with_shape(4, shapely.Polygon([(121.2, 31.0), (121.21, 31.01), (121.21, 31.0), (121.2, 31.01)])),
            "invalid: Self-intersection",
        ),
        (with_shape(0, lambda shapes: shapes[0].buffer(0.02)), "overlaps of"),
        (with_shape(3, shapely.box(121.30, 31.06, 121.301, 31.061)), "gaps of"),
        (lambda frame: frame.set_geometry(frame.translate(xoff=1.0)), "100% of the map lies off the district"),
        (lambda frame: frame.iloc[:0], "has no features"),
    ],
)
def test_a_map_that_cannot_stand_is_refused_and_says_why(check, change, problem):
    with pytest.raises(MapRefused) as refused:
        check(change)
    assert problem in str(refused.value)
    assert "map.geojson" in str(refused.value)


def test_all_problems_of_the_features_are_told_at_once(check):
    with pytest.raises(MapRefused) as refused:
        check(lambda frame: with_value("name_zh", 1, None)(with_value("code", 5, "x")(frame)))
    assert len(refused.value.problems) == 2


def test_a_bow_tie_is_mended_when_repair_is_asked_for(check):
    def spike(shapes):
        ring = shapely.get_coordinates(shapes[16].exterior)
        loop = ring[3] + np.array([[1e-7, 1e-7], [0, 1e-7], [1e-7, 0]])
        return shapely.Polygon(np.vstack([ring[:4], loop, ring[4:]]))

    with pytest.raises(MapRefused, match="import with repair"):
        check(with_shape(16, spike))
    checked = check(with_shape(16, spike), repair=True)
    assert len(checked.repaired) == 1 and "feature 17" in checked.repaired[0]


def test_codes_given_as_numbers_are_read_as_text(check):
    checked = check(lambda frame: frame.assign(code=frame.code.astype(float)))
    assert checked.townships.code[0] == "310117001"


def test_unknown_and_absent_codes_are_warned_about(check):
    checked = check(with_value("code", 0, "310117501"))
    assert [warning.split(": ")[1] for warning in checked.warnings] == ["310117501", "310117001"]


def test_areas_in_another_unit_and_labels_outside_are_not_believed(check):
    checked = check(lambda frame: frame.assign(area_km2=frame.area_km2 * 1e6, label_longitude=0.0))
    assert checked.townships.area_km2.sum() == pytest.approx(606.2, abs=0.1)
    assert shapely.contains_xy(
        checked.townships.geometry.to_numpy(), checked.townships.label_longitude, checked.townships.label_latitude
    ).all()


def test_exchanged_coordinates_are_refused(check):
    def exchanged(frame):
        return frame.set_geometry(shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1]))

    with pytest.raises(MapRefused, match="not degrees of longitude and latitude"):
        check(exchanged)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": "Point"}', "null", '{"features": [1]}', "\x00\x01"])
def test_a_file_that_is_no_map_is_refused(check, text):
    with pytest.raises(MapRefused):
        check(lambda frame: text)


def test_an_unknown_datum_is_refused(check):
    with pytest.raises(UnknownDatum):
        check(datum="CGCS2000")


def test_a_geojson_that_names_its_coordinate_system_is_converted(check, shipped_map):
    def named(frame):
        document = json.loads(frame.to_crs(4549).to_json(drop_id=True))
        document["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}
        return json.dumps(document)

    checked = check(named)
    assert checked.coverage.area_km2 == pytest.approx(606.2, abs=0.1)


@pytest.fixture
def shapefile(tmp_path, shipped_map):
    folder = tmp_path / "shapes"
    folder.mkdir()
    shipped_map[["code", "name_zh", "name_en", "geometry"]].to_file(folder / "towns.shp", encoding="UTF-8")
    return folder / "towns.shp"


def zipped(shapefile, archive, folder="inner/"):
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in sorted(shapefile.parent.iterdir()):
            packed.write(part, f"{folder}{part.name}")
    return archive


def test_shapefiles_are_read_plain_and_zipped(shapefile, tmp_path):
    for file in (shapefile, zipped(shapefile, tmp_path / "towns.zip")):
        checked = check_map(read_map(file, "WGS84", tmp_path), "WGS84")
        assert checked.townships.name_zh[0] == "岳阳街道"
        assert checked.coverage.area_km2 == pytest.approx(606.2, abs=0.1)


def test_a_zip_cannot_write_outside_its_folder(shapefile, tmp_path):
    temporary = tmp_path / "deep" / "temporary"
    temporary.mkdir(parents=True)
    archive = zipped(shapefile, tmp_path / "towns.zip", folder="../../")
    assert len(read_map(archive, "WGS84", temporary).frame) == 17
    assert list(temporary.iterdir()) == [] and list(temporary.parent.iterdir()) == [temporary]


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path):
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        with packed.open("towns.shp", "w", force_zip64=True) as member:
            for _ in range(300):
                member.write(bytes(1024 * 1024))
    with pytest.raises(MapRefused, match="too_large"):
        read_map(archive, "WGS84", tmp_path)


def test_a_zip_without_one_shapefile_is_refused(tmp_path):
    archive = tmp_path / "empty.zip"
    zipfile.ZipFile(archive, "w").close()
    with pytest.raises(MapRefused, match="holds 0 Shapefiles"):
        read_map(archive, "WGS84", tmp_path)


def test_a_shapefile_without_its_neighbours_is_refused(shapefile, tmp_path):
    shapefile.with_suffix(".dbf").unlink()
    with pytest.raises(MapRefused, match=r"lacks its neighbour towns\.dbf"):
        read_map(shapefile, "WGS84", tmp_path)


def test_a_virtual_format_under_another_name_is_not_followed(tmp_path):
    for name in ("map.geojson", "map.shp", "map.parquet"):
        (tmp_path / name).write_text("<OGRVRTDataSource><OGRVRTLayer name='passwd'/></OGRVRTDataSource>")
        with pytest.raises(MapRefused):
            read_map(tmp_path / name, "WGS84", tmp_path)


def test_other_formats_missing_files_and_folders_are_refused(tmp_path):
    (tmp_path / "map.kml").write_text("<kml/>")
    for name, problem in [("map.kml", "format .kml"), ("none.geojson", "is not a file"), (".", "is not a file")]:
        with pytest.raises(MapRefused, match=problem):
            read_map(tmp_path / name, "WGS84", tmp_path)


def test_coordinates_that_are_not_finite_are_refused(tmp_path, shipped_map):
    ring = np.array(shapely.get_coordinates(shipped_map.geometry[0].exterior))
    ring[2] = [np.inf, 31.0]
    frame = shipped_map.set_geometry([shapely.Polygon(ring), *shipped_map.geometry[1:]], crs=4326)
    frame.to_parquet(tmp_path / "map.parquet")
    with pytest.raises(MapRefused, match="not finite"):
        read_map(tmp_path / "map.parquet", "WGS84", tmp_path)
    assert geopandas.read_parquet(tmp_path / "map.parquet").shape[0] == 17
