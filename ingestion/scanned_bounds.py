"""Columns of numbers and times of which the least and the greatest value say that all pass: nothing need be asked of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.rules.compiler import value_name
from ingestion.scanning import layout as L
from ingestion.scanning.columns import arrow, missing_value
from ingestion.scanning.texts import CodedTexts

if TYPE_CHECKING:
    from ingestion.scanned_batch import ScannedBatch


def within_bounds(batch: ScannedBatch) -> set[str]:
    """The contract columns whose every given value surely passes, and that lack none that they need.

    What passes is the rules' own word, over two rows: numbers and times pass from one to another (`surely_good`).
    """
    bounds = {name: _bounds(batch.fields[name].kind, values) for name, values in batch.columns.numbers.items()}
    again = int(batch.columns.again.sum())  # rows in which nothing is given, and which are judged by what they say
    received = batch.contract.received_column
    sources = batch.contract.column(received).sources if received is not None else ()
    varies = any(name in batch.fields and (name not in bounds or len(bounds[name][0])) for name in sources)
    asked = {}
    for name, (_, missing) in bounds.items():
        given = batch.fields[name].column
        if given is None or (batch.contract.column(given).required and missing > again):
            continue
        good = batch.quick.columns[given].good
        if not (varies and given != received and value_name(received or "") in good):
            asked[given] = good
    if not asked:
        return set()
    two = {
        name: _two(batch.fields[name].kind, values, bounds[name][0]) for name, values in batch.columns.numbers.items()
    }
    for name, texts in batch.columns.texts.items():
        two[name] = pa.array([0, 0], pa.int32()) if isinstance(texts, CodedTexts) else pa.array(["", ""])
    batch.con.register("bounds", pa.table(two))
    # A missing value passes where it may be missing; whether it may has been seen.
    wanted = ", ".join(f"bool_and(({good}) IS TRUE OR {value_name(name)} IS NULL)" for name, good in asked.items())
    found = batch.con.execute(f"SELECT {wanted} FROM ({batch.layers('bounds')})").fetchone()
    batch.con.unregister("bounds")
    assert found is not None
    return {name for name, passes in zip(asked, found, strict=True) if passes}


def _bounds(kind: int, values: NDArray) -> tuple[NDArray, int]:
    """The least and the greatest of the values, if there are any, and how many are missing."""
    from ingestion.scanning.kernel import bounds_of_reals, bounds_of_words

    if values.strides == (0,):
        return values[:0], len(values)
    if kind == L.BOOLEAN:
        given = values[values != L.NO_SHORT]
        return given[:1], len(values) - len(given)
    found = np.empty(2, values.dtype)
    if kind == L.REAL:
        missing = int(bounds_of_reals(values, found))
    else:
        missing = int(bounds_of_words(values, L.NO_INTEGER, found))
    return found if missing < len(values) else found[:0], missing


def _two(kind: int, values: NDArray, bounds: NDArray) -> pa.Array:
    two = np.resize(bounds, 2) if len(bounds) else np.full(2, missing_value(kind))
    return arrow(kind, two.astype(values.dtype))
