"""What the gate looks at of a scanned batch: of columns of words counted in memory, of others as of any batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ingestion.batch import DROPPED, MENDED
from ingestion.profile import column_profile
from ingestion.scanned_rows import numbers_as_stored, texts_as_stored
from ingestion.scanning.columns import given_values
from lake.engine import sql_name

if TYPE_CHECKING:
    from ingestion.scanned_batch import ScannedBatch


def scanned_profile(batch: ScannedBatch, gate: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, int]]:
    """Null shares and distinct counts of the columns that the gate names, of the rows that stay (`profile.column_profile`)."""
    at_hand = numbers_as_stored(batch).keys() | texts_as_stored(batch).keys() | batch.lists.keys()
    from ingestion.scanning.kernel import mark  # numba takes a second to import

    told = {"null_share": at_hand, "distinct_min": batch.lists.keys()}
    others = {look: {name: v for name, v in gate.get(look, {}).items() if name not in told[look]} for look in told}
    nulls, distinct = column_profile(batch.con, batch.kept(), others) if any(others.values()) else ({}, {})
    dropped = batch.con.execute(f"SELECT _row FROM {DROPPED}").fetchnumpy()["_row"]
    stay = ~batch.moved
    stay[np.asarray(dropped, np.int64)] = False
    for name in gate.get("null_share", {}):
        if name in at_hand:
            missing = _missing(batch, name)
            mended = _mended(batch, name)
            rows = int(stay.sum()) + sum(mended.values())
            nulls[name] = (int((missing & stay).sum()) + mended.get(None, 0)) / rows if rows else 0.0
    for name in gate.get("distinct_min", {}):
        if name in batch.lists:
            words = batch.lists[name]
            used = np.zeros(len(words.values) + 1, np.bool_)  # the last one: no value
            mark(words.indexes, stay, used)
            values = set(words.values.take(np.flatnonzero(used[:-1])).to_pylist()) | _mended(batch, name).keys()
            distinct[name] = len(values - {None})
    return nulls, distinct


def _missing(batch: ScannedBatch, name: str) -> NDArray[np.bool_]:
    """Of which rows a stored column has no value."""
    if name in batch.lists:
        return batch.lists[name].indexes < 0
    field = numbers_as_stored(batch).get(name)
    if field is not None:
        return ~given_values(field.kind, batch.columns.numbers[field.name])
    return texts_as_stored(batch)[name][1].empty()


def _mended(batch: ScannedBatch, name: str) -> dict[Any, int]:
    """How often each value comes in the rows that were read again."""
    found = batch.con.execute(
        f"SELECT {sql_name(name)}, count(*) FROM {MENDED} WHERE _fault = 0 "
        f"AND _row NOT IN (SELECT _row FROM {DROPPED}) GROUP BY ALL"
    )
    return dict(found.fetchall())
