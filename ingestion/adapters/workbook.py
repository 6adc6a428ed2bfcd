"""The first sheet of a workbook, cell by cell: what a person typed, as text, and the row it stands in.

Used by the child process alone (`untrusted.py`). A cell that is a number keeps 15 digits, whatever was typed into it: an
identity or camera number of 18 or 20 digits that somebody's spreadsheet took for a number is another number now, and its
row is refused. So is a row with an error in a wanted cell (`sheet_errors.py`): nobody meant it to be empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingestion.adapters.reading import CARRIED_COLUMNS
from ingestion.adapters.repeated_column import repeated_column
from ingestion.adapters.sheet_errors import error_cells

DIGITS_LOST = "digits_lost"
CELL_ERROR = "cell_error"
EXACT_BELOW = 1e15
_BATCH_ROWS = 20_000

Cell = str | float | int | bool | date | datetime | time | timedelta


class BadSheet(Exception):
    """The sheet has no usable header; the message is the reason."""


class Sheet:
    """A sheet's header, the first row with anything in it, and the rows below. Blank rows are none, as in CSV."""

    def __init__(self, path: Path) -> None:
        from python_calamine import CalamineWorkbook

        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
        self._left = (sheet.start or (0, 0))[1]  # the reader leaves out blank columns on the left
        self._errors = error_cells(path)
        broken = {line for line, _ in self._errors}
        self._rows = (
            (line, row) for line, row in enumerate(sheet.iter_rows(), 1) if line in broken or not _is_blank(row)
        )
        header = next(self._rows, (1, []))[1]
        self.names = [text_of(cell) or "" for cell in header]
        # Blank cells are no columns, and may be many.
        place = repeated_column([name or f"\0{column}" for column, name in enumerate(self.names)])
        if place is not None:
            raise BadSheet(f"duplicate_column:{place + self._left}")

    def batches(self, wanted: Mapping[str, str]) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """The wanted columns as text, in the form of a decoder's batches. `wanted`: column to the field it is read as."""
        places = {name: place for place, name in enumerate(self.names) if name in wanted}
        kinds = [(name, pa.int64() if name == "_line" else pa.string()) for name in CARRIED_COLUMNS]
        schema = pa.schema([*kinds, *((name, pa.string()) for name in places)])
        return schema, self._batches(schema, places, wanted)

    def _batches(
        self, schema: pa.Schema, places: Mapping[str, int], wanted: Mapping[str, str]
    ) -> Iterator[pa.RecordBatch]:
        while rows := list(islice(self._rows, _BATCH_ROWS)):
            records = [self._record(line, row, places, wanted) for line, row in rows]
            yield pa.RecordBatch.from_pylist(records, schema=schema)

    def _record(
        self, line: int, row: Sequence[Any], places: Mapping[str, int], wanted: Mapping[str, str]
    ) -> dict[str, Any]:
        record: dict[str, Any] = {"_line": line}
        for name, place in places.items():
            cell = row[place]
            error = self._errors.get((line, place + self._left))
            record[name] = error or text_of(cell)
            if error:
                record |= _refused(CELL_ERROR, wanted[name])
            elif isinstance(cell, float) and abs(cell) >= EXACT_BELOW:
                record |= _refused(DIGITS_LOST, wanted[name])
        return record


def _is_blank(row: Sequence[Any]) -> bool:
    return all(isinstance(cell, str) and not cell.strip() for cell in row)


def _refused(rule: str, field: str) -> dict[str, str]:
    return {"_refused_rule": rule, "_refused_field": field, "_refused_reason": rule}


def text_of(cell: Cell) -> str | None:
    """What a cell says; None for an empty one. Dates and times in ISO 8601, numbers in the fewest digits that are exact."""
    match cell:
        case "":
            return None
        case str():
            return cell.strip() or None
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < EXACT_BELOW:
            return str(int(cell))
        case datetime():
            return cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case _:
            return str(cell)
