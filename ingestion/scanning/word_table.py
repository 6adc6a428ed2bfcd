"""The words that one thread has found in a column, and where the column's longer texts go when they are too many."""

from __future__ import annotations

import mmap
from itertools import count
from threading import Lock

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.scanning.layout import INLINE, SPARE
from ingestion.scanning.memory import address

MOST_WORDS = 1 << 16
LONGEST_WORD = 256  # bytes
SLOTS = 2 * MOST_WORDS
_HEAP_BYTES = 64 << 20


class WordTable:
    """See views_kernel.encode, which fills it. The missing text is word 0."""

    def __init__(self) -> None:
        self.slots = np.zeros(SLOTS, np.int32)
        self.words = np.zeros((MOST_WORDS, 4), np.int64)
        # Of which only what is used is touched, page by page: numpy's own memory of this size comes two million bytes at a time.
        self.heap = np.frombuffer(mmap.mmap(-1, MOST_WORDS * LONGEST_WORD + SPARE), np.uint8)
        self.slots[0] = 1  # the missing text, which hashes to 0, is there
        self.known, self.used = 1, 0

    def addresses(self) -> tuple[int, int, int]:
        """Where slots, words and heap lie."""
        return address(self.slots), address(self.words), address(self.heap)

    def listed(self) -> pa.Array:
        """The words in the order of their codes."""
        # They lie behind each other in the heap.
        ends = np.append(self.words[: self.known, 0], self.used).astype(np.int32)
        buffers = [None, pa.py_buffer(ends), pa.py_buffer(self.heap[: self.used].tobytes())]
        return pa.Array.from_buffers(pa.string(), self.known, buffers)

    def views(self, number: int) -> NDArray[np.uint64]:
        """The words as string views of `heap`, which is buffer `number`."""
        places, sizes, first, last = self.words[: self.known].T.astype(np.uint64)
        inline = sizes <= INLINE  # a short word's view is what was hashed
        starts = np.where(inline, first, sizes | first << np.uint64(32))
        return np.stack([starts, np.where(inline, last, np.uint64(number) | places << np.uint64(32))], axis=1)


class Heaps:
    """The memory of a column's longer texts, in buffers that threads fill each for itself."""

    def __init__(self) -> None:
        self._numbers = count()
        self._lock = Lock()
        self._buffers: dict[int, NDArray[np.uint8]] = {}

    def new(self, least: int) -> tuple[int, NDArray[np.uint8]]:
        """A further buffer of at least so many bytes, and its number."""
        return self.add(np.empty(max(least, _HEAP_BYTES) + SPARE, np.uint8))

    def add(self, buffer: NDArray[np.uint8]) -> tuple[int, NDArray[np.uint8]]:
        """A buffer that is there already."""
        with self._lock:
            number = next(self._numbers)
            self._buffers[number] = buffer
        return number, buffer

    def buffers(self) -> list[pa.Buffer]:
        """All of them, in the order of their numbers."""
        return [pa.py_buffer(self._buffers[number]) for number in sorted(self._buffers)]
