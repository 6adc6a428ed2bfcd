"""Reading a map of townships from GeoJSON, GeoParquet or Shapefile, into degrees of WGS-84."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from geography.datum import to_wgs84

MAX_BYTES: Final = 256 * 1024 * 1024  # a district at a vertex a metre is a tenth of that
_SHAPEFILE_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_SHAPEFILE_MAGIC: Final = (9994).to_bytes(4, "big")
_WGS84: Final = CRS.from_epsg(4326)


class MapRefused(ValueError):
    """A map that is not installed; `problems` says why, each naming the feature, field and rule it can."""

    def __init__(self, file: Path | str, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(f"{file}: {problem}" for problem in self.problems))


@dataclass(frozen=True)
class MapFile:
    """A map as read: one row per feature with the file's properties, geometry in degrees of WGS-84."""

    path: Path
    sha256: str
    coordinate_system: str
    frame: geopandas.GeoDataFrame


def read_map(path: Path, datum: str, temporary: Path) -> MapFile:
    """Read `path`, whose coordinates are of `datum` once they are degrees.

    Accepts .geojson/.json, .parquet/.geoparquet, .shp with its neighbours, or a .zip of one Shapefile (unpacked below
    `temporary`, bounded). Any coordinate system is brought to EPSG:4326. Raises MapRefused, UnknownDatum.
    """
    if not path.is_file():
        raise MapRefused(path, ["is not a file"])
    if path.stat().st_size > MAX_BYTES:
        raise MapRefused(path, [f"too_large: {path.stat().st_size} bytes, at most {MAX_BYTES}"])
    try:
        frame = _read(path, temporary)
    except MapRefused:
        raise
    except Exception as error:
        raise MapRefused(path, [f"unreadable: {type(error).__name__}: {error}"]) from error
    if frame.empty:
        raise MapRefused(path, ["has no features"])
    system = "unknown, taken for EPSG:4326" if frame.crs is None else frame.crs.to_string()
    frame = frame.set_geometry(_in_degrees(path, frame))
    frame = frame.set_geometry(_in_wgs84(frame.geometry.to_numpy(), datum), crs=_WGS84)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return MapFile(path, sha256, system, frame)


def _read(path: Path, temporary: Path) -> geopandas.GeoDataFrame:
    suffix = path.suffix.lower()
    if suffix in (".geojson", ".json"):
        return _read_geojson(path)
    if suffix in (".parquet", ".geoparquet"):
        return geopandas.read_parquet(path)
    if suffix == ".shp":
        return _read_shapefile(path)
    if suffix == ".zip":
        with TemporaryDirectory(dir=temporary) as folder:
            return _read_shapefile(_unzipped(path, Path(folder)))
    raise MapRefused(
        path, [f"format {suffix or 'without a suffix'} is none of GeoJSON, GeoParquet, Shapefile, zip of one"]
    )


def _read_geojson(path: Path) -> geopandas.GeoDataFrame:
    # Not through GDAL: it looks at the content, not the name, and would follow a virtual format to other files.
    document = json.loads(path.read_bytes().decode("utf-8-sig"))
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise MapRefused(path, ["is not a GeoJSON FeatureCollection"])
    if not features:
        return geopandas.GeoDataFrame()
    # RFC 7946 knows WGS-84 alone; files from before it may name another system.
    named = document.get("crs") or {"properties": {"name": "EPSG:4326"}}
    return geopandas.GeoDataFrame.from_features(features, crs=CRS.from_user_input(named["properties"]["name"]))


def _read_shapefile(path: Path) -> geopandas.GeoDataFrame:
    with path.open("rb") as stream:
        if stream.read(4) != _SHAPEFILE_MAGIC:
            raise MapRefused(path, ["is not a Shapefile (wrong first bytes)"])
    missing = [part for part in (".shx", ".dbf") if not path.with_suffix(part).is_file()]
    if missing:
        raise MapRefused(path, [f"lacks its neighbour {path.stem}{part}" for part in missing])
    return geopandas.read_file(path)


def _unzipped(path: Path, folder: Path) -> Path:
    """The one Shapefile of a zip, unpacked flat into `folder`; other members stay packed."""
    with zipfile.ZipFile(path) as archive:
        parts = [
            member
            for member in archive.infolist()
            if not member.is_dir() and PurePosixPath(member.filename).suffix.lower() in _SHAPEFILE_PARTS
        ]
        shapes = [member for member in parts if member.filename.lower().endswith(".shp")]
        if len(shapes) != 1:
            raise MapRefused(path, [f"holds {len(shapes)} Shapefiles; one is needed"])
        stem = PurePosixPath(shapes[0].filename).with_suffix("")
        parts = [member for member in parts if PurePosixPath(member.filename).with_suffix("") == stem]
        if sum(member.file_size for member in parts) > MAX_BYTES:
            raise MapRefused(path, [f"too_large: unpacks to more than {MAX_BYTES} bytes"])
        for member in parts:  # zipfile stops at the declared size, so the sum above is a bound
            with archive.open(member) as packed:
                target = folder / f"map{PurePosixPath(member.filename).suffix.lower()}"
                with target.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
    return folder / "map.shp"


def _in_degrees(path: Path, frame: geopandas.GeoDataFrame) -> geopandas.GeoSeries:
    shapes = frame.geometry.force_2d()
    if frame.crs is not None and frame.crs != _WGS84:
        shapes = shapes.to_crs(_WGS84)
    elif frame.crs is None:
        shapes = shapes.set_crs(_WGS84)
    xy = shapely.get_coordinates(shapes.to_numpy())
    if not np.isfinite(xy).all():
        raise MapRefused(path, ["has coordinates that are not finite"])
    if (np.abs(xy) > [180.0, 90.0]).any():
        named = "names no coordinate system" if frame.crs is None else f"names {frame.crs.to_string()}"
        raise MapRefused(path, [f"{named}, but its coordinates are not degrees of longitude and latitude"])
    return shapes


def _in_wgs84(shapes: NDArray[np.object_], datum: str) -> NDArray[np.object_]:
    def converted(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], datum))

    return np.asarray(shapely.transform(shapes, converted))


def safe_name(path: Path) -> str:
    """The file's name for the record, without control characters."""
    return re.sub(r"[\x00-\x1f\x7f]", "?", path.name)
