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
    """A stored column as a list of different values, in order, and each row's index in it; -1 is no value.

    `complete`: every row has a value.
    """

    values: pa.Array
    indexes: NDArray[np.int32]
    complete: bool

    def arrow(self, part: Part) -> pa.DictionaryArray:
        """Some rows as Arrow has them, as a dictionary."""
        # Not looked over again: an index is of a value, or none.
        return pa.DictionaryArray.from_arrays(self._indexes(part), self.values, safe=False)

    def texts(self, part: Part) -> pa.Array:
        """Some rows as Arrow has them, as texts."""
        return self.values.take(self._indexes(part))

    def _indexes(self, part: Part) -> pa.Array:
        indexes = self.indexes[part]
        return pa.array(indexes, mask=None if self.complete else indexes < 0)

    def ranks(self) -> NDArray[np.int32]:
        """What the rows sort by: the place of each one's value among all, no value last."""
        if self.complete:
            return self.indexes
        return np.where(self.indexes < 0, np.int32(len(self.values)), self.indexes)


def listed(words: pa.Array, codes: NDArray[np.int32]) -> WordList:
    """The values behind the words as a list; some may be NULL. Takes `codes`, of which -1 is the last word's, over."""
    from ingestion.scanning.kernel import recode

    values = pc.unique(words).drop_null()
    values = values.take(pc.sort_indices(values))
    index = pc.fill_null(pc.index_in(words, value_set=values), -1).to_numpy().astype(np.int32)
    recode(codes, index)
    return WordList(values, codes, bool(codes.min(initial=0) >= 0))
