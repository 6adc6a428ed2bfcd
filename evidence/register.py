"""The retrieval register (State Council Order 799): who looked at what, when and why; lines are added, never changed.

`registers/retrievals.jsonl` (0600) holds one JSON object a line; each carries the hash of the one before and its own.
`retrievals.head` names the last, so that lines cut off the end are missed too. Whoever can write both files can write a
new history: the head is therefore shown at every retrieval, to be kept elsewhere as well (`verify(..., noted=head)`).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from lake.home import Home

FIRST: Final = "0" * 64  # what stands before the first line
_LOG, _HEAD = "retrievals.jsonl", "retrievals.head"
_LINE_LIMIT: Final = 64 * 1024


class RegisterBroken(RuntimeError):
    """The register was changed after the fact, or cannot be written: nothing is handed out."""


@dataclass
class Chain:
    """What the register's files say: its lines in order, and what is wrong with them (nothing: it is whole)."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    torn_bytes: int = 0  # of a last line that a crash cut short; nothing was handed out for it

    @property
    def head(self) -> str:
        return str(self.entries[-1]["hash"]) if self.entries else FIRST


def append(home: Home, facts: Mapping[str, Any], *, now: datetime | None = None) -> dict[str, Any]:
    """Add one entry, on disk when this returns; with `sequence`, `at` (UTC), `previous` and `hash`.

    Raises RegisterBroken when the chain is not whole or the entry cannot be written.
    """
    at = (now or datetime.now(UTC)).astimezone(UTC)
    try:
        with _locked(home) as descriptor:
            chain = _read(home, descriptor)
            if chain.problems:
                raise RegisterBroken(f"the register is not whole: {chain.problems[0]}")
            if chain.torn_bytes:
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - chain.torn_bytes)
            entry = {
                "sequence": len(chain.entries) + 1,
                "at": at.isoformat(timespec="microseconds"),
                **facts,
                "previous": chain.head,
            }
            entry["hash"] = entry_hash(entry)
            line = json.dumps(entry, ensure_ascii=False, sort_keys=True).encode() + b"\n"
            if len(line) > _LINE_LIMIT:
                raise RegisterBroken("the entry is too long to be registered")
            if os.write(descriptor, line) != len(line):
                raise RegisterBroken("the entry could not be written whole")
            os.fsync(descriptor)
            _write_head(home, entry)
            return entry
    except OSError as error:
        raise RegisterBroken(f"the register cannot be written: {error}") from error


def verify(home: Home, *, noted: str | None = None) -> Chain:
    """Read the whole register and check it; `noted` is a head that was written down elsewhere."""
    try:
        with _locked(home, make=False) as descriptor:
            chain = _read(home, descriptor)
    except FileNotFoundError:
        chain = Chain()
        if (home.registers / _HEAD).exists():
            chain.problems.append("the register is gone, its head is there")
    if noted and noted != FIRST and noted not in {entry["hash"] for entry in chain.entries}:
        chain.problems.append("no entry has the hash that was noted: entries were changed or taken away")
    return chain


def entry_hash(entry: Mapping[str, Any]) -> str:
    """SHA-256 of the entry without its own hash, as JSON with sorted keys and no spaces, UTF-8."""
    facts = {name: value for name, value in entry.items() if name != "hash"}
    return hashlib.sha256(
        json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


@contextmanager
def _locked(home: Home, *, make: bool = True) -> Iterator[int]:
    """The register opened for adding, nobody else writing. Raises FileNotFoundError when it is not to be made."""
    if make:
        home.registers.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = (os.O_RDWR | os.O_APPEND | os.O_CREAT) if make else os.O_RDONLY
    descriptor = os.open(home.registers / _LOG, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        if make and stat.S_IMODE(os.fstat(descriptor).st_mode) != 0o600:
            os.fchmod(descriptor, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX if make else fcntl.LOCK_SH)
        yield descriptor
    finally:
        os.close(descriptor)


def _read(home: Home, descriptor: int) -> Chain:
    chain = Chain()
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        while line := file.readline(_LINE_LIMIT + 1):
            if not line.endswith(b"\n"):
                rest = len(line) + len(file.read())
                if len(line) > _LINE_LIMIT:
                    chain.problems.append(f"line {len(chain.entries) + 1} is too long to be one of ours")
                chain.torn_bytes = rest
                break
            _add(chain, line)
    _check_head(home, chain)
    return chain


def _add(chain: Chain, line: bytes) -> None:
    number = len(chain.entries) + 1
    try:
        entry = json.loads(line)
        assert isinstance(entry, dict)
    except (ValueError, AssertionError, RecursionError):
        chain.problems.append(f"line {number} is no entry")
        entry = {}
    if entry.get("hash") != entry_hash(entry):
        chain.problems.append(f"entry {number} was changed: its hash is not that of its content")
    elif entry.get("previous") != chain.head or entry.get("sequence") != number:
        chain.problems.append(f"entry {number} does not follow the one before it")
    chain.entries.append({**entry, "hash": str(entry.get("hash", ""))})


def _check_head(home: Home, chain: Chain) -> None:
    """The head may be one entry behind (a crash between the two writes), never ahead."""
    try:
        sequence, hash_ = (home.registers / _HEAD).read_text().split()
        at = int(sequence)
    except FileNotFoundError:
        if len(chain.entries) > 1:
            chain.problems.append("the head of the register is gone")
        return
    except ValueError:
        chain.problems.append("the head of the register is unreadable")
        return
    if at < len(chain.entries) - 1 or at > len(chain.entries) or at < 1 or chain.entries[at - 1]["hash"] != hash_:
        chain.problems.append(f"the register does not end where its head says: entry {at}")


def _write_head(home: Home, entry: Mapping[str, Any]) -> None:
    draft = home.registers / f".{_HEAD}.{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{entry['sequence']} {entry['hash']}\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, home.registers / _HEAD)
    _sync_folder(home.registers)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
