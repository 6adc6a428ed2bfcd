"""The refused rows of a batch as quarantine records: where, why, and their raw content."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from ingestion.adapters.reading import RawLine, Refusal
from ingestion.batch import FAULTS, REFUSED, TYPED, Batch
from ingestion.sealing import TextSealer
from ingestion.unasked import must_be_sealed
from lake.engine import sql_text
from lake.home import Home

_BLOCK = 20_000  # raw lines held at a time
_RAWS = pa.schema([("line", pa.int64()), ("raw", pa.string()), ("raw_sealed", pa.string()), ("reason", pa.string())])
ROW = "row"  # field of a refusal that belongs to no single column


def collect_refusals(batch: Batch, home: Home, file_date: date) -> dict[date, int]:
    """Fill the table `REFUSED` (line, field, rule, reason, all_reasons, raw, raw_sealed, business_date).

    Rows without a believable time count for `file_date`. Returns how many were refused, by business date.
    """
    con = batch.con
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {REFUSED} (line BIGINT, field VARCHAR, rule VARCHAR, reason VARCHAR, "
        "all_reasons VARCHAR, raw VARCHAR, raw_sealed VARCHAR, business_date DATE)"
    )
    if con.execute(f"SELECT 1 FROM {TYPED} WHERE _fault > 0 LIMIT 1").fetchone():
        _add_faults(batch, home, file_date)
    _add_reader_refusals(batch, home, file_date)
    rows = con.execute(f"SELECT business_date, count(*) FROM {REFUSED} GROUP BY ALL ORDER BY ALL").fetchall()
    return dict(rows)


def _add_faults(batch: Batch, home: Home, file_date: date) -> None:
    con, rules = batch.con, batch.rules
    carried = ", _refused_rule, _refused_field, _refused_reason, _raw" if batch.reader.shape.has_refusals else ""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {FAULTS} AS SELECT _row, _line, _fault, _source{carried} "
        f"FROM {batch.numbered} WHERE _fault > 0 ORDER BY _row"
    )
    con.execute("CREATE OR REPLACE TEMP TABLE raws (line BIGINT, raw VARCHAR, raw_sealed VARCHAR, reason VARCHAR)")
    _store_raws(batch, home)
    undated = f"DATE {sql_text(file_date.isoformat())}"
    names = [f"{check.field}: {check.reason}" for check in rules.checks]
    checks = ", ".join(
        f"({i}, {sql_text(check.field)}, {sql_text(check.rule)}, {sql_text(check.reason)})"
        for i, check in enumerate(rules.checks, 1)
    )
    listed = ", ".join(sql_text(name) for name in names)
    every = f"array_to_string(list_transform(list_sort(list_distinct(_faults)), f -> [{listed}][f]), '; ')"
    # The reader's word counts before the rules': a line that is no row fails every rule, and none of them is the reason.
    told = "coalesce(r.reason, f._refused_rule)" if carried else "r.reason"
    told_field = f"CASE WHEN r.reason IS NULL THEN f._refused_field ELSE '{ROW}' END" if carried else f"'{ROW}'"
    told_more = "coalesce(' (' || nullif(f._refused_reason, f._refused_rule) || ')', '')" if carried else "''"
    raw = "coalesce(f._raw, r.raw, f._source)" if carried else "coalesce(r.raw, f._source)"
    con.execute(
        f"INSERT INTO {REFUSED} SELECT line, coalesce(told_field, field) AS field, "
        "coalesce(told, rule) AS rule, coalesce(told, reason) AS reason, "
        "coalesce(told_field || ': ' || told || told_more, every) AS all_reasons, raw, raw_sealed, business_date FROM ("
        f"SELECT f._line AS line, n.field, n.rule, n.reason, {told} AS told, {told_more} AS told_more, "
        f"CASE WHEN {told} IS NOT NULL THEN coalesce({told_field}, '{ROW}') END AS told_field, {every} AS every, "
        f"CASE WHEN r.raw_sealed IS NULL AND NOT {batch.contract.has_personal_data} THEN {raw} END AS raw, r.raw_sealed, "
        f"coalesce(e._date, {undated}) AS business_date "
        f"FROM {FAULTS} AS f POSITIONAL JOIN ({rules.explained(FAULTS)}) AS e "
        f"LEFT JOIN (VALUES {checks}) AS n (fault, field, rule, reason) ON n.fault = f._fault LEFT JOIN raws AS r ON r.line = f._line)"
    )


def _store_raws(batch: Batch, home: Home) -> None:
    """Fetch the refused lines' raw content back from the file, sealed where it may name people."""
    con = batch.con
    lines = con.execute(f"SELECT DISTINCT _line FROM {FAULTS} ORDER BY _line").fetchnumpy()["_line"]
    found = batch.reader.raw(int(line) for line in np.asarray(lines))
    if batch.contract.has_personal_data:
        found = _with_values(batch, found)
    kept = _Kept(batch, home)
    while block := list(itertools.islice(found, _BLOCK)):
        columns = {
            "line": [raw.line for raw in block],
            **kept.columns([raw.text for raw in block]),
            "reason": [raw.reason for raw in block],
        }
        con.register("raw_block", pa.table(columns, schema=_RAWS))
        con.execute("INSERT INTO raws SELECT line, raw, raw_sealed, reason FROM raw_block")
        con.unregister("raw_block")


def _with_values(batch: Batch, found: Iterator[RawLine]) -> Iterator[RawLine]:
    """Sealed feeds keep their raw content in one place: what the file has no text for is sealed from its values."""
    first = next(found, None)
    if first is not None:
        yield first
        yield from found
        return
    has_raw = batch.reader.shape.has_refusals
    values = "coalesce(_raw, _source)" if has_raw else "_source"
    rows = batch.con.execute(f"SELECT _line, {values} FROM {FAULTS} ORDER BY _line").fetchall()
    for line, text in rows:
        yield RawLine(int(line), text)


def _add_reader_refusals(batch: Batch, home: Home, file_date: date) -> None:
    kept = _Kept(batch, home)
    for block in _blocks(batch.numbers.refusals):
        columns = {
            "line": [refusal.line for refusal in block],
            "field": [ROW] * len(block),
            "rule": [refusal.rule for refusal in block],
            "reason": [refusal.reason for refusal in block],
            "all_reasons": [f"{ROW}: {refusal.reason}" for refusal in block],
            **kept.columns([refusal.raw for refusal in block]),
            "business_date": [file_date] * len(block),
        }
        text = [(name, pa.string()) for name in ("field", "rule", "reason", "all_reasons", "raw", "raw_sealed")]
        schema = pa.schema([("line", pa.int64()), *text, ("business_date", pa.date32())])
        batch.con.register("refusal_block", pa.table(columns, schema=schema))
        batch.con.execute(f"INSERT INTO {REFUSED} BY NAME SELECT * FROM refusal_block")
        batch.con.unregister("refusal_block")


class _Kept:
    """Raw content as quarantine keeps it: in clear, or sealed."""

    def __init__(self, batch: Batch, home: Home) -> None:
        self._home = home
        self._sealed = must_be_sealed(batch)
        self._sealer: TextSealer | None = None  # there is no need of a key before there is something to seal

    def columns(self, texts: Sequence[str]) -> dict[str, list[str | None]]:
        sealed = [self._seal(text) if self._sealed(text) else None for text in texts]
        clear = [None if hidden else text for text, hidden in zip(texts, sealed, strict=True)]
        return {"raw": clear, "raw_sealed": sealed}

    def _seal(self, text: str) -> str:
        self._sealer = self._sealer or TextSealer(self._home)
        return self._sealer.seal(text)


def _blocks(items: Iterable[Refusal]) -> Iterator[list[Refusal]]:
    iterator = iter(items)
    while block := list(itertools.islice(iterator, _BLOCK)):
        yield block
