"""Rows that share their key are found by hashes of the keys, and no row besides that does not."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import scanned_keys
from ingestion.scanned_keys import rows_hashed_alike
from ingestion.scanning.kernel import mix_codes, mix_texts, mix_words
from ingestion.scanning.memory import address

# Texts within a view and beyond it, with the same beginnings, the same ends and the same sizes.
_TEXTS = st.builds(
    lambda start, middle, end: start + middle + end,
    st.sampled_from(["", "ev-", "s3://snapshots/2026-03-01/"]),
    st.text("01é", max_size=14),
    st.sampled_from(["", "0", "000000000.jpg"]),
)


def _hashed(texts: list[str], numbers: list[int], codes: list[int]) -> np.ndarray:
    column = pa.array(texts, pa.string_view())
    _, views, *heaps = column.buffers()
    padded = [pa.py_buffer(heap.to_pybytes() + bytes(16)) for heap in heaps]  # looked at in words
    hashes = np.zeros(len(texts), np.uint64)
    places = np.array([heap.address for heap in padded], np.int64)
    mix_texts(address(np.frombuffer(views, np.uint64)), len(texts), address(places), hashes)
    mix_words(np.array(numbers, np.int64), hashes)
    mix_codes(np.array(codes, np.int32), hashes)
    return hashes


@given(st.lists(st.tuples(_TEXTS, st.integers(-2, 2), st.integers(-1, 2), st.booleans()), min_size=1, max_size=80))
@pytest.mark.parametrize("bits", [64, 1 << 16])
def test_the_rows_hashed_alike_are_those_that_share_their_whole_key(
    bits: int, rows: list[tuple[str, int, int, bool]]
) -> None:
    texts, numbers, codes, stay = map(list, zip(*rows, strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanned_keys, "_LEAST_BITS", bits)  # few: most rows share one with another
        patch.setattr(scanned_keys, "_BITS_A_ROW", 0 if bits == 64 else 32)
        found = rows_hashed_alike(_hashed(texts, numbers, codes), np.array(stay))
    keys = Counter(row[:3] for row in rows if row[3])
    assert found.tolist() == [place for place, row in enumerate(rows) if row[3] and keys[row[:3]] > 1]
