"""What the gate looks at of a scanned batch: of columns of words counted in memory, of others as of any batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ingestion.batch import DROPPED, MENDED
from ingestion.profile import column_profile
from lake.engine import sql_name

if TYPE_CHECKING:
    from ingestion.scanned_batch import ScannedBatch

_LOOKS = ("null_share", "distinct_min")


def scanned_profile(batch: ScannedBatch, gate: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, int]]:
    """Null shares and distinct counts of the columns that the gate names, of the rows that stay (`profile.column_profile`)."""
    others = {look: {name: v for name, v in gate.get(look, {}).items() if name not in batch.lists} for look in _LOOKS}
    nulls, distinct = column_profile(batch.con, batch.kept(), others)
    dropped = batch.con.execute(f"SELECT _row FROM {DROPPED}").fetchnumpy()["_row"]
    stay = ~batch.moved
    stay[np.asarray(dropped, np.int64)] = False
    every = bool(stay.all())
    for name in {name for look in _LOOKS for name in gate.get(look, {})} & batch.lists.keys():
        words = batch.lists[name]
        counts = np.bincount((words.indexes if every else words.indexes[stay]) + 1, minlength=len(words.values) + 1)
        mended = dict(
            batch.con.execute(
                f"SELECT {sql_name(name)}, count(*) FROM {MENDED} WHERE _fault = 0 "
                f"AND _row NOT IN (SELECT _row FROM {DROPPED}) GROUP BY ALL"
            ).fetchall()
        )
        rows = int(counts.sum()) + sum(mended.values())
        used = set(words.values.take(np.flatnonzero(counts[1:])).to_pylist()) | mended.keys()
        if name in gate.get("null_share", {}):
            nulls[name] = (int(counts[0]) + mended.get(None, 0)) / rows if rows else 0.0
        if name in gate.get("distinct_min", {}):
            distinct[name] = len(used - {None})
    return nulls, distinct
