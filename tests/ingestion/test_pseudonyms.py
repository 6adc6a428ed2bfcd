"""Pseudonyms are HMAC-SHA256, whichever way they are made, and the key shows nowhere."""

from __future__ import annotations

import hashlib
import hmac

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import pseudonyms
from ingestion.hashing.hmac_kernel import LONGEST
from ingestion.pseudonyms import HashDiffers, pseudonymise


def _expected(values: list[str | None], key: bytes) -> list[str | None]:
    return [None if v is None else hmac.new(key, v.encode(), hashlib.sha256).hexdigest() for v in values]


@given(st.lists(st.one_of(st.none(), st.text(max_size=200))), st.binary(min_size=1, max_size=100))
def test_pseudonyms_are_hmac_sha256(values: list[str | None], key: bytes) -> None:
    values = [None if value is None else value.encode("utf-8", "ignore").decode() for value in values]
    expected = [None if v is None else hmac.new(key, v.encode(), hashlib.sha256).hexdigest() for v in values]
    assert pseudonymise(pa.array(values, pa.string()), key).to_pylist() == expected


def test_the_key_stands_in_no_text_of_an_expression_a_plan_or_an_error() -> None:
    padded = pseudonyms._column("inner", b"SECRET" * 8)
    expression = padded + pl.col("value").cast(pl.Binary)
    assert "SECRET" not in str(expression) + repr(expression)
    assert "SECRET" not in pl.LazyFrame({"value": ["x"]}).select(expression).explain(optimized=False)
    with pytest.raises(pl.exceptions.InvalidOperationError) as failed:
        pl.DataFrame({"value": [[1]]}).select(expression)
    assert "SECRET" not in str(failed.value)


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.text(max_size=LONGEST).map(
                lambda text: text.encode("utf-8", "ignore")[:LONGEST].decode("utf-8", "ignore")
            ),
        ),
        max_size=70,
    ),
    st.integers(0, 5),
    st.binary(min_size=1, max_size=100),
)
def test_compiled_pseudonyms_are_hmac_sha256_of_any_part_of_a_column(
    values: list[str | None], start: int, key: bytes
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pseudonyms, "_MANY", 0)
        patch.setattr(pseudonyms, "_SLICE", 20)
        patch.setattr(pseudonyms, "_composed", None)
        assert pseudonymise(pa.array(values, pa.string())[start:], key).to_pylist() == _expected(values[start:], key)


def test_texts_of_every_short_length_are_hashed_as_they_are() -> None:
    values = ["人" * (size // 3) + "x" * (size % 3) for size in range(LONGEST + 1)]
    given = pa.chunked_array([pa.array(values[:7]), pa.array([], pa.string()), pa.array(values[7:], pa.string())])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pseudonyms, "_MANY", 0)
        patch.setattr(pseudonyms, "_composed", None)
        assert pseudonymise(given, b"k" * 32).to_pylist() == _expected(values, b"k" * 32)


def test_many_values_with_a_long_one_are_hashed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pseudonyms, "_MANY", 2)
    values = ["a", "x" * (LONGEST + 1), None]
    assert pseudonymise(pa.array(values), b"k" * 32).to_pylist() == _expected(values, b"k" * 32)


def test_a_hash_that_is_not_pythons_is_never_a_pseudonym(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pseudonyms, "_MANY", 0)
    monkeypatch.setattr(pseudonyms, "_compiled", lambda values, *_: pa.array(["0" * 64] * len(values)))
    with pytest.raises(HashDiffers):
        pseudonymise(pa.array([None, "310117199001010011"]), b"k" * 32)
