"""What a stream of bytes is: its SHA-256, and how many bytes. Noted while it is read, without a copy."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import BinaryIO

CHUNK = 1 << 20
_LARGE = 4 << 20  # of large files: a thread that seldom asks for the interpreter seldom waits for it


@dataclass(frozen=True)
class Fingerprint:
    sha256: str
    size: int  # bytes


class Tap(io.RawIOBase):
    """Reads through to a stream and notes its fingerprint on the way."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        with memoryview(buffer) as view:
            count = int(self._stream.readinto(view))  # type: ignore[attr-defined]
            self._hash.update(view[:count])
        self.bytes += count
        return count

    def drain(self, size: int, target: BinaryIO | None = None) -> None:
        """Read about `size` bytes to the end, into `target` if there is one."""
        buffer = bytearray(min(max(size, 1), _LARGE))
        with memoryview(buffer) as view:
            while count := self.readinto(buffer):
                if target is not None:
                    target.write(view[:count])

    @property
    def fingerprint(self) -> Fingerprint:
        return Fingerprint(self._hash.hexdigest(), self.bytes)
