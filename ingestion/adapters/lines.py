"""Physical lines of a text file: counting them, and fetching some of them back for the quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ingestion.adapters.reading import LINE_LIMIT, RAW_LIMIT

BLOCK = 1 << 16  # small, because a block with a wanted line is searched for line ends, the others are only counted
BOM = b"\xef\xbb\xbf"


def as_text(raw: bytes) -> str:
    """Raw bytes as text that any table can hold; bytes that are not UTF-8 show as `\\xNN`."""
    return raw[:RAW_LIMIT].decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def fetch_lines(path: Path, wanted: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """The wanted 1-based lines (ascending, each once) with their bytes, without line ends, each cut after `LINE_LIMIT` + 1.

    One pass over the file as far as the last wanted line; memory stays that of a block and a line.
    """
    numbers = iter(wanted)
    target = next(numbers, None)
    line, carry = 1, b""  # the number of the line that the next block goes on with, and what is known of it
    with path.open("rb") as stream:
        while target is not None and (block := stream.read(BLOCK)):
            count = block.count(b"\n")
            ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == 10) if target < line + count else ()
            while target is not None and target < line + count:
                index = target - line
                start = int(ends[index - 1]) + 1 if index else 0
                body = block[start : int(ends[index])]
                yield target, _trimmed(body if index else carry + body)
                target = next(numbers, None)
            carry = block[block.rfind(b"\n") + 1 :] if count else (carry + block)[: LINE_LIMIT + 1]
            line += count
    if target == line:
        yield target, _trimmed(carry)


def numbered_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """(1-based number, bytes with their end, whether it was too long); of a line over the limit only the start."""
    number, first = 0, True
    while line := stream.readline(LINE_LIMIT + 2):
        number += 1
        if first and line.startswith(BOM):
            line = line[len(BOM) :]
        first = False
        too_long = len(line.rstrip(b"\r\n")) > LINE_LIMIT
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(LINE_LIMIT)
        yield number, line, too_long


def _trimmed(line: bytes) -> bytes:
    return line.rstrip(b"\r")[: LINE_LIMIT + 1]
