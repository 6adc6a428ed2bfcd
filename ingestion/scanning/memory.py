"""Memory that is used again, and where it lies."""

from __future__ import annotations

import sys
from threading import Lock

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


class Reused:
    """Memory that is handed out again once nobody else holds it, or a view of it."""

    def __init__(self) -> None:
        self._held: list[NDArray[np.uint8]] = []
        self._lock = Lock()

    def take(self, size: int) -> NDArray[np.uint8]:
        """At least `size` bytes, with whatever was in them."""
        with self._lock:
            for array in self._held:
                if array.size >= size and sys.getrefcount(array) == _UNUSED:
                    return array
            array = np.empty(size + size // 8, np.uint8)
            self._held.append(array)
            return array


# As many references as are told of an array that a list alone holds, within a loop over it.
_UNUSED = next(sys.getrefcount(array) for array in [np.empty(0, np.uint8)])
