"""The memory one decoding thread works in, kept from part to part: fresh pages cost more than decoding does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from ingestion.jtt808 import kernel
from ingestion.jtt808 import layout as L
from ingestion.jtt808.columns import Columns
from ingestion.text_parts import Part

BATCH_ROWS = 32_768
_TERMINALS = 3 * BATCH_ROWS  # a district has some 3,000; a hostile file may bring a new one with every row
_SLOTS = 1 << 18  # more than twice the terminals, so that their hash table stays sparse


class Workspace:
    """Matrices the kernel fills, and the terminals it has met."""

    def __init__(self) -> None:
        self._integers = np.empty((L.INTEGER_COLUMNS, BATCH_ROWS), dtype=np.int64)
        self._reals = np.empty((L.REAL_COLUMNS, BATCH_ROWS), dtype=np.float64)
        self._terminals = np.empty((2, _TERMINALS), dtype=np.uint64)
        self._slots = np.zeros(_SLOTS, dtype=np.int32)
        self._names = pa.array([], pa.string())

    def decode(self, part: Part) -> Iterator[Columns]:
        """The columns of whole lines, at most BATCH_ROWS at a time; each is overwritten by the next."""
        text = np.frombuffer(part.text, dtype=np.uint8)
        stop = len(text) - 1
        at, line = 0, part.lines_before
        while at < stop:
            if len(self._names) + BATCH_ROWS > _TERMINALS:
                self._slots[:] = 0
                self._names = self._names[:0]
            rows, at, line, known = kernel.decode_lines(
                text, at, stop, line, self._integers, self._reals, self._terminals, self._slots, len(self._names)
            )
            if known > len(self._names):
                new = self._terminals[:, len(self._names) : known].T.tolist()
                added = pa.array([_digits(high, low) for high, low in new], pa.string())
                self._names = pa.concat_arrays([self._names, added])
            yield Columns(self._integers, self._reals, rows, self._names, part.text)


def _digits(high: int, low: int) -> str:
    """BCD digits of a terminal number as the kernel packs it: twelve (2013) or twenty (2019)."""
    return f"{high & 0xFFFF:04x}{low:016x}" if high >> 32 else f"{low:012x}"
