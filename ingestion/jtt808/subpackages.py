"""Messages that came in several parts (JT/T 808 property bit 13), put together again across lines.

The parts of one message carry consecutive serials; some gateways give all of them the same. A part joins only a
message whose serials fit one of the two, so that two messages of one terminal are never spliced into one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import pyarrow as pa

from ingestion.jtt808 import kernel
from ingestion.jtt808 import layout as L
from ingestion.jtt808.columns import Columns

WAITING_PARTS = 16_384  # parts held at once, about 1 KB of frame and 2-4 KB of text each


@dataclass(frozen=True)
class MessagePart:
    """One line that holds one part of a message; `raw` is the line as received."""

    line: int
    received_us: int
    raw: bytes
    message_id: int
    terminal: str  # BCD digits
    serial: int
    total: int
    number: int  # 1-based
    body: bytes

    @property
    def key(self) -> tuple[str, int, int]:
        return self.terminal, self.message_id, self.total

    @classmethod
    def read(cls, line: int, received_us: int, raw: bytes) -> MessagePart:
        """Reads a line the kernel found sound and sub-packaged."""
        text = np.frombuffer(raw.split()[-1] + b"\n\0", dtype=np.uint8)
        frame = np.empty(kernel.FRAME_CAPACITY + 8, dtype=np.uint8)
        length = kernel.unescape(text, 0, frame)[0]
        data = frame[: length - 1].tobytes()
        at, size = (5, 10) if data[2] & 0x40 else (4, 6)
        serial, total, number = struct.unpack_from(">HHH", data, at + size)
        return cls(
            line=line,
            received_us=received_us,
            raw=raw,
            message_id=int.from_bytes(data[:2], "big"),
            terminal=data[at : at + size].hex(),
            serial=serial,
            total=total,
            number=number,
            body=data[at + size + 6 :],
        )


@dataclass
class _Message:
    parts: dict[int, MessagePart] = field(default_factory=dict)

    def fits(self, part: MessagePart) -> bool:
        first = next(iter(self.parts.values()))
        same_run = (first.serial - first.number) & 0xFFFF == (part.serial - part.number) & 0xFFFF
        return same_run or first.serial == part.serial


class Subpackages:
    """Parts that wait for the others. Every part given comes out exactly once: in its message, or refused."""

    def __init__(self, capacity: int = WAITING_PARTS) -> None:
        self._capacity = capacity
        self._waiting = 0
        self._messages: dict[tuple[str, int, int], list[_Message]] = {}

    def add(self, part: MessagePart) -> Iterator[Columns]:
        """Takes one part; yields the rows of its message when that is whole, and refused parts."""
        if not 1 <= part.number <= part.total:
            yield refused([part], L.SUBPACKAGE_NUMBER)
            return
        fitting = [message for message in self._messages.get(part.key, []) if message.fits(part)]
        message = next((one for one in reversed(fitting) if part.number not in one.parts), None)
        if message is None:
            if any(one.parts[part.number].body == part.body for one in fitting):
                yield refused([part], L.SUBPACKAGE_REPEATED)
                return
            message = _Message()
            self._messages.setdefault(part.key, []).append(message)
        message.parts[part.number] = part
        self._waiting += 1
        if len(message.parts) == part.total:
            self._forget(part.key, message)
            yield _reassembled([message.parts[number] for number in range(1, part.total + 1)], part)
        while self._waiting > self._capacity:
            yield self._give_up(100)

    def give_up(self) -> Iterator[Columns]:
        """At the end of the capture: all that still wait, refused."""
        while self._messages:
            yield self._give_up(len(self._messages))

    def _give_up(self, count: int) -> Columns:
        """The oldest message of each of the `count` terminals heard first, refused."""
        abandoned: list[MessagePart] = []
        for key, messages in list(islice(self._messages.items(), count)):
            abandoned.extend(messages[0].parts.values())
            self._forget(key, messages[0])
        return refused(abandoned, L.SUBPACKAGE_MISSING)

    def _forget(self, key: tuple[str, int, int], message: _Message) -> None:
        self._waiting -= len(message.parts)
        self._messages[key].remove(message)
        if not self._messages[key]:
            del self._messages[key]


def refused(parts: list[MessagePart], refusal: int) -> Columns:
    """One refused row a part, each with its own line and text."""
    columns = _blank(parts, rows=len(parts))
    columns.integers[L.REFUSAL] = refusal
    return columns


def _reassembled(parts: list[MessagePart], last: MessagePart) -> Columns:
    """The rows of a whole message: line and reception of the part that completed it, text of all parts."""
    body = np.frombuffer(b"".join(part.body for part in parts) + b"\0", dtype=np.uint8)
    length = len(body) - 1
    raw = b"\n".join(part.raw for part in parts)
    columns = _blank([last], rows=length // 2 + 2)
    columns.integers[L.BEGIN, 0], columns.integers[L.END, 0] = 0, len(raw)
    rows = kernel.decode_body(last.message_id, body, 0, length, columns.integers, columns.reals, 0)
    return Columns(columns.integers, columns.reals, rows, columns.terminals, raw)


def _blank(parts: list[MessagePart], rows: int) -> Columns:
    """Matrices of `rows` rows whose first rows carry what is common of `parts`."""
    integers = np.zeros((L.INTEGER_COLUMNS, rows), dtype=np.int64)
    integers[L.REPORTED] = L.NULL_INSTANT
    begin = 0
    for row, part in enumerate(parts):
        end = begin + len(part.raw)
        for column, value in (
            (L.LINE, part.line), (L.RECEIVED, part.received_us), (L.TERMINAL, row), (L.SERIAL, part.serial),
            (L.BEGIN, begin), (L.END, end),
        ):  # fmt: skip
            integers[column, row] = value
        begin = end
    reals = np.full((L.REAL_COLUMNS, rows), np.nan)
    terminals = pa.array([part.terminal for part in parts], pa.string())
    return Columns(integers, reals, rows, terminals, b"".join(part.raw for part in parts))
