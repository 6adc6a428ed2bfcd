"""What a quick parser may have told wrong of some lines is read again from those lines alone, and their rows are mended.

DuckDB takes a line that is cut off and the good line after it for one broken object, and words, `false` and `true` where
a number should be for NULL, 0 and 1. Such rows are few and can be told: they came without any value, or with one of those
numbers. To read all of the file another way for them would cost as much as landing it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.adapters.reading import Doubting, NeedsCarefulReading, NeedsTextReading
from ingestion.batch import MENDED, STAGED, TYPED, Batch
from ingestion.rules import CompiledRules, FileFacts, SourceShape, compile_rules
from lake.engine import sql_name

# Lines that are mended, and characters of text in them; to read all of the file again is cheaper from there.
_MANY_DOUBTS = 20_000
_MANY_CHARACTERS = 64 << 20


def look_again(batch: Batch, facts: FileFacts) -> Batch:
    """The batch with every misread row as reading line by line has it.

    Raises NeedsTextReading or NeedsCarefulReading when too much of it is in doubt.
    """
    reader = batch.reader
    if not isinstance(reader, Doubting):
        return batch
    blank = _blank_rows(batch)
    doubtful = _doubtful_rows(batch, reader, blank)
    blank_lines, doubtful_lines = (batch.numbers.of(rows).tolist() for rows in (blank, doubtful))
    row_of = dict(zip(blank_lines + doubtful_lines, [*blank.tolist(), *doubtful.tolist()], strict=True))
    misread: dict[int, Mapping[str, str | None]] = {}
    characters = 0
    for line, given in reader.misread(blank_lines, doubtful_lines):
        misread[row_of[line]] = given
        characters += sum(len(text) for text in given.values() if text)
        if len(misread) > _MANY_DOUBTS or characters > _MANY_CHARACTERS:
            raise NeedsCarefulReading(f"line {line} and more than {len(misread) - 1} before it were misread")
    if not misread:
        return batch
    as_text = SourceShape(dict.fromkeys(reader.shape.columns, "VARCHAR"), has_line=True)
    rules = compile_rules(batch.contract, as_text, facts)
    _same_checks(rules, batch.rules)  # most of the refused rows are not mended
    return _mended(batch, misread, rules)


def _blank_rows(batch: Batch) -> NDArray[np.int64]:
    """The refused rows that came without a single value, in reading order."""
    nothing = json.dumps(dict.fromkeys(batch.reader.shape.columns), separators=(",", ":"), ensure_ascii=False)
    return _rows(batch, "_fault > 0 AND _source = ?", [nothing])


def _doubtful_rows(batch: Batch, reader: Doubting, blank: NDArray[np.int64]) -> NDArray[np.int64]:
    """The other rows whose number may have been something else. Raises NeedsTextReading when they are many."""
    stored = {c.sources[0]: c.stored.name for c in batch.contract.columns if c.stored is not None}
    doubts = [f"{name} IS NULL OR {name} IN (0, 1)" for name in (sql_name(stored[source]) for source in reader.typed)]
    found = np.setdiff1d(_rows(batch, " OR ".join(doubts) or "FALSE", []), blank, assume_unique=True)
    if len(found) > _MANY_DOUBTS:
        raise NeedsTextReading(f"{len(found)} rows have no plain number")
    return found


def _rows(batch: Batch, condition: str, values: list[Any]) -> NDArray[np.int64]:
    found = batch.con.execute(f"SELECT rowid FROM {TYPED} WHERE {condition} ORDER BY rowid", values).fetchnumpy()
    return np.asarray(found["rowid"], dtype=np.int64)


def _mended(batch: Batch, misread: Mapping[int, Mapping[str, str | None]], rules: CompiledRules) -> Batch:
    con, names = batch.con, list(batch.reader.shape.columns)
    columns: dict[str, Any] = {name: pa.array([row[name] for row in misread.values()], pa.string()) for name in names}
    con.register("misread", pa.table({"_line": pa.array(list(misread), pa.int64()), **columns}))
    con.execute(f"CREATE OR REPLACE TEMP TABLE {MENDED} AS {rules.typed('misread')}")
    con.unregister("misread")
    staged = [name for name, *_ in con.execute(f"DESCRIBE {STAGED}").fetchall()]
    values = ", ".join(f"{sql_name(name)} = m.{sql_name(name)}" for name in staged)
    con.execute(f"UPDATE {STAGED} AS s SET {values} FROM {MENDED} AS m WHERE s.rowid = m._line")
    con.execute(f"DROP TABLE {MENDED}")
    return replace(batch, rules=rules)  # which explain the refused rows: as text, a word for a number is still a word


def _same_checks(one: CompiledRules, other: CompiledRules) -> None:
    named = [[(check.field, check.rule, check.reason) for check in rules.checks] for rules in (one, other)]
    assert named[0] == named[1], "a fault is the number of a check: the order must not depend on how a file was read"
