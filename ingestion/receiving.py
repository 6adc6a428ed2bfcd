"""Taking one file in: hostile paths refused, bytes kept, hashed, sealed and synced while they are being parsed.

A file that nobody else holds is taken as it is, by a second name for the same bytes; any other is copied. Either way the
hash is of what was parsed: a file that changes meanwhile is refused, and waits for the next run.
"""

from __future__ import annotations

import fcntl
import gzip
import io
import os
import stat
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ingestion.adapters.reading import FileRejected
from ingestion.file_names import extension_of, name_allowed
from ingestion.fingerprint import CHUNK, Fingerprint, Tap
from ingestion.limits import LandingLimits
from ingestion.sealing import seal_stream
from ingestion.store import SEALED_SUFFIX, incoming_folder
from lake.home import Home

HEAD = 1 << 16
GZIP = b"\x1f\x8b"


# One thread beside DuckDB's own: it hashes and copies while the rows are parsed, and syncs while they are checked.
def _yield() -> None:
    """Let this thread have the time that no other wants."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)


_background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="landing-bytes", initializer=_yield)


class NoSuchFile(FileRejected):
    """There is no file of that name, or no more."""

    REASON = "no_such_file"

    def __init__(self, source: Path) -> None:
        super().__init__(self.REASON, str(source))


@dataclass(frozen=True)
class Received:
    """A file that is being taken in. `incoming` holds the (sealed) bytes, not yet in their place; `clear` is parsed."""

    source: Path
    name: str
    size: int  # bytes
    head: bytes  # the first 64 KiB
    incoming: Path
    clear: Path
    sealed: bool
    identity: tuple[int, ...]  # device, inode, size, mtime
    taken: Future[Fingerprint]
    synced: Future[None]  # done when the bytes are on disk

    @property
    def sha256(self) -> str:
        return self.taken.result().sha256

    @property
    def landed_name(self) -> str:
        return f"{self.sha256}{extension_of(self.name)}{SEALED_SUFFIX if self.sealed else ''}"

    def unchanged(self) -> bool:
        """Whether hash, copy and rows are of the same bytes: to be asked when all of them have been read."""
        self.synced.result()
        try:
            return _identity(os.lstat(self.clear)) == self.identity and self.taken.result().size == self.size
        except OSError:
            return False

    def forget(self) -> None:
        """Wait for the bytes and drop them, unless they have got their place."""
        with suppress(OSError):
            self.synced.result()
        self.incoming.unlink(missing_ok=True)


def receive(home: Home, feed: str, source: Path, *, seals: Callable[[str, bytes], bool]) -> Received:
    """Begin to take a file into landing's incoming folder. Raises FileRejected for what must not be read.

    `seals` decides by a file's name and first (unpacked) bytes whether the kept bytes are sealed. Those of a .gz whose
    first bytes do not tell are.
    """
    if not name_allowed(source.name):
        raise FileRejected("name_not_allowed", repr(source.name))
    descriptor = _open_regular(source)
    try:
        status = os.fstat(descriptor)
        limit = LandingLimits().file_bytes
        if status.st_size > limit:
            raise FileRejected("too_large", f"{status.st_size} bytes, at most {limit}")
        head = os.pread(descriptor, HEAD, 0)
        clear_head = _unpacked(head, whole=status.st_size <= HEAD)
        sealed = clear_head is None or seals(source.name, clear_head)
        incoming = incoming_folder(home, feed) / f"{os.getpid()}-{status.st_ino}.part"
        incoming.unlink(missing_ok=True)
        inside = source.parent.resolve() == (home.inbox / feed).resolve()
        linked = not sealed and inside and _link(source, descriptor, status, incoming)
    except BaseException:
        os.close(descriptor)
        raise
    target = None if linked else os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
    taken = _background.submit(_take, descriptor, status.st_size, target, home if sealed else None)
    synced = _background.submit(_sync, descriptor, target, taken)
    return Received(
        source=source,
        name=source.name,
        size=status.st_size,
        head=head,
        incoming=incoming,
        clear=incoming if linked else source,
        sealed=sealed,
        identity=_identity(status),
        taken=taken,
        synced=synced,
    )


def _link(source: Path, descriptor: int, status: os.stat_result, incoming: Path) -> bool:
    """Give the bytes a second name. Only bytes with one name that nobody is writing: they must not change in landing."""
    if status.st_nlink != 1 or _being_written(descriptor):
        return False
    try:
        os.link(source, incoming, follow_symlinks=False)
    except OSError:
        return False  # another file system
    if _identity(os.lstat(incoming)) == _identity(status):
        return True
    incoming.unlink()
    return False


def _being_written(descriptor: int) -> bool:
    # The kernel grants a read lease on a file only while nobody has it open for writing.
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError:
        return True  # or the file system cannot tell
    return False


def _take(descriptor: int, size: int, target: int | None, sealer: Home | None) -> Fingerprint:
    with io.FileIO(descriptor, closefd=False) as stream:
        tap = Tap(stream)
        if target is None:
            tap.drain(size)
            return tap.fingerprint
        with os.fdopen(target, "wb", closefd=False) as file:
            if sealer is None:
                tap.drain(size, file)
            else:
                seal_stream(io.BufferedReader(tap, CHUNK), file, sealer)
        return tap.fingerprint


def _sync(descriptor: int, target: int | None, taken: Future[Fingerprint]) -> None:
    try:
        taken.result()
        os.fsync(descriptor if target is None else target)
    finally:
        os.close(descriptor)
        if target is not None:
            os.close(target)


def _unpacked(head: bytes, *, whole: bool) -> bytes | None:
    """What a file begins with when it is read: of gzip the first bytes of all its members together, as many as a head
    has. None where `head` does not tell them (members without content, or damage); `whole`: it is all of the file."""
    if not head.startswith(GZIP):
        return head
    found = bytearray()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(head)) as stream:
            while len(found) < HEAD:
                if not (chunk := stream.read1(HEAD - len(found))):
                    return bytes(found) if whole else None
                found += chunk
    except (OSError, EOFError, zlib.error):
        return None
    return bytes(found)


def _open_regular(source: Path) -> int:
    # No following of links, no waiting on pipes: what is opened is what is then looked at.
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if source.is_symlink():
            inside = source.resolve().is_relative_to(source.parent.resolve())
            raise FileRejected("not_a_regular_file" if inside else "outside_inbox", "a symbolic link") from None
        if isinstance(error, FileNotFoundError):
            raise NoSuchFile(source) from None
        raise FileRejected("not_readable", error.strerror or str(error)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileRejected("not_a_regular_file")
    return descriptor


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
