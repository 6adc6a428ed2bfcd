"""One writer a lake, across processes: two writers of one SQLite catalog fail with "database is locked".

The lock is the operating system's flock on a file beside the lake, so it ends with its holder however the
holder ends (kill -9 included): no stale lock, no lease to renew. It holds between processes of one machine.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from lake.home import Home
from lake.settings import Settings

log = structlog.get_logger(__name__)
_POLL_S = 0.01
_held_by_thread = threading.local()
_open_locks: set[int] = set()


class WriterBusy(TimeoutError):
    """Another writer held the lake for longer than the caller was ready to wait."""


@dataclass
class HeldLock:
    """A held lock. Pass `fileno` to a child process (`pass_fds`) and the lock also lasts as long as the child."""

    path: Path
    fileno: int
    depth: int = 1


def lock_file(home: Home, name: str) -> Path:
    return home.lake / f".{name}.lock"


def holder(home: Home, name: str) -> str | None:
    """Who holds the lock now, as text for people; None when it is free."""
    path = lock_file(home, name)
    if not path.exists():
        return None
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _try(descriptor, fcntl.LOCK_SH):
            return None
        return _describe(path)
    finally:
        os.close(descriptor)


@contextmanager
def writer_lock(home: Home, name: str, *, purpose: str, timeout_s: float | None = None) -> Iterator[HeldLock]:
    """Hold the right to write lake `name`; re-entrant within one thread. `purpose` reads like "landing truck_gps".

    Waits up to `timeout_s` seconds (default: the setting `lock_timeout_s`), then raises WriterBusy naming the
    holder's process, purpose and start.
    """
    path = lock_file(home, name)
    mine: dict[Path, HeldLock] = _held_by_thread.__dict__.setdefault("locks", {})
    held = mine.get(path)
    if held is not None:
        held.depth += 1
        try:
            yield held
        finally:
            held.depth -= 1
        return
    limit = Settings.current().lock_timeout_s if timeout_s is None else timeout_s
    held = HeldLock(path, _acquire(path, purpose, limit))
    mine[path] = held
    try:
        yield held
    finally:
        # A child forked meanwhile has closed its copy and forgotten the lock: see _forget_in_child.
        if mine.pop(path, None) is not None:
            _open_locks.discard(held.fileno)
            os.close(held.fileno)  # not LOCK_UN: a child that was given the descriptor keeps the lock


def _acquire(path: Path, purpose: str, timeout_s: float) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + timeout_s
    told = False
    try:
        while not _try(descriptor, fcntl.LOCK_EX):
            if not told:
                log.info("waiting for the writer lock", lock=path.name, held_by=_describe(path), purpose=purpose)
                told = True
            if time.monotonic() >= deadline:
                raise WriterBusy(f"{path.name}: waited {timeout_s:g} s for {purpose}; held by {_describe(path)}")
            time.sleep(_POLL_S)
        _write_holder(descriptor, purpose)
    except BaseException:
        os.close(descriptor)
        raise
    _open_locks.add(descriptor)
    return descriptor


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_holder(descriptor: int, purpose: str) -> None:
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = json.dumps({"pid": os.getpid(), "purpose": purpose, "since": since})
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def _describe(path: Path) -> str:
    try:
        facts = json.loads(path.read_text())
        return f"process {facts['pid']} since {facts['since']} ({facts['purpose']})"
    except (OSError, ValueError, KeyError):
        return "a process that has not said who it is"


def _forget_in_child() -> None:
    """A forked child is not the holder: without this it would keep its parent's lock alive unknowingly."""
    for descriptor in _open_locks:
        try:
            os.close(descriptor)
        except OSError:
            pass
    _open_locks.clear()
    _held_by_thread.__dict__.clear()


os.register_at_fork(after_in_child=_forget_in_child)
