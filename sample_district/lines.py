"""The lines of a file, held as one buffer: millions of them cost no Python object each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from sample_district.terrain import Ints


@dataclass(frozen=True)
class Lines:
    """Bytes of consecutive lines, each ending in a newline; line i is `buffer[starts[i]:starts[i + 1]]`."""

    buffer: memoryview
    starts: Ints

    @classmethod
    def of_series(cls, lines: pl.Series) -> Lines:
        """Lines of a string column whose values already end in a newline."""
        if lines.len() == 0:
            return cls(memoryview(b""), np.zeros(1, dtype=np.int64))
        array = lines.rechunk().to_arrow()  # a large_string: offsets and one values buffer
        _, offsets, values = array.buffers()
        starts = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
        return cls(memoryview(values)[int(starts[0]) : int(starts[-1])], starts - starts[0])

    @classmethod
    def of_list(cls, lines: Iterable[bytes]) -> Lines:
        kept = list(lines)
        starts = np.concatenate([[0], np.cumsum([len(line) for line in kept])]).astype(np.int64)
        return cls(memoryview(b"".join(kept)), starts)

    @property
    def count(self) -> int:
        return int(self.starts.size) - 1

    def line(self, index: int) -> bytes:
        return bytes(self.buffer[self.starts[index] : self.starts[index + 1]])

    def with_inserted(self, inserted: list[tuple[int, bytes]]) -> Iterator[memoryview | bytes]:
        """The bytes in order, with each extra line before the line of that index; `inserted` is sorted by index."""
        done = 0
        for index, content in inserted:
            here = int(self.starts[index])
            if here > done:
                yield self.buffer[done:here]
            yield content
            done = here
        if done < len(self.buffer):
            yield self.buffer[done:]
