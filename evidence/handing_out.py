"""Where packs go, and how: never through a link, never over another file, readable by the owner alone."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lake.home import Home

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_FINDING: Final = re.compile(r"[a-z][a-z_]{0,63}")


class BadPlace(ValueError):
    """An id or a folder that could lead elsewhere than it says."""


def check_ids(trip_id: str, finding: str) -> None:
    """Raises BadPlace for what cannot be a trip's id or a finding's name."""
    if not _ID.fullmatch(trip_id) or ".." in trip_id:
        raise BadPlace("that is no trip id")
    if not _FINDING.fullmatch(finding):
        raise BadPlace("that is no finding")


def folder_for(home: Home, given: str | None) -> Path:
    """The folder packs go to, absolute; `$YUNJIAN_HOME/evidence` by default. Nothing is made yet.

    Raises BadPlace for `..`, for links on the way, and for the platform's own folders: what lies in `published` or
    `inbox` is read by others.
    """
    if given is None:
        return home.evidence
    if not given.strip() or "\0" in given:
        raise BadPlace("--out needs a folder")
    path = Path(given)
    if ".." in path.parts:
        raise BadPlace("--out must not go upwards (..)")
    path = Path(os.path.abspath(path))
    if path.resolve() != path:
        raise BadPlace("--out must not lead through a link")
    if path.exists() and not path.is_dir():
        raise BadPlace("--out is no folder")
    root = home.root.resolve()
    inside = path == root or root in path.parents
    if inside and not (path == home.evidence.resolve() or home.evidence.resolve() in path.parents):
        raise BadPlace("--out must not be one of the platform's own folders")
    return path


def file_stem(day: object, finding: str, trip_id: str, pdf: bytes) -> str:
    """`evidence_2026-11-22_off_route_1f0c9a7e2b3d_5c1d...`: date, finding, and digests of the trip's id and of the pack."""
    trip = hashlib.sha256(trip_id.encode()).hexdigest()[:12]
    return f"evidence_{day}_{finding}_{trip}_{hashlib.sha256(pdf).hexdigest()[:12]}"


def hand_out(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write each file (0600, synced), all of them or none. The same bytes may lie there already; other ones may not."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    written: list[str] = []
    try:
        for name, content in files.items():
            if not _is_there(at, name, content):
                _write(at, name, content, written)
        os.fsync(at)
    except BaseException:
        for name in written:
            os.unlink(name, dir_fd=at)
        raise
    finally:
        os.close(at)
    return [folder / name for name in files]


def _is_there(folder: int, name: str, content: bytes) -> bool:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return False
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode) or file.read(len(content) + 1) != content:
            raise FileExistsError(f"{name} is there with another content")
        os.fchmod(file.fileno(), 0o600)
    return True


def _write(folder: int, name: str, content: bytes, written: list[str]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600, dir_fd=folder)
    written.append(name)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
