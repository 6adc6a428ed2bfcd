"""The compiled scanner as functions that processes share (see lake/compiled.py): text in, columns out, without the GIL."""

from __future__ import annotations

from pathlib import Path

from ingestion.scanning import csv_kernel, views_kernel
from lake.compiled import EntryPoint, source_digest

__all__ = ["encode", "gather", "scan_records"]


def _entry_points(source: str) -> tuple[EntryPoint, ...]:
    @EntryPoint
    def scan_records(base, at, stop, delimiter, fields, table, lines):  # type: ignore[no-untyped-def]
        """See csv_kernel.scan_records."""
        source  # noqa: B018
        return csv_kernel.scan_records(base, at, stop, delimiter, fields, table, lines)

    @EntryPoint
    def encode(views, rows, base, codes, slots, mask, words, heap, most, longest, known, used):  # type: ignore[no-untyped-def]
        """See views_kernel.encode."""
        source  # noqa: B018
        return views_kernel.encode(views, rows, base, codes, slots, mask, words, heap, most, longest, known, used)

    @EntryPoint
    def gather(views, rows, base, targets, heap, number):  # type: ignore[no-untyped-def]
        """See views_kernel.gather."""
        source  # noqa: B018
        return views_kernel.gather(views, rows, base, targets, heap, number)

    return scan_records, encode, gather


scan_records, encode, gather = _entry_points(source_digest(Path(__file__).parent.glob("*.py")))
