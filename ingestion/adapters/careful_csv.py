"""CSV record by record in Python: exact line numbers whatever the file holds (quoted line ends, blank or huge lines)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

import pyarrow as pa

from ingestion.adapters.csv_text import FORMAT, CsvAdapter, Header
from ingestion.adapters.lines import as_text, numbered_lines
from ingestion.adapters.ndjson import careful_schema, refused
from ingestion.contracts import Contract

_BATCH_ROWS = 20_000
_RECORD_LINES = 200  # a quote that is still open after so many lines was never meant to be one

Line = tuple[int, bytes, bool]


class CarefulCsv:
    """A record starts on a line and may go on while a quote is open; a quote that never closes spoils its line only."""

    format = FORMAT

    def __init__(self, contract: Contract, head: bytes) -> None:
        self._header = Header(head)
        known = {source for column in contract.columns for source in column.sources}
        self._kept = [(i, name) for i, name in enumerate(self._header.names) if name in known]
        self.schema = careful_schema([name for _, name in self._kept])

    def recognises(self, name: str, head: bytes) -> bool:
        return CsvAdapter().recognises(name, head)

    def decode(self, stream: BinaryIO, *, received_at: datetime | None = None) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        schema = self.schema
        rows: list[dict[str, object]] = []
        lines = numbered_lines(stream)
        next(lines, None)  # the header
        waiting: list[Line] = []
        while True:
            line = waiting.pop(0) if waiting else next(lines, None)
            if line is None:
                break
            if not line[1].strip():
                continue
            rows.append(self._record(line, waiting, lines))
            if len(rows) >= _BATCH_ROWS:
                yield pa.RecordBatch.from_pylist(rows, schema=schema)
                rows = []
        if rows:
            yield pa.RecordBatch.from_pylist(rows, schema=schema)

    def _record(self, start: Line, waiting: list[Line], lines: Iterator[Line]) -> dict[str, object]:
        number, raw, too_long = start
        if too_long:
            return {"_line": number, **refused("line_too_long", as_text(raw.rstrip(b"\r\n")))}
        body, taken = raw, 0
        while _open_quote(body) and taken < _RECORD_LINES:
            if taken == len(waiting):
                following = next(lines, None)
                if following is None:
                    break
                waiting.append(following)
            if waiting[taken][2]:
                break
            body += waiting[taken][1]
            taken += 1
        if _open_quote(body):
            body = raw
        else:
            del waiting[:taken]
        return {"_line": number, **self._fields(body)}

    def _fields(self, body: bytes) -> dict[str, object]:
        raw = body.rstrip(b"\r\n")
        problem, fields = self.read_line(raw)
        if problem is not None:
            return refused(problem, as_text(raw))  # type: ignore[return-value]
        return {**fields, "_raw": as_text(raw)}

    def read_line(self, raw: bytes) -> tuple[str | None, dict[str, str | None]]:
        """(reason, {}) for bytes that are not one record of this file, else (None, the text of each known column)."""
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            return "not_utf8", {}
        try:
            records = list(csv.reader(text.splitlines(keepends=True), delimiter=self._header.delimiter, strict=True))
        except csv.Error:
            records = []
        if len(records) != 1 or len(records[0]) != len(self._header.names):
            return "malformed_csv", {}
        return None, {name: records[0][i] or None for i, name in self._kept}


def _open_quote(body: bytes) -> bool:
    return body.count(b'"') % 2 == 1
