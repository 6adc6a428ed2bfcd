"""JT/T 808 messages that came in several parts: a fix bears the line of the part that completed its message; the frames
before it belong to it as well. Only what stands in headers is read; landing has judged the frames."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from ingestion.jtt808.subpackages import MessagePart

_BATCH: Final = b"7e0704"
_WAITING: Final = 4096  # lines held at once; parts of one message follow each other within seconds


class WaitingParts:
    """Sees every line of a capture in order; of a line that completes a message, gives the lines of its other parts."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[int, tuple[MessagePart, bytes]] = OrderedDict()

    def note(self, number: int, line: bytes, *, wanted: bool) -> list[tuple[int, bytes]]:
        """(line, bytes) of the parts that came before, by part, when `wanted`; else nothing, and the line is remembered."""
        part = _part(number, line)
        if part is None:
            return []
        others: dict[int, tuple[MessagePart, bytes]] = {}
        if wanted:
            for other, raw in reversed(self._waiting.values()):
                fits = (other.serial - other.number) & 0xFFFF == (part.serial - part.number) & 0xFFFF
                same = other.key == part.key and other.number != part.number
                if same and (fits or other.serial == part.serial):
                    others.setdefault(other.number, (other, raw))
            for other, _ in others.values():
                del self._waiting[other.line]
        else:
            self._waiting[number] = part, line.rstrip(b"\r\n")
            while len(self._waiting) > _WAITING:
                self._waiting.popitem(last=False)
        return [(other.line, raw) for _, (other, raw) in sorted(others.items())]


def _part(number: int, line: bytes) -> MessagePart | None:
    if b"0704" not in line:  # nearly every line of millions: a quick look spares it the rest
        return None
    words = line.split()
    if not words or not words[-1].lower().startswith(_BATCH):
        return None
    try:
        if not int(words[-1][6:7], 16) & 2:  # property bit 13
            return None
        return MessagePart.read(number, 0, line.rstrip(b"\r\n"))
    except (ValueError, IndexError, ArithmeticError):
        return None
