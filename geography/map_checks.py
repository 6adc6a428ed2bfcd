"""What each feature of a map has to be before it decides where things happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray

from geography.area import area_km2, polygonal
from geography.map_coverage import Coverage, Limits, coverage_problems, coverage_warnings, measure_coverage
from geography.map_file import MapFile, MapRefused
from geography.shipped import DISTRICT_CODE

REQUIRED: Final = ("code", "name_zh", "name_en")
MAX_FEATURES: Final = 1000
MAX_NAME: Final = 100  # characters
_AREA_TOLERANCE: Final = 0.05  # a published area further off than this is in another unit, or of another polygon


@dataclass(frozen=True)
class CheckedMap:
    """A map fit to install: one row per township with code, name_zh, name_en, area_km2, label_longitude, label_latitude,
    is_approximate and geometry (degrees of WGS-84), in the order of codes."""

    townships: geopandas.GeoDataFrame
    coverage: Coverage
    repaired: list[str]
    warnings: list[str]


def check_map(map_file: MapFile, datum: str, *, repair: bool = False, limits: Limits | None = None) -> CheckedMap:
    """Check properties, codes, geometries, overlaps and gaps; raises MapRefused with everything found at that level.

    `repair` mends invalid polygons (self-intersections) instead of refusing them, and says by how much.
    """
    limits = limits or Limits()
    frame = map_file.frame.reset_index(drop=True)
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise MapRefused(map_file.path, [f"property {name}: required_missing in every feature" for name in missing])
    if len(frame) > MAX_FEATURES:
        raise MapRefused(map_file.path, [f"has {len(frame)} features, at most {MAX_FEATURES}"])
    frame["code"] = [_code(value) for value in frame.code]
    shapes = frame.geometry.to_numpy().copy()
    repaired: list[str] = []
    problems = _property_problems(frame) + _geometry_problems(frame, shapes, repaired, repair, limits)
    if problems:
        raise MapRefused(map_file.path, problems)

    order = np.argsort(frame.code.to_numpy(dtype=str))
    frame, shapes = frame.iloc[order].reset_index(drop=True), shapes[order]
    codes = frame.code.tolist()
    coverage = measure_coverage(codes, shapes)
    if problems := coverage_problems(coverage, limits):
        raise MapRefused(map_file.path, problems)
    return CheckedMap(_townships(frame, shapes), coverage, repaired, coverage_warnings(codes, coverage, datum))


def _code(value: Any) -> str:
    """A code as text; Shapefiles and spreadsheets often carry it as a number."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return "" if value is None or value != value else str(value).strip()


def _property_problems(frame: geopandas.GeoDataFrame) -> list[str]:
    problems = []
    seen: dict[str, int] = {}
    for index, row in frame.iterrows():
        where = f"feature {index + 1}"
        for name in ("name_zh", "name_en"):
            if not isinstance(row[name], str) or not row[name].strip():
                problems.append(f"{where}: {name}: required_missing")
            elif len(row[name]) > MAX_NAME or not row[name].isprintable():
                problems.append(f"{where}: {name}: at most {MAX_NAME} printable characters")
        code = row["code"]
        if not code:
            problems.append(f"{where}: code: required_missing")
        elif not (len(code) == 9 and code.isascii() and code.isdigit() and code.startswith(DISTRICT_CODE)):
            hint = " (leave out the last three zeros)" if len(code) == 12 and code.endswith("000") else ""
            problems.append(f"{where}: code {code!r}: pattern_mismatch: 9 digits beginning with {DISTRICT_CODE}{hint}")
        elif code in seen:
            problems.append(f"{where}: code {code}: not_unique: feature {seen[code]} has it too")
        seen.setdefault(code, int(index) + 1)
    return problems


def _geometry_problems(
    frame: geopandas.GeoDataFrame, shapes: NDArray[np.object_], repaired: list[str], repair: bool, limits: Limits
) -> list[str]:
    """Problems of each geometry; mends `shapes` in place and notes it in `repaired` when asked to."""
    problems = []
    for index, shape in enumerate(shapes):
        where = f"feature {index + 1} ({frame.code[index]}): geometry"
        if shape is None or shape.is_empty:
            problems.append(f"{where}: required_missing")
        elif shape.geom_type not in ("Polygon", "MultiPolygon"):
            problems.append(f"{where}: {shape.geom_type} is no Polygon or MultiPolygon")
        elif not shape.is_valid:
            reason = shapely.is_valid_reason(shape)
            if not repair:
                problems.append(f"{where}: invalid: {reason}; mend it, or import with repair")
                continue
            mended = polygonal(shapely.make_valid(shape, method="structure", keep_collapsed=False))
            change = abs(area_km2(mended) - area_km2(shape)) / max(area_km2(mended), 1e-9)
            if mended.is_empty or change > limits.repair:
                problems.append(f"{where}: invalid: {reason}; repair would change its area by {change:.2%}")
                continue
            shapes[index] = mended
            repaired.append(f"{where}: {reason}; area changed by {change:.4%}")
    return problems


def _townships(frame: geopandas.GeoDataFrame, shapes: NDArray[np.object_]) -> geopandas.GeoDataFrame:
    """The township rows: published areas and label points where the file brings fitting ones, else the polygons' own."""
    areas = np.array([area_km2(shape) for shape in shapes])
    published = _numbers(frame, "area_km2")
    labels = np.column_stack([_numbers(frame, "label_longitude"), _numbers(frame, "label_latitude")])
    labels = np.where(shapely.contains_xy(shapes, labels)[:, None], labels, _inner_points(shapes))
    table = {
        "code": frame.code,
        "name_zh": frame.name_zh.str.strip(),
        "name_en": frame.name_en.str.strip(),
        "area_km2": np.where(np.abs(published - areas) <= _AREA_TOLERANCE * areas, published, areas),
        "label_longitude": labels[:, 0],
        "label_latitude": labels[:, 1],
        # Imported boundaries count as exact unless the file says otherwise.
        "is_approximate": [value is True for value in frame.get("is_approximate", [False] * len(frame))],
    }
    return geopandas.GeoDataFrame(table, geometry=shapes, crs=4326)


def _inner_points(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    return np.asarray(shapely.get_coordinates(shapely.point_on_surface(shapes)))


def _numbers(frame: geopandas.GeoDataFrame, name: str) -> NDArray[np.float64]:
    """A property's numbers; NaN for whatever is none."""
    values = frame.get(name, [None] * len(frame))
    return np.array([value if isinstance(value, int | float) else np.nan for value in values], dtype=np.float64)
