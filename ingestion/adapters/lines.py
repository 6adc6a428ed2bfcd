"""Physical lines of a text file: counting them, and fetching some of them back for the quarantine."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ingestion.adapters.line_ends import BLOCK
from ingestion.adapters.reading import LINE_LIMIT, RAW_LIMIT

BOM = b"\xef\xbb\xbf"
_NEAR = 4096  # bytes read for a line that is sought alone


def as_text(raw: bytes) -> str:
    """Raw bytes as text that any table can hold; bytes that are not UTF-8 show as `\\xNN`."""
    return raw[:RAW_LIMIT].decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def fetch_lines(path: Path, wanted: Iterable[int], ends: Sequence[int] = ()) -> Iterator[tuple[int, bytes]]:
    """The wanted 1-based lines (ascending, each once) with their bytes, without line ends, each cut after `LINE_LIMIT` + 1.

    One pass over the file as far as the last wanted line; memory stays that of a block and a line. With `ends`, the line
    ends before each block, blocks without a wanted line are passed over.
    """
    numbers = iter(wanted)
    target = next(numbers, None)
    line, carry = 1, b""  # the number of the line that the next block goes on with, and what is known of it
    place = 0  # of the next block
    with path.open("rb") as stream:
        while target is not None:
            # The line begins in the last block before which its predecessor had not ended.
            begins = bisect_left(ends, target - 1) - 1
            if begins > place:
                stream.seek(begins * BLOCK)
                place, line, carry = begins, ends[begins] + 1, b""
            block = stream.read(BLOCK)
            if not block:
                break
            place += 1
            at = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == 10)  # several times as fast as bytes.count
            count = len(at)
            while target is not None and target < line + count:
                index = target - line
                start = int(at[index - 1]) + 1 if index else 0
                body = block[start : int(at[index])]
                yield target, _trimmed(body if index else carry + body)
                target = next(numbers, None)
            carry = block[block.rfind(b"\n") + 1 :] if count else (carry + block)[: LINE_LIMIT + 1]
            line += count
    if target == line:
        yield target, _trimmed(carry)


def lines_at(path: Path, places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
    """Lines by their number and the byte at which they begin -> their number and bytes, as of `fetch_lines`."""
    with path.open("rb") as stream:
        for line, place in places:
            near = os.pread(stream.fileno(), _NEAR, place)
            end = near.find(b"\n") + 1
            if end:
                raw = near[:end]
            else:
                stream.seek(place)
                raw = stream.readline(LINE_LIMIT + 2)
            yield line, raw[: LINE_LIMIT + 1] if _is_cut(raw) else _trimmed(raw.removesuffix(b"\n"))


def numbered_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """(1-based number, bytes with their end, whether it was too long); of a line over the limit only the start."""
    number, first = 0, True
    while line := stream.readline(LINE_LIMIT + 2):
        number += 1
        cut = _is_cut(line)
        if first and line.startswith(BOM):
            line = line[len(BOM) :]
        first = False
        too_long = cut or len(line.rstrip(b"\r\n")) > LINE_LIMIT
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(LINE_LIMIT)
        yield number, line, too_long


def _is_cut(read: bytes) -> bool:
    """Whether a line of which at most LINE_LIMIT + 2 bytes were read goes on: carriage returns there do not end it."""
    return len(read) == LINE_LIMIT + 2 and not read.endswith(b"\n")


def _trimmed(line: bytes) -> bytes:
    return line.rstrip(b"\r")[: LINE_LIMIT + 1]
