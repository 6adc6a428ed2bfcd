"""CSV through DuckDB's parser, all values as text; RFC 4180 quotes, delimiter found in the header line."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence

import duckdb

from ingestion.adapters.lines import BOM, as_text, fetch_lines
from ingestion.adapters.reading import (
    LINE_LIMIT,
    ClearFile,
    FileRejected,
    LineNumbers,
    NeedsCarefulReading,
    RawLine,
    Refusal,
)
from ingestion.adapters.repeated_column import repeated_column
from ingestion.contracts import Contract
from ingestion.rules import SourceShape
from lake.engine import sql_name, sql_text

FORMAT = "csv"
DELIMITERS = (",", ";", "\t", "|")
_serial = itertools.count(1)


class CsvAdapter:
    format = FORMAT

    def recognises(self, name: str, head: bytes) -> bool:
        first = head.removeprefix(BOM).split(b"\n", 1)[0]
        if first.lstrip().startswith((b"{", b"[", b"<")) or b"\0" in first:
            return False
        return name.lower().endswith((".csv", ".tsv", ".txt")) or any(d.encode() in first for d in DELIMITERS)


class Header:
    """The column names of a CSV file and its delimiter. Raises FileRejected for a header that cannot be used."""

    def __init__(self, head: bytes) -> None:
        line, end, _ = head.removeprefix(BOM).partition(b"\n")
        if not end and len(head) >= LINE_LIMIT:
            raise FileRejected("line_too_long", "the header line has no end")
        try:
            text = line.rstrip(b"\r").decode("utf-8")
        except UnicodeDecodeError:
            raise FileRejected("not_utf8", "the header line is not UTF-8") from None
        self.delimiter = max(DELIMITERS, key=text.count)
        try:
            self.names = [name.strip() for name in next(csv.reader([text], delimiter=self.delimiter), [])]
        except csv.Error:  # old Macintosh programs end lines so
            raise FileRejected("unreadable_format", "a carriage return alone in the header line") from None
        place = repeated_column(self.names)
        if place is not None:
            raise FileRejected(f"duplicate_column:{place}")


def check_columns(contract: Contract, names: Sequence[str]) -> list[str]:
    """The columns of a table-like file that the contract does not know.

    Raises FileRejected `missing_column:<c>` when a required column is not there at all: refusing every row one by one
    would say less.
    """
    for column in contract.columns:
        if column.required and column.default is None and not set(column.sources) & set(names):
            raise FileRejected(f"missing_column:{column.sources[0]}")
    if contract.require_any:
        choices = [source for name in contract.require_any for source in contract.column(name).sources]
        if not set(choices) & set(names):
            raise FileRejected(f"missing_column:{choices[0]}")
    known = {source for column in contract.columns for source in column.sources}
    return [name for name in names if name not in known]


class CsvReader:
    """Fast reading, in parallel; lines that DuckDB cannot split are fetched back and refused with their content."""

    format = FORMAT

    def __init__(self, contract: Contract, file: ClearFile) -> None:
        self._file = file
        header = Header(file.head)
        self.extra_columns: Sequence[str] = check_columns(contract, header.names)
        known = {source for column in contract.columns for source in column.sources}
        self.shape = SourceShape({name: "VARCHAR" for name in header.names if name in known}, trims=True)
        # Names of our own for DuckDB: a hostile header never enters a statement.
        places = {name: f"c{i}" for i, name in enumerate(header.names)}
        picked = ", ".join(f"{places[name]} AS {sql_name(name)}" for name in self.shape.columns)
        columns = ", ".join(f"'{place}': 'VARCHAR'" for place in places.values())
        self._rejects = f"csv_rejects_{next(_serial)}"
        self.relation = (
            f"(SELECT {picked} FROM read_csv({sql_text(file.path)}, auto_detect = false, header = true, "
            f"delim = {sql_text(header.delimiter)}, quote = '\"', escape = '\"', comment = '', nullstr = '', "
            f"compression = 'none', columns = {{{columns}}}, max_line_size = {LINE_LIMIT}, ignore_errors = true, "
            f"store_rejects = true, rejects_table = '{self._rejects}', rejects_scan = '{self._rejects}_scan', "
            f"null_padding = false))"
        )

    def settle(self, con: duckdb.DuckDBPyConnection, rows: int) -> LineNumbers:
        rejected = sorted(int(line) for (line,) in con.execute(f"SELECT DISTINCT line FROM {self._rejects}").fetchall())
        if 1 + rows + len(rejected) != self._file.lines:
            raise NeedsCarefulReading("blank lines, or records of several lines")
        shifts = {line - 2 - i: i + 1 for i, line in enumerate(rejected)}
        refusals = tuple(_refusal(line, raw) for line, raw in fetch_lines(self._file.path, rejected, self._file.ends))
        return LineNumbers(first=2, shifts=tuple(shifts.items()), refusals=refusals)

    def raw(self, lines: Iterable[int]) -> Iterator[RawLine]:
        for line, raw in fetch_lines(self._file.path, lines, self._file.ends):
            yield RawLine(line, as_text(raw))


def _refusal(line: int, raw: bytes) -> Refusal:
    reason = "line_too_long" if len(raw) > LINE_LIMIT else "malformed_csv"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        reason = "not_utf8" if reason == "malformed_csv" else reason
    return Refusal(line, reason, reason, as_text(raw))
