"""The compiled part of the JT/T 808 decoder: capture text in, columns out, in one pass and without the GIL.

Numba caches machine code by the date of the one file that holds the entry point; what that calls elsewhere, and the
constants of `layout`, could change unseen. So only the entry points below are cached, and each closes over a digest of
this package's source, which numba takes into the key of its cache.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from numba import njit

from ingestion.jtt808 import body_kernel, line_kernel
from ingestion.jtt808.line_kernel import FRAME_CAPACITY

__all__ = ["FRAME_CAPACITY", "decode_body", "decode_lines", "unescape"]


def _source_digest() -> str:
    digest = sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _entry_points(source: str) -> tuple[Callable[..., Any], ...]:
    @njit(cache=True, nogil=True)
    def decode_lines(text, at, stop, line, integers, reals, terminals, slots, known):  # type: ignore[no-untyped-def]
        """See line_kernel.decode_lines."""
        source  # noqa: B018 (part of the cache's key)
        return line_kernel.decode_lines(text, at, stop, line, integers, reals, terminals, slots, known)

    @njit(cache=True, nogil=True)
    def decode_body(message_id, data, at, length, integers, reals, row):  # type: ignore[no-untyped-def]
        """See body_kernel.decode_body."""
        source  # noqa: B018
        return body_kernel.decode_body(message_id, data, at, length, integers, reals, row)

    @njit(cache=True, nogil=True)
    def unescape(text, at, frame):  # type: ignore[no-untyped-def]
        """See line_kernel.unescape."""
        source  # noqa: B018
        return line_kernel.unescape(text, at, frame)

    return decode_lines, decode_body, unescape


decode_lines, decode_body, unescape = _entry_points(_source_digest())
