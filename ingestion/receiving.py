"""Taking one file in: hostile paths refused, bytes copied, hashed, sealed and synced in one pass; then made readable."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingestion.adapters.reading import ClearFile, FileRejected
from ingestion.file_names import extension_of, name_allowed, received_in
from ingestion.sealing import seal_stream
from ingestion.store import SEALED_SUFFIX, incoming_folder
from lake.home import Home

CHUNK = 1 << 20
HEAD = 1 << 16
_LINE_END = 10
_background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="landing-sync")
GZIP = b"\x1f\x8b"
_RATIO_FREE = 64 << 20  # bytes that may unpack at any ratio


class LandingLimits(BaseSettings):
    """How much one file may cost, from the environment (`YUNJIAN_MAX_...`)."""

    model_config = SettingsConfigDict(env_prefix="YUNJIAN_MAX_", extra="ignore")

    file_bytes: int = Field(default=64 << 30, description="a larger file is refused unread")
    unpacked_bytes: int = Field(default=64 << 30, description="of a .gz, unpacked")
    memory: str = Field(default="1500MB", description="of DuckDB while landing; beyond it spills to disk")
    unpacked_ratio: int = Field(default=200, description="of a .gz, unpacked to packed; text is rarely over 30")


@dataclass(frozen=True)
class Received:
    """Bytes that have arrived. `incoming` is the (sealed) copy, not yet in its place."""

    source: Path
    name: str
    sha256: str
    size: int  # bytes
    lines: int
    head: bytes
    incoming: Path
    sealed: bool
    identity: tuple[int, ...]  # of the source: device, inode, size, mtime
    synced: Future[None]  # done when the copy is on disk: the disk works while the rows are parsed

    @property
    def landed_name(self) -> str:
        return f"{self.sha256}{extension_of(self.name)}{SEALED_SUFFIX if self.sealed else ''}"


class _Tap(io.RawIOBase):
    """Reads through to a file, and notes hash, size, lines and first bytes on the way."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.bytes = 0
        self._ends = 0
        self._last = 0
        self.head = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        view = memoryview(buffer)
        count = int(self._stream.readinto(view))  # type: ignore[attr-defined]
        self.note(buffer if isinstance(buffer, bytearray) else bytes(view[:count]), count)
        return count

    def note(self, data: bytes | bytearray, count: int) -> None:
        """Take the first `count` bytes of `data` into account, without copying them."""
        if not count:
            return
        with memoryview(data) as view:
            self._hash.update(view[:count])
        self.bytes += count
        self._ends += data.count(b"\n", 0, count)
        self._last = data[count - 1]
        if len(self.head) < HEAD:
            self.head += bytes(data[: min(count, HEAD - len(self.head))])

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    @property
    def lines(self) -> int:
        return self._ends + (1 if self.bytes and self._last != _LINE_END else 0)


def receive(home: Home, feed: str, source: Path, *, seals: Callable[[str, bytes], bool]) -> Received:
    """Copy a file's bytes into landing's incoming folder. Raises FileRejected for what must not be read.

    `seals` decides by a file's name and first (unpacked) bytes whether the copy is sealed.
    """
    if not name_allowed(source.name):
        raise FileRejected("name_not_allowed", repr(source.name))
    descriptor = _open_regular(source)
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        status = os.fstat(descriptor)
        limit = LandingLimits().file_bytes
        if status.st_size > limit:
            raise FileRejected("too_large", f"{status.st_size} bytes, at most {limit}")
        sealed = seals(source.name, _first_bytes(descriptor))
        incoming = incoming_folder(home, feed) / f"{os.getpid()}-{status.st_ino}.part"
        tap = _Tap(stream)
        with suppress(FileNotFoundError):
            incoming.unlink()
        target = incoming.open("xb")
        try:
            if sealed:
                seal_stream(io.BufferedReader(tap, CHUNK), target, home)
            else:
                _copy(tap, target)
            target.flush()
        except BaseException:
            target.close()
            incoming.unlink()
            raise
        synced = _background.submit(_sync_and_close, target)
    return Received(
        source=source,
        name=source.name,
        sha256=tap.sha256,
        size=tap.bytes,
        lines=tap.lines,
        head=tap.head,
        incoming=incoming,
        sealed=sealed,
        identity=_identity(status),
        synced=synced,
    )


def _first_bytes(descriptor: int) -> bytes:
    head = os.pread(descriptor, HEAD, 0)
    if not head.startswith(GZIP):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, HEAD)
    except zlib.error:
        return b""


def _sync_and_close(file: BinaryIO) -> None:
    with file:
        os.fsync(file.fileno())


def _copy(tap: _Tap, target: BinaryIO) -> None:
    buffer = bytearray(CHUNK)
    with memoryview(buffer) as view:
        while count := tap.readinto(buffer):
            target.write(view[:count])


def _open_regular(source: Path) -> int:
    # No following of links, no waiting on pipes: what is opened is what is then looked at.
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if source.is_symlink():
            inside = source.resolve().is_relative_to(source.parent.resolve())
            raise FileRejected("not_a_regular_file" if inside else "outside_inbox", "a symbolic link") from None
        if isinstance(error, FileNotFoundError):
            raise FileRejected("no_such_file", str(source)) from None
        raise FileRejected("not_readable", error.strerror or str(error)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileRejected("not_a_regular_file")
    return descriptor


def unchanged(received: Received) -> bool:
    """Whether the source is still the file that was received (a sealed feed is parsed from it)."""
    try:
        return _identity(os.lstat(received.source)) == received.identity
    except OSError:
        return False


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@contextmanager
def opened(received: Received, clear: Path, scratch: Path) -> Iterator[ClearFile]:
    """The received file ready for parsing: `clear` itself, or unpacked into `scratch` when it is gzip."""
    if not received.head.startswith(GZIP):
        yield ClearFile(clear, received.name, received.size, received.lines, received.head, received_in(received.name))
        return
    unpacked = scratch / "unpacked"
    tap = _unpack(clear, unpacked, received.size)
    name = received.name.removesuffix(".gz").removesuffix(".GZ")
    yield ClearFile(unpacked, name, tap.bytes, tap.lines, tap.head, received_in(received.name))


def _unpack(source: Path, target: Path, packed: int) -> _Tap:
    limits = LandingLimits()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, gzip.open(source, "rb") as stream:
        tap = _Tap(stream)  # type: ignore[arg-type]
        try:
            while chunk := stream.read(CHUNK):
                tap.note(chunk, len(chunk))
                if tap.bytes > limits.unpacked_bytes or tap.bytes > max(_RATIO_FREE, limits.unpacked_ratio * packed):
                    raise FileRejected("decompressed_too_large", f"over {tap.bytes} bytes from {packed}")
                file.write(chunk)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileRejected("truncated_gzip" if isinstance(error, EOFError) else "unreadable_format") from error
    return tap
