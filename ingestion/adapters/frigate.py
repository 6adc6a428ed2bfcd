"""Frigate's events over MQTT: `{"type", "before", "after"}`, times in epoch seconds.

A tracked object sends many messages under one identifier. Identifier, time and camera are the object's own, so all of
them are one event, and landing folds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ingestion.detectors.events import first_of
from ingestion.detectors.message_objects import ObjectDecoder, listed, mapping

_HEAD = re.compile(rb'"(?:before|after)"\s*:\s*[{n]')
_LAST_EPOCH_S = 253_402_300_799.0  # 9999-12-31


class FrigateDecoder(ObjectDecoder):
    format = "frigate"

    def recognises(self, name: str, head: bytes) -> bool:  # noqa: ARG002
        return head.count(b'"after"') > 0 and _HEAD.search(head) is not None

    def events_of(self, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The tracked object as `after` has it; one that Frigate itself calls a false positive is no event."""
        seen = mapping(message.get("after")) or mapping(message.get("before"))
        if not seen or seen.get("false_positive") is True:
            return
        sides = listed(seen.get("box"))
        yield {
            "event_id": seen.get("id"),
            "camera_id": seen.get("camera"),
            "event_type": seen.get("label"),
            "detected_at": _instant(first_of(seen, "start_time", "frame_time")),
            "confidence": first_of(seen, "top_score", "score"),
            "algorithm": "frigate",
            "track_id": seen.get("id"),
            "snapshot_uri": f"/api/events/{seen.get('id')}/snapshot.jpg" if seen.get("has_snapshot") is True else None,
            "bbox": sides if len(sides) == 4 else None,
        }


def _instant(epoch: Any) -> Any:
    """Epoch seconds as ISO 8601; anything else as it is, for the contract to refuse."""
    if isinstance(epoch, int | float) and not isinstance(epoch, bool) and 0 <= epoch <= _LAST_EPOCH_S:
        return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="microseconds")
    return epoch


DECODER = FrigateDecoder()
