"""A column of few different values, as a list of them and each row's place in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ingestion.scanning.columns import Part


@dataclass(frozen=True)
class WordList:
    """A stored column as a list of different values, sorted, and each row's index in it; -1 is no value."""

    values: pa.Array
    indexes: NDArray[np.int32]

    def arrow(self, part: Part) -> pa.DictionaryArray:
        """Some rows as Arrow has them."""
        indexes = self.indexes[part]
        given = indexes >= 0
        return pa.DictionaryArray.from_arrays(pa.array(indexes, mask=None if given.all() else ~given), self.values)


def listed(words: pa.Array, codes: NDArray[np.int32]) -> WordList:
    """The values behind the words as a list; some may be NULL. A code of -1 is that of the last word."""
    values = pc.unique(words).drop_null()
    values = values.take(pc.sort_indices(values))
    index = pc.fill_null(pc.index_in(words, value_set=values), -1).to_numpy().astype(np.int32)
    return WordList(values, index[codes])
