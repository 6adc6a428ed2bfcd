"""Makes the shipped map: `python -m geography.making --outline FILE`; see the room's README."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import Geod

from geography.datum import DATUMS
from geography.making.outline import read_outline
from geography.making.township_map import Township, draw, read_townships

DATA = Path(__file__).parents[1] / "data"


def _feature(township: Township, polygon: shapely.Polygon) -> dict[str, Any]:
    properties = {
        "code": township.code,
        "name_zh": township.name_zh,
        "name_en": township.name_en,
        "area_km2": township.area_km2,
        "label_longitude": township.longitude,
        "label_latitude": township.latitude,
        "is_approximate": True,
    }
    rings = [np.round(shapely.get_coordinates(polygon.exterior), 6).tolist()]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": rings}}


def main() -> None:
    """Reads the outline and the facts, draws, checks that the townships cover the outline, writes the GeoJSON."""
    parser = argparse.ArgumentParser(prog="python -m geography.making", description=__doc__)
    parser.add_argument("--outline", type=Path, required=True, help="GeoJSON geometry of the district's outline")
    parser.add_argument("--datum", choices=DATUMS, default="GCJ02", help="datum of the outline (default GCJ02)")
    parser.add_argument("--townships", type=Path, default=DATA / "townships.csv", help="names, areas and centres")
    parser.add_argument("--out", type=Path, default=DATA / "townships.geojson")
    arguments = parser.parse_args()

    outline = read_outline(arguments.outline, arguments.datum)
    townships = read_townships(arguments.townships)
    polygons = draw(outline, townships)
    if not shapely.coverage_is_valid(polygons):
        raise SystemExit("the townships leave gaps or overlap")
    features = [
        json.dumps(_feature(*pair), ensure_ascii=False, separators=(",", ":"))
        for pair in zip(townships, polygons, strict=True)
    ]
    head = '{"type":"FeatureCollection","name":"songjiang_townships_approximate","features":[\n'
    arguments.out.write_text(head + ",\n".join(features) + "\n]}\n", encoding="utf-8")

    geod = Geod(ellps="WGS84")
    total = 0.0
    for township, polygon in zip(townships, polygons, strict=True):
        area = abs(geod.geometry_area_perimeter(polygon)[0]) / 1e6
        total += area
        print(f"{township.code} {township.name_en:24} {area:8.3f} km2, published {township.area_km2:8.3f}")
    print(f"district {total:.3f} km2; {arguments.out}: {arguments.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
