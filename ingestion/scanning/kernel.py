"""The compiled scanner as functions that processes share (see lake/compiled.py): text in, columns out, without the GIL."""

from __future__ import annotations

from pathlib import Path

from ingestion import calendar_kernel
from ingestion.scanning import fetching_kernel, rows_kernel, taking_kernel, text_kernel
from lake.compiled import EntryPoint, source_digest

__all__ = [
    "bounds_of_reals",
    "bounds_of_words",
    "come_twice",
    "count_line_ends",
    "days_of",
    "fetch",
    "mark",
    "measure",
    "mix_codes",
    "mix_texts",
    "mix_words",
    "one_day",
    "places_of",
    "put_bytes",
    "put_codes",
    "put_words",
    "read",
    "recode",
    "rises",
    "take_objects",
    "take_records",
]


def _entry_points(source: str) -> tuple[EntryPoint, ...]:
    @EntryPoint
    def take_records(  # type: ignore[no-untyped-def]
        base, at, stop, delimiter, fields, table, texts, columns, lines, places, line, most, mask, words, longest
    ):
        """See taking_kernel.take_records."""
        source  # noqa: B018
        return taking_kernel.take_records(
            base, at, stop, delimiter, fields, table, texts, columns, lines, places, line, most, mask, words, longest
        )

    @EntryPoint
    def take_objects(  # type: ignore[no-untyped-def]
        base, at, stop, names, fields, table, texts, columns, lines, places, line, most, mask, words, longest
    ):
        """See taking_kernel.take_objects."""
        source  # noqa: B018
        return taking_kernel.take_objects(
            base, at, stop, names, fields, table, texts, columns, lines, places, line, most, mask, words, longest
        )

    @EntryPoint
    def measure(rows, count, table, columns):  # type: ignore[no-untyped-def]
        """See fetching_kernel.measure."""
        source  # noqa: B018
        fetching_kernel.measure(rows, count, table, columns)

    @EntryPoint
    def fetch(descriptor, rows, count, begins, lines, table, columns, buffer, room):  # type: ignore[no-untyped-def]
        """See fetching_kernel.fetch."""
        source  # noqa: B018
        return fetching_kernel.fetch(descriptor, rows, count, begins, lines, table, columns, buffer, room)

    @EntryPoint
    def count_line_ends(text):  # type: ignore[no-untyped-def]
        """See text_kernel.count_line_ends."""
        source  # noqa: B018
        return text_kernel.count_line_ends(text)

    @EntryPoint
    def read(descriptor, text, at, size, offset):  # type: ignore[no-untyped-def]
        """See text_kernel.read."""
        source  # noqa: B018
        return text_kernel.read(descriptor, text, at, size, offset)

    @EntryPoint
    def places_of(codes, behind, starts, places):  # type: ignore[no-untyped-def]
        """See rows_kernel.places_of."""
        source  # noqa: B018
        rows_kernel.places_of(codes, behind, starts, places)

    @EntryPoint
    def rises(values, stay):  # type: ignore[no-untyped-def]
        """See rows_kernel.rises."""
        source  # noqa: B018
        return rows_kernel.rises(values, stay)

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
    def mark(codes, stay, used):  # type: ignore[no-untyped-def]
        """See rows_kernel.mark."""
        source  # noqa: B018
        rows_kernel.mark(codes, stay, used)

    @EntryPoint
    def mix_texts(views, rows, heaps, hashes):  # type: ignore[no-untyped-def]
        """See rows_kernel.mix_texts."""
        source  # noqa: B018
        rows_kernel.mix_texts(views, rows, heaps, hashes)

    @EntryPoint
    def mix_words(values, hashes):  # type: ignore[no-untyped-def]
        """See rows_kernel.mix_numbers; values: int64."""
        source  # noqa: B018
        rows_kernel.mix_numbers(values, hashes)

    @EntryPoint
    def mix_codes(values, hashes):  # type: ignore[no-untyped-def]
        """See rows_kernel.mix_numbers; values: int32."""
        source  # noqa: B018
        rows_kernel.mix_numbers(values, hashes)

    @EntryPoint
    def come_twice(hashes, stay, once, twice):  # type: ignore[no-untyped-def]
        """See rows_kernel.come_twice."""
        source  # noqa: B018
        return rows_kernel.come_twice(hashes, stay, once, twice)

    @EntryPoint
    def bounds_of_words(values, missing, found):  # type: ignore[no-untyped-def]
        """See rows_kernel.bounds_of_words."""
        source  # noqa: B018
        return rows_kernel.bounds_of_words(values, missing, found)

    @EntryPoint
    def bounds_of_reals(values, found):  # type: ignore[no-untyped-def]
        """See rows_kernel.bounds_of_reals."""
        source  # noqa: B018
        return rows_kernel.bounds_of_reals(values, found)

    @EntryPoint
    def one_day(instants, shift, missing, none):  # type: ignore[no-untyped-def]
        """See rows_kernel.one_day."""
        source  # noqa: B018
        return rows_kernel.one_day(instants, shift, missing, none)

    @EntryPoint
    def days_of(instants, shift, missing, days):  # type: ignore[no-untyped-def]
        """See rows_kernel.days_of."""
        source  # noqa: B018
        rows_kernel.days_of(instants, shift, missing, days)

    return (
        take_records,
        take_objects,
        measure,
        fetch,
        count_line_ends,
        read,
        places_of,
        rises,
        put_words,
        put_codes,
        put_bytes,
        recode,
        mark,
        mix_texts,
        mix_words,
        mix_codes,
        come_twice,
        bounds_of_words,
        bounds_of_reals,
        one_day,
        days_of,
    )


(
    take_records,
    take_objects,
    measure,
    fetch,
    count_line_ends,
    read,
    places_of,
    rises,
    put_words,
    put_codes,
    put_bytes,
    recode,
    mark,
    mix_texts,
    mix_words,
    mix_codes,
    come_twice,
    bounds_of_words,
    bounds_of_reals,
    one_day,
    days_of,
) = _entry_points(source_digest([*Path(__file__).parent.glob("*.py"), Path(calendar_kernel.__file__)]))
