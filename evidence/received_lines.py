"""The lines that fixes came in, read again from landing: unsealed, unpacked, and only when the whole file is what it was.

Bronze says what was understood; the line is what the terminal (or the platform behind it) sent.
"""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

import duckdb

from evidence.message_parts import WaitingParts
from ingestion.adapters.lines import numbered_lines
from ingestion.store import Manifest, landed_path, open_landed, read_manifest
from lake.home import Home
from lake.lakes import BRONZE

FEED: Final = "truck_gps"
_GZIP: Final = b"\x1f\x8b"
_TABLES: Final = ("parquet", "xlsx")
_CHUNK: Final = 1 << 20


class LandingChanged(RuntimeError):
    """Landed bytes are not the ones that were received: no evidence rests on them."""


@dataclass(frozen=True)
class ReceivedFile:
    """A landed file with lines of the trip. `lines`: text by 1-based number, as received, without line ends."""

    name: str
    sha256: str
    format: str
    bytes: int
    received_at: str
    lines: Mapping[int, str]
    parts: Mapping[int, tuple[int, ...]]  # of a message in several parts: the lines of the others, by its last line
    missing: str = ""  # why there are no lines


def read_lines(home: Home, con: duckdb.DuckDBPyConnection, wanted: Mapping[str, Iterable[int]]) -> list[ReceivedFile]:
    """The wanted lines of each file (by SHA-256), files by name. Raises LandingChanged when a file's hash is not its name.

    A CSV file's header line comes with them. Where the bytes are no longer kept, or are a table without text lines,
    `missing` says so.
    """
    files = [_read(home, con, sha256, sorted(set(numbers))) for sha256, numbers in sorted(wanted.items())]
    return sorted(files, key=lambda file: (file.name, file.sha256))


def _read(home: Home, con: duckdb.DuckDBPyConnection, sha256: str, numbers: list[int]) -> ReceivedFile:
    row = con.execute(
        f"""SELECT file_name, format, bytes, received_at FROM {BRONZE}.main.landing_files
            WHERE feed = ? AND file_sha256 = ? AND status = 'landed' ORDER BY landed_at, file_name LIMIT 1""",
        [FEED, sha256],
    ).fetchone()
    name, kind, size, received_at = row or ("", "", 0, None)
    facts = (str(name), sha256, str(kind), int(size or 0), f"{received_at}Z" if received_at else "")
    manifest = read_manifest(home, FEED, sha256)
    if manifest is None or not landed_path(home, manifest).is_file():
        return ReceivedFile(*facts, {}, {}, "the received bytes are no longer kept")
    if kind in _TABLES:
        _check(home, manifest)
        return ReceivedFile(*facts, {}, {}, f"a {kind} table has rows, no lines of text; rows are counted from 1")
    lines, parts = _lines(home, manifest, numbers, is_csv=kind == "csv")
    return ReceivedFile(*facts, lines, parts)


def _lines(
    home: Home, manifest: Manifest, numbers: list[int], *, is_csv: bool
) -> tuple[dict[int, str], dict[int, tuple[int, ...]]]:
    found: dict[int, bytes] = {}
    wanted = set(numbers) | ({1} if is_csv else set())
    with open_landed(home, manifest) as stream:
        hashed = _Hashed(stream)
        received = io.BufferedReader(hashed, _CHUNK)
        packed = received.peek(2)[:2] == _GZIP
        text: BinaryIO = gzip.GzipFile(fileobj=received) if packed else received  # type: ignore[assignment]
        last = max(wanted)
        waiting = WaitingParts() if not is_csv else None
        others: dict[int, tuple[int, ...]] = {}
        for number, line, _ in numbered_lines(text):
            if waiting is not None:
                before = waiting.note(number, line, wanted=number in wanted)
                if before:
                    others[number] = tuple(part for part, _ in before)
                    found.update(before)
            if number in wanted:
                found[number] = line.rstrip(b"\r\n")
            if number >= last:
                break
        while received.read(_CHUNK):  # to the end: only then is the hash that of the file
            pass
        _compare(manifest, hashed.sha256.hexdigest())
    if wanted - set(found):
        raise LandingChanged(f"{manifest.sha256[:12]}: the file has no line {min(wanted - set(found))}")
    return {number: found[number].decode("utf-8", "backslashreplace") for number in sorted(found)}, others


def _check(home: Home, manifest: Manifest) -> None:
    with open_landed(home, manifest) as stream:
        digest = hashlib.sha256()
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    _compare(manifest, digest.hexdigest())


def _compare(manifest: Manifest, found: str) -> None:
    if found != manifest.sha256:
        raise LandingChanged(f"landed file {manifest.sha256[:12]} has other bytes than were received")


class _Hashed(io.RawIOBase):
    """A stream that hashes what is read through it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self.sha256.update(data)
        return len(data)
