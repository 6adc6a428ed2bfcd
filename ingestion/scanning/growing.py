"""A column that grows piece by piece, in memory that is taken once: parts joined in the end would need it twice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Growing:
    """Takes arrays of one type and shape, all but their length."""

    def __init__(self, expected: int) -> None:
        self._values: NDArray | None = None
        self._expected = expected
        self._rows = 0

    def room(self, like: NDArray) -> NDArray:
        """Uninitialised memory for as many further rows as `like` has, of its type; filled by the caller."""
        rows, kind, shape = len(like), like.dtype, like.shape[1:]
        start, self._rows = self._rows, self._rows + rows
        if self._values is None:  # pages that are never touched cost nothing
            self._values = np.empty((max(self._expected, rows), *shape), kind)
        elif self._rows > len(self._values):
            larger = np.empty((self._rows + self._rows // 4, *shape), kind)
            larger[:start] = self._values[:start]
            self._values = larger
        return self._values[start : self._rows]

    def __len__(self) -> int:
        return self._rows

    def append(self, values: NDArray) -> None:
        """Take a copy of these rows."""
        self.room(values)[:] = values

    def whole(self, kind: type = np.int64) -> NDArray:
        """All rows; `kind` is the type where there are none."""
        return np.empty(0, kind) if self._values is None else self._values[: self._rows]
