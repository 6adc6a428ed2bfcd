"""Batches of a decoder as a relation DuckDB reads once, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

import duckdb
import pyarrow as pa

from ingestion.adapters.lines import as_text, fetch_lines
from ingestion.adapters.reading import CARRIED_COLUMNS, DECODER_COLUMNS, ClearFile, Decoder, LineNumbers, RawLine
from ingestion.rules import SourceShape
from lake.engine import sql_name


class DecodedReader:
    """Streams a decoder into DuckDB; memory stays that of a few batches. `stream` is closed by the caller."""

    def __init__(self, con: duckdb.DuckDBPyConnection, decoder: Decoder, file: ClearFile, stream: BinaryIO) -> None:
        self.format = decoder.format
        self._file = file
        self._decoder = decoder
        batches = iter(decoder.decode(stream, received_at=file.received_at))
        first = next(batches, None)
        schema = first.schema if first is not None else _schema_of(decoder)
        # An unfinished generator would keep DuckDB waiting: from_batches pulls one batch at a time.
        source = pa.RecordBatchReader.from_batches(schema, (b for b in _chain(first, batches)))
        con.register("decoded", source)
        own = CARRIED_COLUMNS if CARRIED_COLUMNS[0] in schema.names else DECODER_COLUMNS
        renamed = dict(zip(own, CARRIED_COLUMNS, strict=True))
        names = ", ".join(f"{sql_name(name)} AS {sql_name(renamed.get(name, name))}" for name in schema.names)
        self.relation = f"(SELECT {names} FROM decoded)"
        columns = {f.name: duckdb_type(f.type) for f in schema if f.name not in own}
        # People type CSV, whichever way it is read.
        trims = decoder.format == "csv"
        self.shape = SourceShape(columns, trims=trims, naive_times_are_utc=True, has_line=True, has_refusals=True)
        self.extra_columns: Sequence[str] = ()

    def settle(self, con: duckdb.DuckDBPyConnection, rows: int) -> LineNumbers:  # noqa: ARG002
        return LineNumbers()

    def raw(self, lines: Iterable[int]) -> Iterator[RawLine]:
        own = getattr(self._decoder, "raw", None)
        if own is not None:  # a decoder whose messages may name people gives them redacted
            with self._file.path.open("rb") as stream:
                for line, text in own(stream, lines):
                    yield RawLine(line, text)
            return
        for line, raw in fetch_lines(self._file.path, lines, self._file.ends):
            yield RawLine(line, as_text(raw))


def _chain(first: pa.RecordBatch | None, rest):  # type: ignore[no-untyped-def]
    if first is not None:
        yield first
    yield from rest


def _schema_of(decoder: Decoder) -> pa.Schema:
    schema = decoder.schema
    for name in () if CARRIED_COLUMNS[0] in schema.names else DECODER_COLUMNS:
        if name not in schema.names:
            schema = schema.append(pa.field(name, pa.int64() if name == "line" else pa.string()))
    return schema


def duckdb_type(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        return duckdb_type(kind.value_type)
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP WITH TIME ZONE" if kind.tz else "TIMESTAMP"
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    if pa.types.is_date(kind):
        return "DATE"
    if pa.types.is_floating(kind):
        return "DOUBLE"
    if pa.types.is_integer(kind):
        return "BIGINT"
    if pa.types.is_decimal(kind):
        return "DECIMAL"
    return "VARCHAR"
