"""One column of texts of a scanned file: as codes of a list of words while they are few, else as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.scanning.growing import Growing
from ingestion.scanning.layout import SPARE
from ingestion.scanning.scanner import address

MOST_WORDS = 1 << 16
LONGEST_WORD = 256  # bytes
_SLOTS = 4 * MOST_WORDS
_SIZES = np.uint64(0xFFFFFFFF)
_SHARE = 100_000  # rows taken in one go
_INLINE = 12  # bytes of a text that a view holds itself


@dataclass
class CodedTexts:
    """A column as codes: `codes` is int32 a row, the index of its text in `words`; the empty text is word 0."""

    codes: NDArray[np.int32]
    words: pa.Array


@dataclass
class PlainTexts:
    """A column as it is: string views of places in `heaps`."""

    views: NDArray[np.uint64]
    heaps: Sequence[pa.Buffer]

    def arrow(self, part: slice | NDArray[np.int32], *, empty_is_missing: bool = False) -> pa.Array:
        """Some rows as Arrow has them."""
        # A view is taken as one number of 16 bytes: several times as fast as rows of a table.
        views = self.views[part] if isinstance(part, slice) else self.views.view(np.complex128)[part, 0].view(np.uint64)
        views = np.ascontiguousarray(views.reshape(-1, 2))
        given = (views[:, 0] & _SIZES) > 0 if empty_is_missing else None
        present = None if given is None or given.all() else pa.py_buffer(np.packbits(given, bitorder="little"))
        return pa.Array.from_buffers(pa.string_view(), len(views), [present, pa.py_buffer(views), *self.heaps])

    def empty(self) -> NDArray[np.bool_]:
        """Which rows have no text."""
        return (self.views[:, 0] & _SIZES) == 0


class TextColumn:
    """Takes the column piece by piece; begins with codes, and goes over to the texts when the words become too many."""

    def __init__(self, expected: int = 0, *, coded: bool) -> None:
        self._coding = coded
        self._codes = Growing(expected if coded else 0)
        self._views = Growing(expected)
        self._heaps: list[NDArray[np.uint8]] = []
        if coded:
            self._slots = np.zeros(_SLOTS, np.int64)
            self._words = np.zeros((MOST_WORDS, 4), np.int64)  # see views_kernel.encode
            self._heap = np.empty(MOST_WORDS * LONGEST_WORD + SPARE, np.uint8)  # of which only what is used is touched
            self._known = self._used = 0
            # The missing text is word 0.
            self._encode(np.zeros((1, 2), np.uint64), np.zeros(SPARE, np.uint8), np.empty(1, np.int32))

    def take(self, views: NDArray[np.uint64], text: NDArray[np.uint8]) -> None:
        """The views of the next piece, which are of places in `text`."""
        if self._coding:
            codes = self._codes.room(np.empty(len(views), np.int32))
            self._encode(views, text, codes)
            if codes.min(initial=0) >= 0:
                return
            self._stop_coding(len(views))
        self._gather(views, text)

    def finish(self) -> CodedTexts | PlainTexts:
        """The whole column; nothing can be taken any more."""
        if self._coding:
            return CodedTexts(self._codes.whole(np.int32), self._word_list())
        views = self._views.whole(np.uint64).reshape(-1, 2)
        return PlainTexts(views, [pa.py_buffer(heap) for heap in self._heaps])

    def _encode(self, views: NDArray[np.uint64], text: NDArray[np.uint8], codes: NDArray[np.int32]) -> None:
        from ingestion.scanning.kernel import encode

        self._known, self._used = encode(
            address(views), len(views), address(text), address(codes), address(self._slots), _SLOTS - 1,
            address(self._words), address(self._heap), MOST_WORDS, LONGEST_WORD, self._known, self._used,
        )  # fmt: skip

    def _gather(self, views: NDArray[np.uint64], text: NDArray[np.uint8]) -> None:
        from ingestion.scanning.kernel import gather

        sizes = views[:, 0] & _SIZES
        heap = np.empty(int(sizes[sizes > _INLINE].sum()) + SPARE, np.uint8)
        kept = self._views.room(views)
        gather(address(views), len(views), address(text), address(kept), address(heap), len(self._heaps))
        self._heaps.append(heap)

    def _stop_coding(self, last: int) -> None:
        """What was coded before the `last` rows becomes views of the words."""
        self._coding = False
        places, sizes, first, last_word = self._words[: self._known].T.astype(np.uint64)
        inline = sizes <= _INLINE  # a short word's view is what was hashed
        starts = np.where(inline, first, sizes | first << np.uint64(32))
        words = np.stack([starts, np.where(inline, last_word, places << np.uint64(32))], axis=1)
        codes = self._codes.whole(np.int32)
        codes = codes[: len(codes) - last]
        for start in range(0, len(codes), _SHARE):
            self._gather(words[codes[start : start + _SHARE]], self._heap)
        del self._codes, self._slots, self._words, self._heap

    def _word_list(self) -> pa.Array:
        places, sizes = self._words[: self._known, :2].T
        heap = self._heap[: self._used].tobytes()
        return pa.array([heap[p : p + s].decode() for p, s in zip(places.tolist(), sizes.tolist(), strict=True)])
