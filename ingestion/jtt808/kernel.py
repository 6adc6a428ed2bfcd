"""The compiled part of the JT/T 808 decoder: capture text in, columns out, in one pass and without the GIL.

See lake/compiled.py for how its machine code is kept.
"""

from __future__ import annotations

from pathlib import Path

from ingestion import calendar_kernel
from ingestion.jtt808 import body_kernel, line_kernel
from ingestion.jtt808.line_kernel import FRAME_CAPACITY
from lake.compiled import EntryPoint, source_digest

__all__ = ["FRAME_CAPACITY", "decode_body", "decode_lines", "unescape"]


def _entry_points(source: str) -> tuple[EntryPoint, ...]:
    @EntryPoint
    def decode_lines(text, at, stop, line, integers, reals, terminals, slots, known):  # type: ignore[no-untyped-def]
        """See line_kernel.decode_lines."""
        source  # noqa: B018 (part of the cache's key)
        return line_kernel.decode_lines(text, at, stop, line, integers, reals, terminals, slots, known)

    @EntryPoint
    def decode_body(message_id, data, at, length, integers, reals, row):  # type: ignore[no-untyped-def]
        """See body_kernel.decode_body."""
        source  # noqa: B018
        return body_kernel.decode_body(message_id, data, at, length, integers, reals, row)

    @EntryPoint
    def unescape(text, at, frame):  # type: ignore[no-untyped-def]
        """See line_kernel.unescape."""
        source  # noqa: B018
        return line_kernel.unescape(text, at, frame)

    return decode_lines, decode_body, unescape


decode_lines, decode_body, unescape = _entry_points(
    source_digest([*Path(__file__).parent.glob("*.py"), Path(calendar_kernel.__file__)])
)
