"""Parquet and XLSX: parsed in a child process with limits, because their parsers are no place for hostile bytes.

The child (`untrusted`) writes the contract's columns as an Arrow file, which the engine then reads.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from ingestion.adapters.csv_text import check_columns
from ingestion.adapters.decoded import duckdb_type
from ingestion.adapters.reading import ClearFile, FileRejected, LineNumbers, RawLine
from ingestion.contracts import Contract
from ingestion.rules import SourceShape
from lake.engine import sql_name

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
        known = [source for column in contract.columns for source in column.sources]
        table = scratch / "table.arrow"
        found = _convert(kind, file.path, table, known)
        self.extra_columns: Sequence[str] = check_columns(contract, found)
        stream = pa.ipc.open_stream(pa.memory_map(str(table)))
        con.register("tabled", stream)
        kinds = {f.name: duckdb_type(f.type) for f in stream.schema}
        self.shape = SourceShape(kinds, trims=kind == "xlsx")
        self.relation = f"(SELECT {', '.join(map(sql_name, kinds))} FROM tabled)"
        self._first = 2 if kind == "xlsx" else 1

    def settle(self, con: duckdb.DuckDBPyConnection, rows: int) -> LineNumbers:  # noqa: ARG002
        return LineNumbers(first=self._first)

    def raw(self, lines: Iterable[int]) -> Iterator[RawLine]:  # noqa: ARG002
        return iter(())  # not text: the quarantine keeps the row's values instead


def _convert(kind: str, source: Path, target: Path, columns: Sequence[str]) -> list[str]:
    """Runs the child; the file's column names. Raises FileRejected when the child fails, whatever way it does."""
    command = [sys.executable, "-m", "ingestion.adapters.untrusted", kind, str(source), str(target)]
    environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV")}
    try:
        done = subprocess.run(
            [*command, str(CHILD_MEMORY), str(CHILD_SECONDS)],
            input=json.dumps(list(columns)),
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
    if "reason" in answer:
        raise FileRejected(answer["reason"], answer.get("detail", ""))
    return [str(name) for name in answer["columns"]]
