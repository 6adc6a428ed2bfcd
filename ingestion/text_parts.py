"""A text stream cut into parts of whole lines, in bounded memory whatever the lines are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

PART_BYTES = 2 << 20
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Part:
    """Whole lines. `text` ends in a line feed and one byte of padding, which compiled code may look at."""

    text: bytes
    lines_before: int
    is_one_long_line: bool = False  # only the beginning of a line too long to hold


def parts(stream: BinaryIO, size: int = PART_BYTES) -> Iterator[Part]:
    """Cuts `stream` into parts of about `size` bytes; a line longer than that yields its beginning alone."""
    lines = 0
    rest = b""
    is_start = True
    while block := stream.read(size):
        if is_start:
            block, is_start = block.removeprefix(BOM), False
        cut = block.rfind(b"\n") + 1
        if cut:
            text = b"".join((rest, block[:cut], b"\0"))
            yield Part(text, lines)
            lines += text.count(b"\n")
            rest = block[cut:]
        else:
            rest += block
        if len(rest) > size:
            yield Part(rest[:size] + b"\n\0", lines, is_one_long_line=True)
            lines += 1
            rest = _after_this_line(stream, size)
    if rest:
        yield Part(rest + b"\n\0", lines)


def _after_this_line(stream: BinaryIO, size: int) -> bytes:
    while block := stream.read(size):
        cut = block.find(b"\n") + 1
        if cut:
            return block[cut:]
    return b""
