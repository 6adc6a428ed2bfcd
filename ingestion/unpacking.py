"""A received file made readable: gzip unpacked into a scratch folder, within limits."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingestion.adapters.reading import ClearFile, FileRejected
from ingestion.file_names import received_in
from ingestion.fingerprint import CHUNK
from ingestion.limits import LandingLimits
from ingestion.receiving import GZIP, HEAD, Received


@contextmanager
def opened(received: Received, scratch: Path) -> Iterator[ClearFile]:
    """The received file ready for parsing: itself, or unpacked into `scratch` when it is gzip. Raises FileRejected."""
    file = clear_file(received)
    if file is not None:
        yield file
        return
    unpacked = scratch / "unpacked"
    size = _unpack(received.clear, unpacked, received.size)
    name = received.name.removesuffix(".gz").removesuffix(".GZ")
    with unpacked.open("rb") as stream:
        head = stream.read(HEAD)
    yield ClearFile(unpacked, name, size, head, received_in(received.name))


def clear_file(received: Received) -> ClearFile | None:
    """The received file itself, if it can be parsed as it is."""
    if received.head.startswith(GZIP):
        return None
    return ClearFile(received.clear, received.name, received.size, received.head, received_in(received.name))


def _unpack(source: Path, target: Path, packed: int) -> int:
    limit = LandingLimits().unpacked(packed)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, gzip.open(source, "rb") as stream:
        size = 0
        try:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise FileRejected("decompressed_too_large", f"over {size} bytes from {packed}")
                file.write(chunk)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileRejected("truncated_gzip" if isinstance(error, EOFError) else "unreadable_format") from error
    return size
