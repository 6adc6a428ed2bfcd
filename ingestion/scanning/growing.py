"""Columns of one length in memory that is taken once, filled side by side by who scans the parts of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Condition

import numpy as np
from numpy.typing import NDArray

Kind = tuple[type, int]  # of a column: the type of its numbers, and how many of them a row has


class Stopped(Exception):
    """Another part could not be read, or nobody wants any more."""


class GrowingColumns:
    """Hands out room for the parts of a file in their order, however their readers come for it.

    Each reader writes into its own rows alone. Only while nobody writes may the columns be put elsewhere, as they are when
    there are more rows than were expected.
    """

    def __init__(self, kinds: Mapping[str, Kind], most: int) -> None:
        self.rows = 0
        self.columns: dict[str, NDArray] = {}
        self._kinds = kinds
        self._most = most
        self._turn = self._writers = self._capacity = 0
        self._is_stopped = False
        self._changed = Condition()

    @contextmanager
    def room(self, turn: int, rows: int, expected: int) -> Iterator[int]:
        """The first row of part number `turn`, which has `rows` rows; what is written into them is so on leaving.

        expected: rows of the whole file, as this part promises them. Waits for the parts before. Raises TooManyRows, and
        Stopped where another part failed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or self._turn == turn)
            if self._is_stopped:
                raise Stopped
            first, last = self.rows, self.rows + rows
            if last > self._most:
                raise TooManyRows
            if last > self._capacity or not self.columns:
                self._changed.wait_for(lambda: self._writers == 0)
                self._grow(last if self._capacity else min(max(last, expected), self._most))
            self.rows = last
            self._turn += 1
            self._writers += 1
            self._changed.notify_all()
        try:
            yield first
        finally:
            with self._changed:
                self._writers -= 1
                self._changed.notify_all()

    def stop(self) -> None:
        """Let nobody wait any more: a part failed."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def keep(self, parts: Sequence[tuple[int, int]]) -> None:
        """Close the gaps: of each part, by its first row, keep so many rows."""
        for name, values in self.columns.items():
            self.columns[name] = np.concatenate([values[:0], *(values[first : first + rows] for first, rows in parts)])
        self.rows = sum(rows for _, rows in parts)

    def _grow(self, rows: int) -> None:
        capacity = rows + rows // 4 if self._capacity else rows
        for name, (kind, width) in self._kinds.items():
            # Pages that are never touched cost nothing.
            larger: NDArray = np.empty((capacity, width) if width > 1 else capacity, kind)
            if self.rows:
                larger[: self.rows] = self.columns[name][: self.rows]
            self.columns[name] = larger
        self._capacity = capacity


class TooManyRows(Exception):
    """The rows of this file are not for memory."""
