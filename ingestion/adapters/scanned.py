"""CSV and NDJSON for the compiled scanner: which fields there are, where the lines begin, and any line as text again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cached_property

import duckdb

from ingestion.adapters import ndjson
from ingestion.adapters.careful_csv import CarefulCsv
from ingestion.adapters.csv_text import FORMAT as CSV
from ingestion.adapters.csv_text import Header, check_columns
from ingestion.adapters.lines import BOM, as_text, fetch_lines, lines_at
from ingestion.adapters.reading import LINE_LIMIT, ClearFile, LineNumbers, NeedsTextReading, RawLine
from ingestion.contracts import Contract
from ingestion.rules import SourceShape
from ingestion.scanning.columns import ScannedColumns
from ingestion.scanning.plan import Field, plan_for
from ingestion.scanning.scanner import CsvScanner, ObjectScanner, Scanner

_MOST_HELD = 32 << 20  # bytes of lines


class ScannedReader(ABC):
    """One file of lines. `shape` is that of its lines read as text."""

    format: str
    relation = ""  # its rows are no relation: ingestion/scanned_batch.py
    extra_columns: Sequence[str]
    fields: Sequence[Field]
    shape: SourceShape
    _scanner: Scanner
    _start, _line = 0, 1  # of the first row: the byte where it begins, and its line

    def __init__(self, file: ClearFile) -> None:
        self._file = file
        self._begun: Future[ScannedColumns] | None = None
        self._held: dict[int, RawLine] = {}  # lines read as text, of which most are to be refused next

    @cached_property
    def _nothing(self) -> Mapping[str, str | None]:
        return dict.fromkeys(self.shape.columns)

    @abstractmethod
    def _read(self, raw: bytes) -> tuple[str | None, Mapping[str, str | None]]:
        """Why a line of at most LINE_LIMIT bytes is no row, or None; and what it gives for each column of `shape`, as text."""

    def begin(self) -> None:
        """Have the file scanned from here on, beside whatever else is done."""
        beside = ThreadPoolExecutor(1, thread_name_prefix="scanning")
        self._begun = beside.submit(self._scan)
        beside.shutdown(wait=False)

    def columns(self) -> ScannedColumns:
        """The file's rows, once. Raises AmbiguousLines, LineHasNoEnd, LinesTooShort, TooManyRows."""
        begun, self._begun = self._begun, None
        return self._scan() if begun is None else begun.result()

    def stop(self) -> None:
        """Wait for what has been begun and was not asked for, cut short."""
        if self._begun is not None:
            self._scanner.stop()
            wait([self._begun])

    def _scan(self) -> ScannedColumns:
        return self._scanner.scan(self._file.path, self._start, self._line)

    def settle(self, con: duckdb.DuckDBPyConnection, rows: int) -> LineNumbers:  # noqa: ARG002
        return LineNumbers()

    def texts(self, places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, Mapping[str, str | None]]]:
        """The text of every source column on some lines, as reading line by line gives it.

        Of each line its number and the byte of the file at which it begins.
        """
        held = 0
        for line, raw in lines_at(self._file.path, places):
            reason, given = self._told(raw)
            held += len(raw)
            if held <= _MOST_HELD:
                self._held[line] = RawLine(line, as_text(raw), reason)
            yield line, given

    def raw(self, lines: Iterable[int]) -> Iterator[RawLine]:
        wanted = list(lines)
        if self._held.keys() >= set(wanted):
            yield from map(self._held.__getitem__, wanted)
            return
        for line, raw in fetch_lines(self._file.path, wanted, self._file.ends):
            yield RawLine(line, as_text(raw), self._told(raw)[0])

    def _told(self, raw: bytes) -> tuple[str | None, Mapping[str, str | None]]:
        return ("line_too_long", self._nothing) if len(raw) > LINE_LIMIT else self._read(raw)


class ScannedCsv(ScannedReader):
    format = CSV
    _line = 2

    def __init__(self, contract: Contract, file: ClearFile) -> None:
        super().__init__(file)
        header = Header(file.head)
        self._start = file.head.find(b"\n") + 1 or file.size
        self.extra_columns = check_columns(contract, header.names)
        self.fields = plan_for(contract, header.names)
        self._scanner = CsvScanner(self.fields, header.delimiter)
        self._careful = CarefulCsv(contract, file.head)
        known = {source for column in contract.columns for source in column.sources}
        columns = {name: "VARCHAR" for name in header.names if name in known}
        self.shape = SourceShape(columns, trims=True, has_line=True)

    def _read(self, raw: bytes) -> tuple[str | None, Mapping[str, str | None]]:
        reason, given = self._careful.read_line(raw)
        return reason, {name: given.get(name) for name in self.shape.columns}


class ScannedNdjson(ScannedReader):
    format = ndjson.FORMAT

    def __init__(self, contract: Contract, file: ClearFile) -> None:
        super().__init__(file)
        if file.head.startswith(BOM):
            raise NeedsTextReading("byte order mark")
        names = ndjson.names_in(contract)
        self.extra_columns = ndjson.extra_fields(file.head, names)
        self.fields = plan_for(contract, names)
        try:
            self._scanner = ObjectScanner(self.fields)
        except ValueError as problem:
            raise NeedsTextReading(str(problem)) from problem
        self.shape = SourceShape(dict.fromkeys(names, "VARCHAR"), has_line=True)

    def _read(self, raw: bytes) -> tuple[str | None, Mapping[str, str | None]]:
        reason, record = ndjson.parse_object(raw.strip())
        return reason, {name: ndjson.as_text_value(record.get(name)) for name in self.shape.columns}
