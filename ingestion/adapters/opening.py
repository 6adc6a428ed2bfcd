"""Opening a clear file with the reader of its format; the careful readers stand in where the fast ones cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ingestion.adapters import recognise
from ingestion.adapters.careful_csv import CarefulCsv
from ingestion.adapters.csv_text import CsvReader, Header, check_columns
from ingestion.adapters.decoded import DecodedReader
from ingestion.adapters.ndjson import CarefulNdjson, NdjsonReader, extra_fields, names_in
from ingestion.adapters.reading import ClearFile, Decoder, FileRejected, NeedsCarefulReading, Reader, Reading
from ingestion.adapters.tables import TableReader
from ingestion.contracts import Contract


@contextmanager
def open_reader(
    con: duckdb.DuckDBPyConnection, contract: Contract, file: ClearFile, scratch: Path, way: Reading = Reading.TEXT
) -> Iterator[Reader]:
    """The reader of a file's format. Raises FileRejected, or NeedsCarefulReading when asked for a fast one in vain."""
    adapter = recognise(contract, file.name, file.head)
    careful = way is Reading.CAREFUL
    match adapter.format:
        case "ndjson" if not careful:
            yield NdjsonReader(contract, file, typed=way is Reading.TYPED)
        case "csv" if not careful:
            yield CsvReader(contract, file)
        case "parquet" | "xlsx":
            yield TableReader(con, contract, file, adapter.format, scratch)
        case _:
            decoder = _careful(contract, file, adapter.format) if careful else adapter
            if not isinstance(decoder, Decoder):
                raise FileRejected("unreadable_format", f"no decoder for {adapter.format}")
            with file.path.open("rb") as stream:
                reader = DecodedReader(con, decoder, file, stream)
                reader.extra_columns = _extra_columns(contract, file, adapter.format)
                yield reader


def _careful(contract: Contract, file: ClearFile, kind: str) -> Decoder:
    if kind == "ndjson":
        return CarefulNdjson(contract)
    if kind == "csv":
        return CarefulCsv(contract, file.head)
    raise NeedsCarefulReading(kind)


def _extra_columns(contract: Contract, file: ClearFile, kind: str) -> list[str]:
    if kind == "csv":
        return check_columns(contract, Header(file.head).names)
    return extra_fields(file.head, names_in(contract)) if kind == "ndjson" else []
