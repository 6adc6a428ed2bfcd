"""Memory that is used again, and where it lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Buffer:
    """Bytes that are read into again and again: to touch fresh pages costs more than to scan the text."""

    def __init__(self) -> None:
        self._bytes = np.empty(0, np.uint8)

    def take(self, size: int) -> NDArray[np.uint8]:
        """At least `size` bytes, with whatever was in them; those handed out before are gone."""
        if self._bytes.size < size:
            self._bytes = np.empty(size + size // 8, np.uint8)
        return self._bytes


def address(array: NDArray) -> int:
    """Where an array's values lie, for the compiled functions."""
    return int(array.ctypes.data)
