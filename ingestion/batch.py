"""One file's rows inside DuckDB: read once into a typed table, in file order, each row with its first fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from ingestion.adapters import LineNumbers, Reader
from ingestion.contracts import Contract
from ingestion.geometries import offer_geometry
from ingestion.parquet_file import copy_rows
from ingestion.profile import column_profile
from ingestion.rules import CompiledRules, FileFacts, compile_rules
from lake.engine import sql_name, sql_text

# Temporary tables of the engine; a file is landed at a time, and each starts by dropping its predecessor's.
# `TYPED` is a view of the table `STAGED` with the columns that are the same in every row.
STAGED, TYPED, SHIFTS, FAULTS, REFUSED, DROPPED, MET, MEETS, MENDED = (
    "staged",
    "typed",
    "line_shifts",
    "faults",
    "refused",
    "dropped",
    "met",
    "meets",
    "mended",
)
SCANNED, PICKED = "scanned", "picked"  # what the compiled scanner has in memory (ingestion/scanned_batch.py)


@dataclass
class Batch:
    """The staged rows of one file and how to read them.

    `numbered` is a relation over the typed table with `_row` (reading order, from 0) and `_line`.
    `pseudonyms` maps a stored column that holds an identity to the temporary table that maps it to its pseudonym.
    """

    con: duckdb.DuckDBPyConnection
    contract: Contract
    reader: Reader
    rules: CompiledRules
    rows: int
    numbers: LineNumbers
    numbered: str
    pseudonyms: Mapping[str, str] = field(default_factory=dict)
    _good: dict[date, int] | None = field(default=None, init=False)

    @property
    def received(self) -> int:
        return self.rows + len(self.numbers.refusals)

    def good_by_date(self) -> dict[date, int]:
        """How many rows pass every check, by business date. Counted once: asked for when no check is to come."""
        if self._good is None:
            rows = self.con.execute(f"SELECT _date, count(*) FROM {TYPED} WHERE _fault = 0 GROUP BY ALL ORDER BY ALL")
            self._good = dict(rows.fetchall())
        return dict(self._good)

    def dropped(self) -> int:
        """How many rows are in `DROPPED`."""
        row = self.con.execute(f"SELECT count(*) FROM {DROPPED}").fetchone()
        assert row is not None
        return int(row[0])

    def picked(self, rows: str, *, whole: bool = True) -> str:  # noqa: ARG002
        """`final` with only the rows in a temporary table (`_row`, each once); not `whole`: at least their `_date`."""
        return f"(SELECT f.* FROM {self.final()} AS f SEMI JOIN {rows} USING (_row))"

    def kept(self) -> str:
        """`final` without the rows in `DROPPED`."""
        if not self.con.execute(f"SELECT 1 FROM {DROPPED} LIMIT 1").fetchone():
            return self.final()
        return f"(SELECT * FROM {self.final()} ANTI JOIN {DROPPED} USING (_row))"

    def column_profile(self, gate: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, int]]:
        """Null shares and distinct counts of the columns that a contract's gate names, of the rows that stay."""
        return column_profile(self.con, self.kept(), gate)

    def arrange(self) -> None:
        """Put the rows in the order in which they are stored, where that is better done at once than for each file."""

    def alike(self) -> NDArray[np.int64] | None:
        """The places of all rows that may share their key with another one of the batch; None: not known."""
        return None

    def write_date(self, day: date, file_sha256: str, new_file: Callable[[], Path]) -> list[Path]:
        """Write the rows of a business date that stay, as bronze stores them and in its order; the files that got any."""
        kept = f"(SELECT * FROM {self.kept()} WHERE _date = DATE '{day.isoformat()}' {self._order()})"
        return copy_rows(self.con, new_file(), self._stored_rows(kept, file_sha256))

    def _stored_rows(self, relation: str, file_sha256: str) -> str:
        """A SELECT of a relation's rows as bronze stores them."""
        columns = []
        for column in self.contract.stored_columns:
            name = sql_name(column.name)
            # Codes and pseudonyms may be ENUMs here: a ready-made dictionary for Parquet, which reads back as text.
            columns.append(name if column.type == "VARCHAR" else f"CAST({name} AS {column.type}) AS {name}")
            if column.name in self.rules.constants:  # which the sort need not carry
                columns[-1] = f"{self.rules.constants[column.name]} AS {name}"
        sha = sql_text(file_sha256)
        columns.append(
            f"CAST({sha} AS ENUM({sha})) AS _file_sha256"
        )  # a dictionary, too: the same text is not hashed anew
        return f"SELECT {', '.join(columns)}, _line FROM {relation}"

    def _order(self) -> str:
        """ORDER BY of the rows, empty where they already lie in order (sources mostly write as time goes by)."""
        wanted = self.contract.sort_order
        if not wanted:
            return ""
        if len(wanted) == 1 and wanted[0] not in self.pseudonyms:
            found = self.con.execute(f"SELECT {sql_name(wanted[0])} AS at FROM {TYPED} WHERE _fault = 0").fetchnumpy()
            at = found["at"]
            if not np.ma.is_masked(at) and at.dtype.kind in "Mif" and bool((at[1:] >= at[:-1]).all()):
                return ""
        return f"ORDER BY {', '.join(map(sql_name, wanted))}, _line"

    def final(self) -> str:
        """A relation of the good rows as bronze stores them (identities as pseudonyms), with `_row`, `_line`, `_date`."""
        columns, joins = [], []
        for column in self.contract.stored_columns:
            name = sql_name(column.name)
            mapping = self.pseudonyms.get(column.name)
            if mapping is None:
                columns.append(f"n.{name} AS {name}")
            else:
                columns.append(f"{mapping}.pseudonym AS {name}")
                joins.append(f"LEFT JOIN {mapping} ON n.{name} = {mapping}.value")
        return (
            f"(SELECT n._row, n._line, n._date, {', '.join(columns)} FROM {self.numbered} AS n {' '.join(joins)} "
            "WHERE n._fault = 0)"
        )


def stage(con: duckdb.DuckDBPyConnection, contract: Contract, reader: Reader, facts: FileFacts) -> Batch:
    """Read, type and check a file's rows. Raises NeedsCarefulReading when its lines cannot be numbered this way."""
    rules = compile_rules(contract, reader.shape, facts)
    offer_geometry(con, contract)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {STAGED} AS {rules.typed(reader.relation)}")
    same = "".join(f", {value} AS {sql_name(name)}" for name, value in rules.constants.items())
    con.execute(f"CREATE OR REPLACE TEMP VIEW {TYPED} AS SELECT rowid, *{same} FROM {STAGED}")
    rows = _count(con)
    numbers = reader.settle(con, rows)
    return Batch(con, contract, reader, rules, rows, numbers, _numbered(con, reader, numbers))


def _count(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute(f"SELECT count(*) FROM {TYPED}").fetchone()
    assert row is not None
    return int(row[0])


def _numbered(con: duckdb.DuckDBPyConnection, reader: Reader, numbers: LineNumbers) -> str:
    if reader.shape.has_line:
        return f"(SELECT rowid AS _row, * EXCLUDE (rowid) FROM {TYPED})"
    line = f"rowid + {numbers.first}"  # DuckDB keeps the order of a file, so a row's place gives its line
    if not numbers.shifts:
        return f"(SELECT rowid AS _row, {line} AS _line, * EXCLUDE (rowid) FROM {TYPED})"
    con.execute(f"CREATE OR REPLACE TEMP TABLE {SHIFTS} (first_row BIGINT, shift BIGINT)")
    con.executemany(f"INSERT INTO {SHIFTS} VALUES (?, ?)", [(0, 0), *(s for s in numbers.shifts if s[0] > 0)])
    if numbers.shifts[0][0] == 0:
        con.execute(f"UPDATE {SHIFTS} SET shift = ? WHERE first_row = 0", [numbers.shifts[0][1]])
    return (
        f"(SELECT t.rowid AS _row, t.{line} + shift AS _line, t.* EXCLUDE (rowid) FROM {TYPED} AS t "
        f"ASOF JOIN {SHIFTS} ON t.rowid >= first_row)"
    )


def clear(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what the last file left, so that its memory is free for the next."""
    con.execute(f"DROP VIEW IF EXISTS temp.{TYPED}")
    for table in (STAGED, SHIFTS, FAULTS, REFUSED, DROPPED, MET, MEETS, MENDED):
        con.execute(f"DROP TABLE IF EXISTS temp.{table}")
    for name in ("decoded", "tabled", SCANNED, PICKED):
        con.unregister(name)
