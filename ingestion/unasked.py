"""What a file says beyond what its contract asks for may name people: it is kept sealed, whatever the feed."""

from __future__ import annotations

import re
from collections.abc import Callable

from ingestion.adapters import csv_text, ndjson
from ingestion.batch import Batch

_KEY = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"\s*:')


def must_be_sealed(batch: Batch) -> Callable[[str], bool]:
    """Whether a refused row's raw content may hold an identity: then quarantine keeps it sealed.

    All of a feed with personal data, and of a text file with columns that nobody asked for (of a table's rows only what was
    asked for is kept); of NDJSON, whose lines may differ, each line with a field (of any level, or of a line that cannot be
    parsed) that is none of the contract's.
    """
    is_text = batch.reader.format in (csv_text.FORMAT, ndjson.FORMAT)
    if batch.contract.has_personal_data or (is_text and batch.reader.extra_columns):
        return lambda _: True
    if batch.reader.format != ndjson.FORMAT:
        return lambda _: False
    known = frozenset(ndjson.names_in(batch.contract))
    return lambda raw: any(key not in known for key in _KEY.findall(raw))
