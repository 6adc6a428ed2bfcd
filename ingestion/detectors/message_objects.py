"""Messages read one by one in Python: for detectors that send few of them, or in shapes that vary."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pyarrow as pa

from ingestion.detectors.events import DetectorDecoder, EventReader, events_table
from ingestion.detectors.messages import Messages


class ObjectDecoder(DetectorDecoder):
    """Subclasses give the events of one message as dicts of EVENT_COLUMNS."""

    @abstractmethod
    def events_of(self, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The events of one message. Any field of it may be missing, or of any type."""

    def reader(self) -> AbstractContextManager[EventReader]:
        return nullcontext(self._events)

    def _events(self, block: Messages) -> pa.Table:
        rows: list[dict[str, Any]] = []
        for line, text in zip(block.lines, block.texts, strict=True):
            try:
                message = json.loads(text)
                events = list(self.events_of(message)) if isinstance(message, dict) else None
            except (ValueError, RecursionError):
                block.refuse_malformed(line, text)
                continue
            if events is None:
                block.refuse_other(line, text)
            else:
                rows.extend({**event, "line": line} for event in events)
        return events_table(rows)


def mapping(value: Any) -> dict[str, Any]:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty list, anything else as a list of one (XML turned to JSON does not say)."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
