"""JT/T 808 captures: text lines `<received_at ISO 8601 with offset> <frame hex>` of truck terminals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

import pyarrow as pa

from ingestion.jtt808.columns import SCHEMA

_CAPTURE_LINE = re.compile(rb"^\s*\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)\s+7e[0-9a-f]{2}", re.I | re.M)
_NAME = re.compile(r"\.(jtt808|jt808|808)(\.gz)?$", re.I)


class Jtt808Decoder:
    """Position reports 0x0200 and batches of them 0x0704; see ingestion/jtt808 for what is refused and why."""

    format = "jtt808"
    schema: pa.Schema = SCHEMA

    def recognises(self, name: str, head: bytes) -> bool:
        return bool(_NAME.search(name) or _CAPTURE_LINE.search(head))

    def decode(
        self,
        stream: BinaryIO,
        *,
        received_at: datetime | None = None,  # noqa: ARG002
    ) -> Iterator[pa.RecordBatch]:
        """Batches of `ingestion.jtt808.columns.SCHEMA`. Each line brings its own reception; the file's is not needed.

        The compiled kernel is imported here, because numba costs most of a second that DAG parsing need not pay.
        """
        from ingestion.jtt808.decoder import decode_capture

        return decode_capture(stream)


DECODER = Jtt808Decoder()
