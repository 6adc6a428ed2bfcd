"""A pack as its tests read it: the text of the PDF, and the GeoJSON by kinds of features."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdf

from evidence.retrieval import retrieve
from lake.home import Home
from tests.evidence.case_fixture import TRIP

REASON = "hearing of case 2026-118"


def made(home: Home, trip: str = TRIP, finding: str = "off_route", **more: Any) -> tuple[bytes, bytes, dict[str, Any]]:
    """PDF, GeoJSON, and what `retrieve` answered."""
    result = retrieve(home, trip, finding, reason=REASON, **more)
    pdf, geojson = (Path(file["path"]).read_bytes() for file in result["files"])
    return pdf, geojson, result


def text_of(pdf: bytes) -> str:
    """All text of the pages without line breaks, which fall anywhere in Chinese."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


def features(geojson: bytes, kind: str) -> list[dict[str, Any]]:
    return [one for one in json.loads(geojson)["features"] if one["properties"]["kind"] == kind]


@dataclass(frozen=True)
class Pack:
    """What was handed out, and all text of the PDF as `text_of` has it."""

    geojson: bytes
    text: str

    @property
    def collection(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.geojson)
        return content
