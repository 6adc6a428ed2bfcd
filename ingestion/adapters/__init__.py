"""The formats that landing reads, and which of them a file is: by its content, then its name, within its contract."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from ingestion.adapters import csv_text, ndjson
from ingestion.adapters.csv_text import CsvAdapter
from ingestion.adapters.ndjson import NdjsonAdapter
from ingestion.adapters.reading import Adapter, ClearFile, Decoder, FileRejected, LineNumbers, Reader, Refusal
from ingestion.adapters.tables import ParquetAdapter, XlsxAdapter
from ingestion.contracts import Contract

__all__ = [
    "Adapter",
    "ClearFile",
    "Decoder",
    "FileRejected",
    "LineNumbers",
    "Reader",
    "Refusal",
    "adapters",
    "names_people",
    "recognise",
]

# Asked last, in this order: they take anything that looks like their kind.
_NATIVE: tuple[Adapter, ...] = (ParquetAdapter(), XlsxAdapter(), NdjsonAdapter(), CsvAdapter())
_SUFFIXES = {".csv": "csv", ".ndjson": "ndjson", ".json": "ndjson", ".xlsx": "xlsx", ".parquet": "parquet"}
_BINARY = ("xlsx", "parquet")
_TEXT_ENCODINGS = (b"\xff\xfe", b"\xfe\xff")  # byte order marks of UTF-16


@cache
def adapters() -> dict[str, Adapter]:
    """Every adapter by its format. A module of this package that has a `DECODER` adds it."""
    found: dict[str, Adapter] = {}
    for module in pkgutil.iter_modules(__path__):
        decoder = getattr(importlib.import_module(f"{__name__}.{module.name}"), "DECODER", None)
        if decoder is not None:
            found[decoder.format] = decoder
    return found | {adapter.format: adapter for adapter in _NATIVE}


def recognise(contract: Contract, name: str, head: bytes) -> Adapter:
    """The adapter for a file of this contract, given its (uncompressed) first bytes.

    Raises FileRejected `unreadable_format` when the file is none of the contract's formats, `not_utf8` for UTF-16.
    """
    if head.startswith(_TEXT_ENCODINGS):
        raise FileRejected("not_utf8", "the text is UTF-16")
    known = adapters()
    accepted = [known[name] for name in contract.formats if name in known]
    # The wire formats are particular about what they recognise, so they are asked before the native ones.
    for adapter in sorted(accepted, key=lambda a: _NATIVE.index(a) if a in _NATIVE else -1):
        if adapter.recognises(name, head):
            _check_name(adapter, name)
            return adapter
    raise FileRejected("unreadable_format", f"none of {', '.join(contract.formats)}")


def names_people(contract: Contract, name: str, head: bytes) -> bool:
    """Whether a file must be sealed: its contract has personal data, or the file may carry some beside what we read.

    Detectors put plates and faces into their messages; no contract asks for them, yet they are in the received bytes. So is
    whatever stands in columns or fields that nobody asked for, as far as the file's first bytes show them. A file that is
    none of a contract's formats is kept too: where one of them names people, it may be that one, damaged.
    """
    if contract.has_personal_data:
        return True
    try:
        adapter = recognise(contract, name.removesuffix(".gz").removesuffix(".GZ"), head)
    except FileRejected:
        known = adapters()
        return any(getattr(known[name], "may_name_people", False) for name in contract.formats if name in known)
    if adapter.format == ndjson.FORMAT:
        return bool(ndjson.extra_fields(head, ndjson.names_in(contract)))
    if adapter.format == csv_text.FORMAT:
        try:
            return not set(csv_text.Header(head).names) <= {
                name for column in contract.columns for name in column.sources
            }
        except FileRejected:
            return True  # without a header nobody knows what its values are
    return bool(getattr(adapter, "may_name_people", False))


def _check_name(adapter: Adapter, name: str) -> None:
    """A workbook called .csv, or text called .parquet, is somebody's mistake: better told than guessed at."""
    named = next((kind for suffix, kind in _SUFFIXES.items() if name.lower().endswith(suffix)), None)
    if named is not None and (named in _BINARY or adapter.format in _BINARY) and named != adapter.format:
        raise FileRejected("unreadable_format", f"named {named}, but the content is {adapter.format}")
