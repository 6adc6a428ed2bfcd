"""Decoding a few lines of a capture, and looking at the rows as JSON would show them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ingestion.adapters.jtt808 import DECODER

Rows = list[dict[str, Any]]
Decode = Callable[[Sequence[str] | bytes], Rows]


@pytest.fixture(scope="session")
def decode() -> Decode:
    """Lines, or the bytes of a capture -> its rows in the order of their lines, times as ISO text."""

    def rows(capture: Sequence[str] | bytes) -> Rows:
        text = capture if isinstance(capture, bytes) else "".join(f"{line}\n" for line in capture).encode()
        found: Rows = []
        for batch in DECODER.decode(io.BytesIO(text), received_at=None):
            assert batch.schema == DECODER.schema
            batch.validate(full=True)
            found.extend(batch.to_pylist())
        for row in found:
            for column in ("reported_at", "received_at"):
                row[column] = row[column].isoformat() if row[column] else None
        return sorted(found, key=lambda row: row["line"])

    return rows
