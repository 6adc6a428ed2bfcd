"""The compiled scanner as functions that processes share (see lake/compiled.py): text in, columns out, without the GIL."""

from __future__ import annotations

from pathlib import Path

from ingestion import calendar_kernel
from ingestion.scanning import csv_kernel, json_kernel, rows_kernel, text_kernel, views_kernel
from lake.compiled import EntryPoint, source_digest

__all__ = [
    "count_line_ends",
    "days_of",
    "encode",
    "gather",
    "places_of",
    "put_bytes",
    "put_codes",
    "put_words",
    "recode",
    "scan_objects",
    "scan_records",
]


def _entry_points(source: str) -> tuple[EntryPoint, ...]:
    @EntryPoint
    def scan_records(base, at, stop, delimiter, fields, table, lines):  # type: ignore[no-untyped-def]
        """See csv_kernel.scan_records."""
        source  # noqa: B018
        return csv_kernel.scan_records(base, at, stop, delimiter, fields, table, lines)

    @EntryPoint
    def scan_objects(base, at, stop, fields, table, names, lines):  # type: ignore[no-untyped-def]
        """See json_kernel.scan_objects."""
        source  # noqa: B018
        return json_kernel.scan_objects(base, at, stop, fields, table, names, lines)

    @EntryPoint
    def count_line_ends(text):  # type: ignore[no-untyped-def]
        """See text_kernel.count_line_ends."""
        source  # noqa: B018
        return text_kernel.count_line_ends(text)

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

    @EntryPoint
    def places_of(codes, behind, starts, places):  # type: ignore[no-untyped-def]
        """See rows_kernel.places_of."""
        source  # noqa: B018
        rows_kernel.places_of(codes, behind, starts, places)

    @EntryPoint
    def put_words(values, places, target):  # type: ignore[no-untyped-def]
        """See rows_kernel.put_in_places; values: int64."""
        source  # noqa: B018
        rows_kernel.put_in_places(values, places, target)

    @EntryPoint
    def put_codes(values, places, target):  # type: ignore[no-untyped-def]
        """See rows_kernel.put_in_places; values: int32."""
        source  # noqa: B018
        rows_kernel.put_in_places(values, places, target)

    @EntryPoint
    def put_bytes(values, places, target):  # type: ignore[no-untyped-def]
        """See rows_kernel.put_in_places; values: uint8."""
        source  # noqa: B018
        rows_kernel.put_in_places(values, places, target)

    @EntryPoint
    def recode(codes, index):  # type: ignore[no-untyped-def]
        """See rows_kernel.recode."""
        source  # noqa: B018
        rows_kernel.recode(codes, index)

    @EntryPoint
    def days_of(instants, shift, missing, days):  # type: ignore[no-untyped-def]
        """See rows_kernel.days_of."""
        source  # noqa: B018
        rows_kernel.days_of(instants, shift, missing, days)

    return (
        scan_records,
        scan_objects,
        count_line_ends,
        encode,
        gather,
        places_of,
        put_words,
        put_codes,
        put_bytes,
        recode,
        days_of,
    )


(
    scan_records,
    scan_objects,
    count_line_ends,
    encode,
    gather,
    places_of,
    put_words,
    put_codes,
    put_bytes,
    recode,
    days_of,
) = _entry_points(source_digest([*Path(__file__).parent.glob("*.py"), Path(calendar_kernel.__file__)]))
