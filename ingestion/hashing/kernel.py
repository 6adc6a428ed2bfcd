"""The compiled HMAC as a function that processes share (see lake/compiled.py), without the interpreter's lock."""

from __future__ import annotations

from pathlib import Path

from ingestion.hashing import hmac_kernel
from lake.compiled import EntryPoint, source_digest

__all__ = ["hmac_hex"]


def _entry_point(source: str) -> EntryPoint:
    @EntryPoint
    def hmac_hex(texts, offsets, inner, outer, target):  # type: ignore[no-untyped-def]
        """See hmac_kernel.hmac_hex."""
        source  # noqa: B018
        hmac_kernel.hmac_hex(texts, offsets, inner, outer, target)

    return hmac_hex


hmac_hex = _entry_point(source_digest(Path(__file__).parent.glob("*.py")))
