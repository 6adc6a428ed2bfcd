"""Reading a large file of lines by the compiled scanner, where its contract lets it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import numpy as np
from numpy.typing import NDArray

from ingestion.adapters import ClearFile, recognise
from ingestion.adapters.csv_text import FORMAT as CSV
from ingestion.adapters.ndjson import FORMAT as NDJSON
from ingestion.adapters.reading import LineNumbers, NeedsTextReading
from ingestion.adapters.scanned import ScannedCsv, ScannedNdjson, ScannedReader
from ingestion.batch import TYPED
from ingestion.contracts import Contract
from ingestion.rules import FileFacts, SourceShape, compile_rules
from ingestion.rules.compiler import SHANGHAI_HOURS, kept_values
from ingestion.scanned_batch import EPOCH, ScannedBatch
from ingestion.scanned_keys import begin_looking
from ingestion.scanned_rows import TYPES
from ingestion.scanning import layout as L
from ingestion.scanning.blocks import LineHasNoEnd
from ingestion.scanning.columns import ScannedColumns
from ingestion.scanning.growing import TooManyRows
from ingestion.scanning.plan import Field
from ingestion.scanning.taking import AmbiguousLines, LinesTooShort
from ingestion.scanning.texts import CodedTexts

_SHIFT_US = SHANGHAI_HOURS * 3_600_000_000


SCAN_FROM_BYTES = 32 << 20  # below it a file is landed before the scanner is loaded
# Its rows are about so much in memory (of NDJSON, which has names in each line, less); beyond, DuckDB stages them and may spill.
SCAN_UP_TO_BYTES = {CSV: 5 << 28, NDJSON: 1 << 31}
_READERS = {ScannedCsv.format: ScannedCsv, ScannedNdjson.format: ScannedNdjson}


def is_for_scanning(contract: Contract, file: ClearFile) -> bool:
    """Whether a file is of a size and a format for which the scanner is worth its loading. Raises FileRejected."""
    if file.size < SCAN_FROM_BYTES:
        return False
    return file.size <= SCAN_UP_TO_BYTES.get(recognise(contract, file.name, file.head).format, 0)


def scanned_reader(contract: Contract, file: ClearFile) -> ScannedReader:
    """Who reads the file by the scanner. Raises NeedsTextReading where that is not for this contract."""
    for problem in _not_for_scanning(contract):
        raise NeedsTextReading(problem)
    reader = _READERS[recognise(contract, file.name, file.head).format](contract, file)
    dated = _dated(contract, reader)
    if contract.business_date_column is not None and (dated is None or dated.kind not in (L.INSTANT, L.DATE)):
        raise NeedsTextReading("the business date is not spelt for the scanner")
    return reader


def _dated(contract: Contract, reader: ScannedReader) -> Field | None:
    return next((f for f in reader.fields if f.column and f.column == contract.business_date_column), None)


def scan_batch(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    file: ClearFile,
    facts: FileFacts,
    reader: ScannedReader | None = None,
) -> ScannedBatch:
    """Read, type and check a file's rows; `reader`: who has begun to read it. Raises NeedsTextReading where the scanner is
    not for this file."""
    reader = reader or scanned_reader(contract, file)
    fields = {f.name: f for f in reader.fields if f.kind != L.SKIP}
    dated = _dated(contract, reader)
    try:
        columns = reader.columns()
    except (AmbiguousLines, LinesTooShort, LineHasNoEnd, TooManyRows) as problem:
        raise NeedsTextReading(type(problem).__name__) from problem
    datum = next((f.name for f in fields.values() if f.column and f.column == contract.datum_column), None)
    if datum is not None and not isinstance(columns.texts[datum], CodedTexts):
        raise NeedsTextReading("as many datums as rows")
    known = {name: TYPES[f.kind] for name, f in fields.items()}
    quick = compile_rules(
        contract, SourceShape(known, naive_times_are_utc=True, has_line=True, clean_texts=True), facts
    )
    day, days = _dates(contract, dated, columns) if dated is not None else (None, None)
    batch = ScannedBatch(
        con, contract, reader, compile_rules(contract, reader.shape, facts), columns.rows, LineNumbers(),
        f"(SELECT rowid AS _row, * EXCLUDE (rowid) FROM {TYPED})",
        columns=columns, fields=fields, quick=quick, stored=kept_values(contract, facts, quick.constants),
        moved=columns.again.copy(), day=day, days=days,
    )  # fmt: skip
    batch.judge()
    batch.mend()
    batch.list_words()
    batch.looking = begin_looking(batch)
    return batch


def _not_for_scanning(contract: Contract) -> Iterator[str]:
    for column in contract.columns:
        if column.geometry is not None:
            yield "geometry"
        if column.treatment is not None and column.treatment.kind == "hmac_list":
            yield "a list of identities"
    for name in (contract.longitude, contract.latitude, contract.datum_column):
        if name is not None and len(contract.column(name).sources) > 1:
            yield "a place of several fields"
    for name in (contract.longitude, contract.latitude):
        if name is not None and contract.column(name).default is not None:
            yield "coordinates by default"
    for name in (name for group in contract.ascending for name in group):
        if contract.column(name).logical_type == "string":
            yield "texts in order"


def _dates(contract: Contract, dated: Field, columns: ScannedColumns) -> tuple[date | None, NDArray[np.int32] | None]:
    """The one business date of all rows that have a time, where none stays without one; or each row's, in days since 1970."""
    values = np.ascontiguousarray(columns.numbers[dated.name])
    if dated.kind == L.DATE:
        return None, np.where(values == L.NO_INTEGER, 0, values).astype(np.int32)
    from ingestion.scanning.kernel import days_of, one_day

    if contract.column(contract.business_date_column or "").required:
        day = int(one_day(values, _SHIFT_US, L.NO_INTEGER, L.NO_INTEGER))
        if -EPOCH.toordinal() < day <= date.max.toordinal() - EPOCH.toordinal():
            return EPOCH + timedelta(day), None
    days = np.empty(len(values), np.int32)
    days_of(values, _SHIFT_US, L.NO_INTEGER, days)
    return None, days
