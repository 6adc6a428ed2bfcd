"""One column of texts of a scanned file: as codes of a list of words while they are few, else as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ingestion.scanning import word_table
from ingestion.scanning.blocks import Block
from ingestion.scanning.word_table import Heaps, WordTable

_SIZES = np.uint64(0xFFFFFFFF)


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

    def arrow(self, part: slice | NDArray[np.int32] | NDArray[np.int64], *, empty_is_missing: bool = False) -> pa.Array:
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


def coded(
    codes: NDArray[np.int32], blocks: Sequence[Block], index: int, tables: Sequence[WordTable]
) -> CodedTexts | None:
    """The column number `index` of texts, as threads took its blocks, each with its own table of words; None where there are
    too many of them."""
    if not tables or any(block.coded[index] < block.rows for block in blocks):
        return None
    found = [table.listed() for table in tables]
    words = pc.unique(pa.concat_arrays(found))
    if len(words) > word_table.MOST_WORDS:
        return None
    words = words.take(pc.sort_indices(words))  # the missing text, which all of them have, comes first
    _recode(codes, blocks, [np.array(pc.index_in(some, value_set=words), np.int32) for some in found])
    return CodedTexts(codes, words)


def gathered(
    codes: NDArray[np.int32], views: NDArray[np.uint64], blocks: Sequence[Block], index: int, tables: Sequence[WordTable],
    heaps: Heaps,
) -> PlainTexts:  # fmt: skip
    """The column number `index` of texts as views, those that were coded among them."""
    _uncode(codes, views, blocks, index, tables, heaps)
    return PlainTexts(views, heaps.buffers())


def _recode(codes: NDArray[np.int32], blocks: Iterable[Block], places: Sequence[NDArray[np.int32]]) -> None:
    """Make codes of each thread's words those of the words of all of them."""
    from ingestion.scanning.kernel import recode

    for block in blocks:
        recode(codes[block.first : block.first + block.rows], places[block.thread])


def _uncode(
    codes: NDArray[np.int32], views: NDArray[np.uint64], blocks: Iterable[Block], index: int,
    tables: Sequence[WordTable], heaps: Heaps,
) -> None:  # fmt: skip
    """Make what was coded views of its words."""
    words: dict[int, NDArray[np.uint64]] = {}
    for block in blocks:
        coded = block.coded[index]
        if not coded:
            continue
        if block.thread not in words:
            table = tables[block.thread]
            words[block.thread] = table.views(heaps.add(table.heap)[0])
        views[block.first : block.first + coded] = words[block.thread][codes[block.first : block.first + coded]]
