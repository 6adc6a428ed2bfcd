"""The Parquet files of a file that went the straight way become the lake's own, when its rows lie in them as bronze wants.

What must not be in them (repeats, rows that landed rows beat, rows of another business date) is few: it is deleted in the
commit that adds them, by a delete file of the lake. What they do not hold (rows judged apart) is written beside them.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import numpy as np

from ingestion.batch import APART, DROPPED, REMOVED, TYPED, Batch
from lake.engine import sql_name, sql_text

_MOST_REMOVED = 0.1  # share of the rows; with more of them, new files are the cheaper ones to read ever after


def relation_of(parts: Sequence[Path]) -> str:
    """A relation of the rows of some Parquet files, in their order."""
    return f"read_parquet([{', '.join(map(sql_text, parts))}])"


def adoptable(batch: Batch, main: date) -> bool:
    """Whether the parts may become the files of the business date `main`; fills `REMOVED` (`_line`) with what must go.

    A part's own rows have positive line numbers; a row that only marks the end of its segment has a negative one.
    """
    con = batch.con
    (wanted,) = batch.contract.sort_order or (None,)
    if wanted is not None and not all(_sorted(con, part, wanted) for part in batch.parts):
        return False
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {REMOVED} AS SELECT _line FROM {relation_of(batch.parts)} WHERE _line < 0 "
        f"UNION ALL SELECT _line FROM {TYPED} WHERE _fault = 0 AND (_date <> DATE {sql_text(main.isoformat())} "
        f"OR rowid IN (SELECT _row FROM {DROPPED})) AND _line NOT IN (SELECT _line FROM {APART})"
    )
    (removed,) = con.execute(f"SELECT count(*) FROM {REMOVED}").fetchone() or (0,)
    return bool(removed <= _MOST_REMOVED * batch.rows)


def others(batch: Batch) -> str:
    """A relation of the kept rows that the parts, less what is removed, do not hold."""
    return (
        f"(SELECT * FROM {batch.kept()} WHERE _line IN (SELECT _line FROM {APART}) "
        f"OR _line IN (SELECT _line FROM {REMOVED}))"
    )


def move_parts(batch: Batch, folder: Path, file_sha256: str) -> list[Path]:
    """Give the parts their places in the lake's folder of their business date; not yet synced."""
    folder.mkdir(parents=True, exist_ok=True)
    moved = []
    for part in batch.parts:
        target = folder / f"{file_sha256[:16]}-{uuid.uuid4().hex[:12]}.parquet"
        shutil.move(part, target)
        moved.append(target)
    return moved


def _sorted(con: duckdb.DuckDBPyConnection, part: Path, column: str) -> bool:
    values = con.execute(f"SELECT {sql_name(column)} AS at FROM {relation_of([part])} WHERE _line > 0").fetchnumpy()[
        "at"
    ]
    return not np.ma.is_masked(values) and values.dtype.kind in "Mif" and bool((values[1:] >= values[:-1]).all())
