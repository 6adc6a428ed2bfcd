"""The district and its townships."""

from __future__ import annotations

from dataclasses import dataclass

from apps.streamlit.edition import Edition
from apps.streamlit.wording import name_of, t


@dataclass(frozen=True)
class Place:
    """An area of the KPIs: the district (6 digits) or a township (9 digits)."""

    area_code: str
    name: str


def district_code(edition: Edition) -> str:
    """The district's code: the first six digits that all township codes share."""
    frame = edition.rows("SELECT min(left(area_code, 6)) AS code FROM townships")
    return str(frame["code"][0] or "")


def townships(edition: Edition) -> list[Place]:
    """The townships in code order, named in the session's language."""
    frame = edition.rows("SELECT area_code, name_zh, name_en FROM townships ORDER BY area_code")
    return [Place(row["area_code"], name_of(row)) for row in frame.iter_rows(named=True)]


def places(edition: Edition) -> list[Place]:
    """The whole district first, then its townships."""
    return [Place(district_code(edition), t("place.district")), *townships(edition)]


def outlines(edition: Edition) -> list[str]:
    """The townships' borders, as GeoJSON texts."""
    frame = edition.rows("SELECT geometry_geojson FROM townships WHERE geometry_geojson IS NOT NULL ORDER BY area_code")
    return frame["geometry_geojson"].to_list()
