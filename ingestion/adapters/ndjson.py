"""NDJSON through DuckDB's own parser: one JSON object a line, every value taken as text and typed by the rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa

from ingestion.adapters.lines import BOM, as_text, fetch_lines, numbered_lines
from ingestion.adapters.reading import (
    CARRIED_COLUMNS,
    LINE_LIMIT,
    ClearFile,
    LineNumbers,
    NeedsCarefulReading,
    RawLine,
)
from ingestion.contracts import Contract
from ingestion.rules import SourceShape
from lake.engine import sql_name, sql_text

FORMAT = "ndjson"
_BATCH_ROWS = 20_000


class NdjsonAdapter:
    format = FORMAT

    def recognises(self, name: str, head: bytes) -> bool:
        start = head.removeprefix(BOM).lstrip()
        return start.startswith(b"{") or (not start and name.lower().endswith((".ndjson", ".jsonl", ".json")))


def names_in(contract: Contract) -> list[str]:
    return list(dict.fromkeys(name for column in contract.columns for name in column.sources))


class NdjsonReader:
    """Fast reading. A line that is no JSON object comes back as a row of NULLs, which a required column refuses;
    `raw` then says what was wrong with it."""

    format = FORMAT

    def __init__(self, contract: Contract, file: ClearFile, *, typed: bool = False) -> None:
        if file.head.startswith(BOM) and file.plain is None:
            raise NeedsCarefulReading("byte order mark")
        self._file = file
        names = names_in(contract)
        # To write a number as text and read it again would cost more than all checks of a row.
        self.typed: Sequence[str] = number_fields(contract, file.head) if typed else ()
        self.shape = SourceShape({name: "DOUBLE" if name in self.typed else "VARCHAR" for name in names})
        self.extra_columns: Sequence[str] = extra_fields(file.head, names)
        columns = ", ".join(f"{sql_name(name)}: '{kind}'" for name, kind in self.shape.columns.items())
        self.relation = (
            f"read_json({sql_text(file.plain.path if file.plain else file.path)}, format = 'newline_delimited', "
            f"ignore_errors = true, compression = 'uncompressed', maximum_object_size = {LINE_LIMIT}, "
            f"columns = {{{columns}}})"
        )

    def settle(self, con: duckdb.DuckDBPyConnection, rows: int) -> LineNumbers:  # noqa: ARG002
        blank = self._file.plain.blank if self._file.plain else ()
        if rows + len(blank) != self._file.lines:  # blank lines are no records, and shift the count
            raise NeedsCarefulReading(f"{self._file.lines} lines gave {rows} rows")
        return LineNumbers(shifts=tuple({line - 1 - i: i + 1 for i, line in enumerate(blank)}.items()))

    def misread(self, blank: Sequence[int], doubtful: Sequence[int]) -> Iterator[tuple[int, Mapping[str, str | None]]]:
        # DuckDB takes a line cut off behind a colon and the good line after it for one broken object: two NULL rows.
        without_values = set(blank)
        for line, raw in self._fetch(sorted(without_values.union(doubtful))):
            record = parse_object(raw.strip())[1]
            if line in without_values:
                told = all(record.get(name) is None for name in self.shape.columns)
            else:
                told = all(_read_whole(record.get(name)) for name in self.typed)
            if not told:
                yield line, {name: as_text_value(record.get(name)) for name in self.shape.columns}

    def raw(self, lines: Iterable[int]) -> Iterator[RawLine]:
        for line, raw in self._fetch(lines):
            reason = "line_too_long" if len(raw) > LINE_LIMIT else parse_object(raw.strip())[0]
            yield RawLine(line, as_text(raw), reason)

    def _fetch(self, lines: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        for line, raw in fetch_lines(self._file.path, lines, self._file.ends):
            yield line, raw.removeprefix(BOM) if line == 1 else raw


def number_fields(contract: Contract, head: bytes) -> list[str]:
    """The fields of number columns that hold a number, as JSON writes one, in each of the first complete lines."""
    records = [record for problem, record in _first_records(head) if problem is None]
    plain = (c for c in contract.columns if c.logical_type == "number" and c.stored is not None and c.treatment is None)
    fields = [c.sources[0] for c in plain if len(c.sources) == 1 and c.default is None]
    return [name for name in fields if records and all(isinstance(r.get(name), _Number) for r in records)]


class _Number(str):
    """A number as it is written: JSON's own, not one in quotes."""

    __slots__ = ()


def _read_whole(value: Any) -> bool:
    """Whether a value read as a number lost nothing. Quoted numbers, booleans and words are left to the text."""
    return value is None or value == "" or isinstance(value, _Number)


def _first_records(head: bytes) -> Iterator[tuple[str | None, dict[str, Any]]]:
    for raw in head[: head.rfind(b"\n") + 1 or len(head)].splitlines()[:100]:
        yield parse_object(raw.removeprefix(BOM))


def extra_fields(head: bytes, known: Sequence[str]) -> list[str]:
    """Fields of the first complete lines that the contract does not know, in order of appearance."""
    seen: dict[str, None] = {}
    for problem, record in _first_records(head):
        if problem is None:
            seen.update(dict.fromkeys(map(_storable, reversed(record))))  # as `_first_wins` has left it
    return [name for name in seen if name not in known]


def parse_object(raw: bytes) -> tuple[str | None, dict[str, Any]]:
    """(reason, {}) for bytes that are not one JSON object, else (None, fields).

    Numbers stay as they are written; a list or an object is its JSON text, written as DuckDB's parser does.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return "not_utf8", {}
    try:
        record = _AS_WRITTEN.decode(text)
        if not isinstance(record, dict):
            return "not_an_object", {}
        nested = [name for name, value in record.items() if isinstance(value, (dict, list))]
        if nested:
            record |= {name: _AS_TEXT.encode(_read(record[name])) for name in nested}
    except (ValueError, RecursionError):
        return "malformed_json", {}
    return None, record


def _first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _read(value: Any) -> Any:
    """What was taken as it is written, with its numbers read. Raises ValueError, RecursionError."""
    if isinstance(value, _Number):
        return int(value) if value.lstrip("-").isdecimal() else float(value)
    if isinstance(value, dict):
        return {name: _read(inner) for name, inner in value.items()}
    return [_read(inner) for inner in value] if isinstance(value, list) else value


_AS_TEXT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_AS_WRITTEN = json.JSONDecoder(
    parse_float=_Number, parse_int=_Number, parse_constant=_Number, object_pairs_hook=_first_wins
)


class CarefulNdjson:
    """The same format line by line in Python: slower, exact for any bytes (blank lines, huge lines, a BOM)."""

    format = FORMAT

    def __init__(self, contract: Contract) -> None:
        self._names = names_in(contract)
        self.schema = careful_schema(self._names)

    def recognises(self, name: str, head: bytes) -> bool:
        return NdjsonAdapter().recognises(name, head)

    def decode(self, stream: BinaryIO, *, received_at: datetime | None = None) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        rows: list[dict[str, Any]] = []
        schema = self.schema
        for number, line, too_long in numbered_lines(stream):
            body = line.strip()
            if not body:
                continue
            problem, record = ("line_too_long", {}) if too_long else parse_object(body)
            row: dict[str, Any] = {name: as_text_value(record.get(name)) for name in self._names}
            row["_line"] = number
            if problem is not None:
                row |= refused(problem, as_text(body))
            rows.append(row)
            if len(rows) >= _BATCH_ROWS:
                yield pa.RecordBatch.from_pylist(rows, schema=schema)
                rows = []
        if rows:
            yield pa.RecordBatch.from_pylist(rows, schema=schema)


def careful_schema(names: Sequence[str]) -> pa.Schema:
    """The Arrow schema of a careful reader's batches: all text."""
    refusal = [(name, pa.string()) for name in CARRIED_COLUMNS[1:]]
    return pa.schema([("_line", pa.int64()), *((name, pa.string()) for name in names), *refusal])


def refused(reason: str, raw: str) -> dict[str, str]:
    """The refusal columns of a line that is no row at all."""
    return {"_refused_rule": reason, "_refused_field": "row", "_refused_reason": reason, "_raw": raw}


def as_text_value(value: Any) -> str | None:
    """A field of a parsed object as text; numbers, lists and objects are texts already."""
    if value is None:
        return None
    if isinstance(value, str):
        return str(value) if value.isascii() else _storable(value)
    return "true" if value else "false"


def _storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")  # a lone surrogate is no character
