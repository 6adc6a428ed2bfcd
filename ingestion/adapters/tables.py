"""Parquet and XLSX: parsed in a child process with limits, because their parsers are no place for hostile bytes.

The child (`untrusted`) writes the contract's columns as an Arrow file, which the engine then reads.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from ingestion.adapters.csv_text import check_columns
from ingestion.adapters.decoded import duckdb_type
from ingestion.adapters.reading import CARRIED_COLUMNS, ClearFile, FileRejected, LineNumbers, RawLine
from ingestion.adapters.workbook import DIGITS_LOST, EXACT_BELOW
from ingestion.contracts import Contract
from ingestion.limits import LandingLimits
from ingestion.rules import SourceShape
from lake.engine import sql_name, sql_text

CHILD_SECONDS = 900
CHILD_MEMORY = 4 << 30  # bytes of address space


class ParquetAdapter:
    format = "parquet"

    def recognises(self, name: str, head: bytes) -> bool:  # noqa: ARG002
        return head.startswith(b"PAR1")


class XlsxAdapter:
    format = "xlsx"

    def recognises(self, name: str, head: bytes) -> bool:  # noqa: ARG002
        return head.startswith(b"PK\x03\x04")


class TableReader:
    """A Parquet file or the first sheet of a workbook; a row's line is its number, from 1, or its row in the sheet."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, contract: Contract, file: ClearFile, kind: str, scratch: Path
    ) -> None:
        self.format = kind
        known = {source: column.name for column in contract.columns for source in column.sources}
        table = scratch / "table.arrow"
        found = _convert(kind, file.path, table, known)
        self.extra_columns: Sequence[str] = check_columns(contract, found)
        stream = pa.ipc.open_stream(pa.memory_map(str(table)))
        con.register("tabled", stream)
        if kind == "xlsx":
            kinds = {f.name: "VARCHAR" for f in stream.schema if f.name not in CARRIED_COLUMNS}
            self.shape = SourceShape(kinds, trims=True, has_line=True, has_refusals=True)
            self.relation = f"(SELECT {', '.join(map(sql_name, stream.schema.names))} FROM tabled)"
        else:
            kinds = {f.name: duckdb_type(f.type) for f in stream.schema}
            numbered = {
                name: known[name]
                for name, type_ in kinds.items()
                if type_ == "DOUBLE" and contract.column(known[name]).logical_type == "string"
            }
            self.shape = SourceShape(kinds | dict.fromkeys(numbered, "VARCHAR"), has_refusals=bool(numbered))
            self.relation = f"(SELECT {_columns(kinds, numbered)} FROM tabled)"

    def settle(self, con: duckdb.DuckDBPyConnection, rows: int) -> LineNumbers:  # noqa: ARG002
        return LineNumbers()

    def raw(self, lines: Iterable[int]) -> Iterator[RawLine]:  # noqa: ARG002
        return iter(())  # not text: the quarantine keeps the row's values instead


def _columns(kinds: Iterable[str], numbered: Mapping[str, str]) -> str:
    """SQL of the columns. `numbered`: those that should be text and are floating-point numbers, to the fields they are.

    A table whose numbers have gaps is often written so: 13900000001.0. From 15 digits on it may have been another number.
    """
    columns = []
    for name in map(sql_name, kinds):
        whole = f"{name} = trunc({name}) AND abs({name}) < {EXACT_BELOW:g}"
        text = f"CASE WHEN {whole} THEN CAST(CAST({name} AS BIGINT) AS VARCHAR) ELSE CAST({name} AS VARCHAR) END"
        columns.append(f"{text} AS {name}" if name in map(sql_name, numbered) else name)
    if numbered:
        lost = {sql_text(field): f"abs({sql_name(name)}) >= {EXACT_BELOW:g}" for name, field in numbered.items()}
        rule = f"CASE WHEN {' OR '.join(lost.values())} THEN {sql_text(DIGITS_LOST)} END"
        field = f"CASE {' '.join(f'WHEN {fails} THEN {field}' for field, fails in lost.items())} END"
        columns += [f"{rule} AS _refused_rule", f"{field} AS _refused_field", f"{rule} AS _refused_reason"]
        columns.append("NULL::VARCHAR AS _raw")
    return ", ".join(columns)


def _convert(kind: str, source: Path, target: Path, columns: Mapping[str, str]) -> list[str]:
    """Runs the child; the file's column names. Raises FileRejected when the child fails, whatever way it does, and
    OSError when it had no room for what it wrote."""
    command = [sys.executable, "-m", "ingestion.adapters.untrusted", kind, str(source), str(target)]
    limit = LandingLimits().unpacked(source.stat().st_size)
    environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV")}
    try:
        done = subprocess.run(
            [*command, str(CHILD_MEMORY), str(CHILD_SECONDS), str(limit)],
            input=json.dumps(columns),
            capture_output=True,
            text=True,
            timeout=CHILD_SECONDS,
            env={**environment, "PYTHONDONTWRITEBYTECODE": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"},
            cwd=Path(__file__).parents[2],
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FileRejected("unreadable_format", f"reading took over {CHILD_SECONDS} s") from None
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = {"reason": "unreadable_format", "detail": f"the reader ended with {done.returncode}"}
    if "errno" in answer:
        raise OSError(answer["errno"], answer["detail"])
    if "reason" in answer:
        raise FileRejected(answer["reason"], answer.get("detail", ""))
    return [str(name) for name in answer["columns"]]
