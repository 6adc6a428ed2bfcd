"""Memory that is used again: to touch fresh pages costs more than to scan the text that is read into them."""

from __future__ import annotations

import weakref

import numpy as np
from numpy.typing import NDArray

_ALIGNED = 64


class Memory:
    """Hands out blocks of bytes; a block comes back by itself when nobody, Arrow's buffers included, refers to it."""

    def __init__(self) -> None:
        self._free: list[NDArray[np.uint8]] = []  # appending and popping are atomic

    def take(self, size: int) -> NDArray[np.uint8]:
        """At least `size` bytes, with whatever was in them."""
        try:
            block = self._free.pop()
        except IndexError:
            block = np.empty(0, np.uint8)
        if block.size < size:
            block = np.empty(size + size // 8, np.uint8)
        lent = np.frombuffer(block.data, np.uint8)  # not a view of the array: its parts would refer to that alone
        weakref.finalize(lent, self._free.append, block).atexit = False  # type: ignore[misc]
        return lent


class Parts:
    """One block of memory in parts, each beginning at a multiple of 64 bytes."""

    def __init__(self, memory: NDArray[np.uint8]) -> None:
        self._memory = memory
        self._used = 0

    @staticmethod
    def size(*sizes: int) -> int:
        """What parts of these sizes take together."""
        return sum(-(-size // _ALIGNED) * _ALIGNED for size in sizes) + _ALIGNED

    def next(self, size: int) -> NDArray[np.uint8]:
        """The next `size` bytes."""
        part = self._memory[self._used : self._used + size]
        self._used += -(-size // _ALIGNED) * _ALIGNED
        return part
