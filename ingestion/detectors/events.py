"""The columns every detector's messages become, and the rest that its decoders share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, BinaryIO

import pyarrow as pa

from ingestion.detectors.labels import as_event_types, label_codes
from ingestion.detectors.messages import Messages, RefusedMessage, messages
from ingestion.detectors.redaction import as_storable, redact

# Texts as the detector wrote them: the contract's rules read, and refuse, numbers and times.
EVENT_COLUMNS = (
    "event_id", "camera_id", "event_type", "detected_at", "confidence", "longitude", "latitude", "datum", "algorithm",
    "edge_device_id", "track_id", "snapshot_uri", "bbox",
)  # fmt: skip
_REFUSAL_COLUMNS = ("refused_rule", "refused_field", "refused_reason", "raw")
SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        *((name, pa.string()) for name in EVENT_COLUMNS),
        ("received_at", pa.timestamp("us", tz="UTC")),
        *((name, pa.string()) for name in _REFUSAL_COLUMNS),
    ]
)


# `line` and EVENT_COLUMNS of the messages in a block; what is no message is refused into the block.
EventReader = Callable[[Messages], pa.Table]


class DetectorDecoder:
    """A decoder of JSON messages: subclasses say what a block of messages gives.

    An event has the columns EVENT_COLUMNS, its `event_type` still the detector's label. A message that reports nothing
    (an empty payload, a frame without objects) is legal and gives no row.
    """

    format: str
    schema: pa.Schema = SCHEMA
    may_name_people = True  # plates, faces, names: not read, but in the received bytes, which are sealed for it

    def reader(self) -> AbstractContextManager[EventReader]:
        """What reads one file's blocks, open as long as the file is."""
        raise NotImplementedError

    def decode(self, stream: BinaryIO, *, received_at: datetime | None = None) -> Iterator[pa.RecordBatch]:
        """Batches of SCHEMA. Messages carry no time of reception, so the file's is theirs."""
        codes = label_codes(self.format)
        with self.reader() as events_of:
            for block in messages(stream):
                events = events_of(block)
                if events.num_rows:
                    yield from _batches(_with_types_and_ids(events, codes, self.format), received_at)
                if block.refused:
                    yield _refused_batch(block.refused, received_at)

    def raw(self, stream: BinaryIO, lines: Iterable[int]) -> Iterator[tuple[int, str]]:
        """(line, text) of the messages that begin at `lines`, without identities, each line's messages on lines of
        their own. This, and never the file's own bytes, is what quarantine may keep."""
        wanted = set(lines)
        for block in messages(stream, wanted):
            found = [
                (line, redact(text)) for line, text in zip(block.lines, block.texts, strict=True) if line in wanted
            ]
            found += [(refused.line, refused.raw) for refused in block.refused if refused.line in wanted]
            for line, texts in groupby(sorted(found, key=lambda pair: pair[0]), key=lambda pair: pair[0]):
                yield line, "\n".join(text for _, text in texts)


def first_of(message: Mapping[str, Any], *names: str) -> Any:
    """The first of the named fields that is there and says something."""
    return next((message[name] for name in names if message.get(name) not in (None, "")), None)


def box(left: Any, top: Any, right: Any, bottom: Any) -> str | None:
    """A bounding box as the contract has it, or None when a side is missing."""
    sides = [left, top, right, bottom]
    return None if any(side is None for side in sides) else json.dumps(sides)


def events_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Events as dicts -> `line` and EVENT_COLUMNS, values as text."""
    columns: dict[str, pa.Array] = {"line": pa.array([row["line"] for row in rows], pa.int64())}
    for name in EVENT_COLUMNS:
        columns[name] = pa.array([_text(row.get(name)) for row in rows], pa.string())
    return pa.table(columns)


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return as_storable(value) or None
    return None if value is None else json.dumps(value)


def _with_types_and_ids(events: pa.Table, codes: dict[str, str], detector_format: str) -> pa.Table:
    labels = events["event_type"].combine_chunks()
    if events["event_id"].null_count:
        naming = ("camera_id", "event_type", "detected_at", "track_id", "bbox")
        ids = [
            given or _id_of(detector_format, content)
            for given, *content in zip(*(events[name].to_pylist() for name in ("event_id", *naming)), strict=True)
        ]
        events = events.set_column(events.schema.get_field_index("event_id"), "event_id", pa.array(ids, pa.string()))
    place = events.schema.get_field_index("event_type")
    return events.set_column(place, "event_type", as_event_types(labels, codes))


def _id_of(detector_format: str, content: list[str | None]) -> str:
    """An identifier from what names a detection, so that the same message gets the same one again."""
    return f"{detector_format}-{sha256(json.dumps(content).encode()).hexdigest()[:32]}"


def _batches(events: pa.Table, received_at: datetime | None) -> Iterator[pa.RecordBatch]:
    rows = events.num_rows
    columns = [events["line"], *(events[name] for name in EVENT_COLUMNS)]
    received = pa.repeat(pa.scalar(received_at, SCHEMA.field("received_at").type), rows)
    nothing = [pa.nulls(rows, pa.string())] * len(_REFUSAL_COLUMNS)
    yield from pa.table([*columns, received, *nothing], schema=SCHEMA).to_batches()


def _refused_batch(refused: Sequence[RefusedMessage], received_at: datetime | None) -> pa.RecordBatch:
    rows = [
        {
            "line": one.line,
            "received_at": received_at,
            "refused_rule": one.rule,
            "refused_field": "message",
            "refused_reason": one.reason,
            "raw": one.raw,
        }
        for one in refused
    ]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)
