"""The pack's GeoJSON (RFC 7946): WGS-84 degrees, exterior rings counterclockwise, no `crs`.

Features by `properties.kind`: track, silence, fix, permit_route, site, camera_event, township. The member `evidence`
(a foreign member, section 6.1) holds what has no place: trip, finding, rule, permit, files and their raw lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

import shapely

from evidence.dossier import Dossier
from evidence.local_time import iso
from evidence.masking import masked
from evidence.not_known import not_known
from evidence.permit import shape
from evidence.rows import Row
from evidence.track import Fix, drawn

FORMAT: Final = "yunjian-evidence-1"
_DIGITS: Final = 7  # of a degree: a centimetre, finer than any terminal
_HIDDEN: Final = {"truck_keys", "route", "polygon"}
LINES_NOTE: Final = (
    "原始行含终端号码（CSV 行还含号牌），仅供核对 · raw lines carry the terminal's number (CSV lines the plate as well)"
)


def geojson_of(dossier: Dossier) -> bytes:
    """UTF-8; the same dossier gives the same bytes."""
    features = [*_track(dossier), *_places(dossier), *_fixes(dossier)]
    collection: dict[str, Any] = {"type": "FeatureCollection"}
    boxes = [f["geometry"]["coordinates"] for f in features if f["geometry"] is not None]
    if boxes:
        places = [place for box in boxes for place in _positions(box)]
        xs, ys = [x for x, _ in places], [y for _, y in places]
        collection["bbox"] = [min(xs), min(ys), max(xs), max(ys)]
    collection["evidence"] = _facts(dossier)
    collection["features"] = features
    return (json.dumps(collection, ensure_ascii=False, indent=1, default=_plain, allow_nan=False) + "\n").encode()


def _facts(dossier: Dossier) -> dict[str, Any]:
    rule, finding = dossier.rule, dossier.finding
    return {
        "format": FORMAT,
        "trip": _shown(dossier.trip),
        "finding": finding,
        "other_findings": list(dossier.others),
        "rule": {
            "name_zh": rule.name_zh, "name_en": rule.name_en, "text_zh": rule.text_zh, "text_en": rule.text_en,
            "legal_basis_zh": rule.legal_basis_zh, "legal_basis_en": rule.legal_basis_en,
            "measure_unit": rule.measure_unit, "thresholds": {t.name: t.value for t in rule.thresholds},
            "rulebook": rule.rulebook or None,
        },
        "permit": None if dossier.permit is None else _shown(dossier.permit),
        "alarms": list(dossier.alarms),
        "silences": [
            {"started_at": one.started_at, "ended_at": one.ended_at, "seconds": one.seconds} for one in dossier.silences
        ],
        "not_known": [{"zh": zh, "en": en} for zh, en in not_known(dossier)],
        "lines_note": LINES_NOTE,
        "files": [
            {
                "name": masked(file.name), "sha256": file.sha256, "format": file.format, "bytes": file.bytes,
                "received_at": file.received_at or None, "missing": file.missing or None,
                "lines": {str(number): text for number, text in file.lines.items()},
                "parts": {str(number): list(others) for number, others in file.parts.items()},
            }
            for file in dossier.files
        ],
    }  # fmt: skip


def _track(dossier: Dossier) -> Iterable[dict[str, Any]]:
    way = drawn(list(dossier.fixes))
    if len(way) > 1:
        span = {"started_at": way[0].reported_at, "ended_at": way[-1].reported_at, "fixes": len(way)}
        yield _feature(shapely.LineString([(f.longitude, f.latitude) for f in way]), {"kind": "track", **span})
    by_time = {fix.reported_at: fix for fix in way}
    for silence in dossier.silences:
        a, b = by_time.get(silence.started_at), by_time.get(silence.ended_at)
        facts = {"started_at": silence.started_at, "ended_at": silence.ended_at, "seconds": silence.seconds}
        line = None
        if a is not None and b is not None:
            line = shapely.LineString([(a.longitude, a.latitude), (b.longitude, b.latitude)])
        yield _feature(line, {"kind": "silence", **facts})


def _places(dossier: Dossier) -> Iterable[dict[str, Any]]:
    if dossier.permit is not None and (route := shape(dossier.permit["route"])) is not None:
        yield _feature(route, {"kind": "permit_route", "permit_id": dossier.permit["permit_id"]})
    for site in dossier.sites:
        found = shape(site["polygon"])
        if found is not None:
            yield _feature(shapely.orient_polygons(found), {**_shown(site), "kind": "site", "site_kind": site["kind"]})
    for event in dossier.sightings:
        facts = {k: v for k, v in event.items() if k not in ("longitude", "latitude", "snapshot_uri")}
        facts |= {"kind": "camera_event", "snapshot_uri": masked(event["snapshot_uri"]) or None}
        yield _feature(shapely.Point(event["longitude"], event["latitude"]), facts)


def _fixes(dossier: Dossier) -> Iterable[dict[str, Any]]:
    for fix in dossier.fixes:
        yield _feature(_place(fix), {
            "kind": "fix", "reported_at": fix.reported_at, "received_at": fix.received_at, "speed_kmh": fix.speed_kmh,
            "heading_deg": fix.heading_deg, "load_state": fix.load_state, "alarm_bits": fix.alarm_bits,
            "status_bits": fix.status_bits, "is_blind_report": fix.is_blind_report, "doubt": fix.doubt or None,
            "is_evidence": dossier.is_evidence(fix), "file_sha256": fix.sha256, "line": fix.line,
        })  # fmt: skip


def _place(fix: Fix) -> shapely.Point | None:
    # What is no place on the Earth, or was encrypted, has none in GeoJSON either.
    is_place = abs(fix.longitude) <= 180 and abs(fix.latitude) <= 90 and fix.doubt != "encrypted"
    return shapely.Point(fix.longitude, fix.latitude) if is_place else None


def _feature(geometry: shapely.Geometry | None, properties: dict[str, Any]) -> dict[str, Any]:
    made = None if geometry is None else json.loads(shapely.to_geojson(geometry))
    if made is not None:
        made["coordinates"] = _rounded(made["coordinates"])
    return {"type": "Feature", "geometry": made, "properties": properties}


def _shown(row: Row) -> Row:
    return {k: masked(v) if isinstance(v, str) else v for k, v in row.items() if k not in _HIDDEN}


def _rounded(value: Any) -> Any:
    return [_rounded(one) for one in value] if isinstance(value, list) else round(value, _DIGITS)


def _positions(value: Any) -> Iterable[tuple[float, float]]:
    if value and isinstance(value[0], list):
        for one in value:
            yield from _positions(one)
    else:
        yield value[0], value[1]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
