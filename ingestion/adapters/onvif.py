"""ONVIF Profile M over MQTT: events `{"UtcTime", "Source", "Key", "Data"}` and analytics `{"Frame": [...]}`, in UTC.

Source and Data come as maps or as lists of SimpleItem (ONVIF Core §9.11); attributes of the XML are written with or
without `@`. A payload without data, a frame without objects and a rule that ceases to hold are legal and are no events.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ingestion.detectors.events import box, first_of
from ingestion.detectors.message_objects import ObjectDecoder, listed, mapping

_HEAD = re.compile(rb'"@?UtcTime"|"Frame"\s*:')
_HAS_OFFSET = re.compile(r"(?:[zZ]|[+-]\d\d:?\d\d)$")
_CAMERA_ITEMS = (
    "VideoSource", "VideoSourceToken", "VideoSourceConfigurationToken", "VideoSourceConfiguration", "Source",
)  # fmt: skip
_CEASED = (False, "false", "False", "0", 0)


class OnvifDecoder(ObjectDecoder):
    format = "onvif"

    def recognises(self, name: str, head: bytes) -> bool:  # noqa: ARG002
        return _HEAD.search(head) is not None

    def events_of(self, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if "Frame" in message:
            for frame in listed(message["Frame"]):
                yield from _of_frame(_plain(frame), items(message.get("Source")))
        else:
            yield from _of_notification(_plain(message))


def items(group: Any) -> dict[str, Any]:
    """Source, Key or Data as a map, from a map or from SimpleItem in any of its spellings."""
    if isinstance(group, list):
        return {name: value for part in group for name, value in items(part).items()}
    found = _plain(group)
    if "Name" in found and "Value" in found:
        return {str(found["Name"]): found["Value"]}
    simple = found.pop("SimpleItem", None)
    return found | (items(listed(simple)) if simple is not None else {})


def _of_notification(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A rule's notification; the rule's name (or the topic's last part) is the detector's label."""
    source, data = items(message.get("Source")), items(message.get("Data"))
    if not data or first_of(message, "PropertyOperation") == "Deleted" or data.get("State", True) in _CEASED:
        return
    topic = first_of(message, "Topic", "topic")
    label = first_of(source, "Rule", "RuleName")
    if label is None and isinstance(topic, str):
        label = topic.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    yield {
        "camera_id": first_of(source, *_CAMERA_ITEMS),
        "event_type": label,
        "detected_at": _utc(message.get("UtcTime")),
        "confidence": first_of(data, "Likelihood", "Confidence"),
        "algorithm": first_of(
            source, "AnalyticsConfiguration", "VideoAnalyticsConfigurationToken", "AnalyticsModuleName"
        ),
        "track_id": first_of(items(message.get("Key")) | data, "ObjectId", "ObjectID"),
    }


def _of_frame(frame: dict[str, Any], source: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The objects of an analytics frame; the likeliest class is the detector's label."""
    for thing in listed(frame.get("Object")):
        seen = _plain(thing)
        appearance = _plain(seen.get("Appearance"))
        kinds = [
            _plain(kind) if isinstance(kind, dict) else {"#text": kind}
            for kind in listed(_plain(appearance.get("Class")).get("Type"))
        ]
        kind = max(kinds, key=_likelihood, default={})
        sides = _plain(_plain(appearance.get("Shape")).get("BoundingBox"))
        place = _plain(appearance.get("GeoLocation"))
        yield {
            "camera_id": first_of(source, *_CAMERA_ITEMS) or frame.get("Source"),
            "event_type": kind.get("#text"),
            "detected_at": _utc(frame.get("UtcTime")),
            "confidence": kind.get("Likelihood"),
            "longitude": place.get("lon"),
            "latitude": place.get("lat"),
            "algorithm": frame.get("Source"),
            "track_id": seen.get("ObjectId"),
            "bbox": box(sides.get("left"), sides.get("top"), sides.get("right"), sides.get("bottom")),
        }


def _likelihood(kind: dict[str, Any]) -> float:
    value = kind.get("Likelihood")
    return value if isinstance(value, int | float) else 0.0  # not made a float: a number of 400 digits is none


def _plain(value: Any) -> dict[str, Any]:
    """An object with the `@` of its attributes taken off."""
    return {str(key).removeprefix("@"): inner for key, inner in mapping(value).items()}


def _utc(written: Any) -> Any:
    """ONVIF times are UTC whether they say so or not."""
    if isinstance(written, str) and not _HAS_OFFSET.search(written):
        return f"{written}Z"
    return written


DECODER = OnvifDecoder()
