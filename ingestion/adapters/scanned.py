"""CSV for the compiled scanner: which fields there are, where the lines begin, and any line as text again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import duckdb

from ingestion.adapters.careful_csv import CarefulCsv
from ingestion.adapters.csv_text import FORMAT, Header, check_columns
from ingestion.adapters.lines import as_text, fetch_lines
from ingestion.adapters.reading import LINE_LIMIT, ClearFile, LineNumbers, RawLine
from ingestion.contracts import Contract
from ingestion.rules import SourceShape
from ingestion.scanning.plan import Field, plan_for
from ingestion.scanning.scanner import Piece, Scanner


class ScannedReader:
    """One CSV file. `shape` is that of its lines read as text."""

    format = FORMAT
    relation = ""  # its rows are no relation: ingestion/scanned_batch.py

    def __init__(self, contract: Contract, file: ClearFile) -> None:
        self._file = file
        header = Header(file.head)
        self.extra_columns: Sequence[str] = check_columns(contract, header.names)
        self.fields: Sequence[Field] = plan_for(contract, header.names)
        self._scanner = Scanner(self.fields, header.delimiter)
        self._careful = CarefulCsv(contract, file.head)
        known = {source for column in contract.columns for source in column.sources}
        columns = {name: "VARCHAR" for name in header.names if name in known}
        self.shape = SourceShape(columns, trims=True, has_line=True)

    def pieces(self) -> Iterator[Piece]:
        """The file's rows. Raises AmbiguousLines, LineHasNoEnd."""
        start = self._file.head.find(b"\n") + 1 or self._file.size
        return self._scanner.pieces(self._file.path, start, line=2)

    def settle(self, con: duckdb.DuckDBPyConnection, rows: int) -> LineNumbers:  # noqa: ARG002
        return LineNumbers()

    def texts(self, lines: Iterable[int]) -> Iterator[tuple[int, Mapping[str, str | None]]]:
        """The text of every source column on some lines (ascending), as reading line by line gives it."""
        for line, raw in fetch_lines(self._file.path, lines, self._file.ends):
            given = self._read(raw)[1]
            yield line, {name: given.get(name) for name in self.shape.columns}

    def raw(self, lines: Iterable[int]) -> Iterator[RawLine]:
        for line, raw in fetch_lines(self._file.path, lines, self._file.ends):
            yield RawLine(line, as_text(raw), self._read(raw)[0])

    def _read(self, raw: bytes) -> tuple[str | None, Mapping[str, str | None]]:
        return ("line_too_long", {}) if len(raw) > LINE_LIMIT else self._careful.read_line(raw)
