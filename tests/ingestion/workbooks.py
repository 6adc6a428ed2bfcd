"""Workbooks made in memory."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

ERRORS = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!")


def workbook(*records: Sequence[Any]) -> bytes:
    """A workbook of one sheet: numbers as numbers, dates as dates, everything else as text; None for an empty cell.

    A text that is a spreadsheet's error (`#N/A`) is the value of a formula.
    """
    content = io.BytesIO()
    options = {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss", "strings_to_numbers": False}
    with xlsxwriter.Workbook(content, options) as book:
        sheet = book.add_worksheet()
        for place, record in enumerate(records):
            sheet.write_row(place, 0, record)
            for column, value in enumerate(record):
                if value in ERRORS:
                    sheet.write_formula(place, column, "=VLOOKUP(1,Z1:Z9,1)", value=value)
    return content.getvalue()
