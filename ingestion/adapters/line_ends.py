"""Where the physical lines of a text file end: how many there are, and near where to find one again."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

BLOCK = 1 << 16
_LINE_END = 10


@dataclass(frozen=True)
class LineEnds:
    """`lines` are physical lines; a last one without an end counts. `before`: the line ends before each block of BLOCK bytes."""

    lines: int
    before: Sequence[int]


def line_ends(path: Path) -> LineEnds:
    """Those of a file, in one pass and the memory of a block."""
    before = array("q")
    ends, last = 0, _LINE_END
    with path.open("rb", buffering=0) as stream:
        buffer = bytearray(BLOCK)
        while count := stream.readinto(buffer):
            before.append(ends)
            # Several times as fast as bytes.count.
            ends += int(np.count_nonzero(np.frombuffer(buffer, np.uint8, count) == _LINE_END))
            last = buffer[count - 1]
    return LineEnds(ends + (last != _LINE_END), before)
