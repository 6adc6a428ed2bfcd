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
from ingestion.fingerprint import CHUNK, Fingerprint, Tap
from ingestion.limits import LandingLimits
from ingestion.receiving import GZIP, HEAD, Received


@contextmanager
def opened(received: Received, scratch: Path) -> Iterator[ClearFile]:
    """The received file ready for parsing: itself, or unpacked into `scratch` when it is gzip. Raises FileRejected."""
    at = received_in(received.name)
    if not received.head.startswith(GZIP):
        yield ClearFile(received.clear, received.name, received.size, received.taken.result, received.head, at)
        return
    unpacked = scratch / "unpacked"
    found = _unpack(received.clear, unpacked, received.size)
    name = received.name.removesuffix(".gz").removesuffix(".GZ")
    with unpacked.open("rb") as stream:
        head = stream.read(HEAD)
    yield ClearFile(unpacked, name, found.size, lambda: found, head, at)


def _unpack(source: Path, target: Path, packed: int) -> Fingerprint:
    limit = LandingLimits().unpacked(packed)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, gzip.open(source, "rb") as stream:
        tap = Tap(stream)  # type: ignore[arg-type]
        try:
            while chunk := stream.read(CHUNK):
                tap.note(chunk, len(chunk))
                if tap.bytes > limit:
                    raise FileRejected("decompressed_too_large", f"over {tap.bytes} bytes from {packed}")
                file.write(chunk)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileRejected("truncated_gzip" if isinstance(error, EOFError) else "unreadable_format") from error
    return tap.fingerprint
