"""Landing: every received file by its SHA-256, with a manifest, so that the lake can be rebuilt from it alone.

landing/<feed>/<sha[:2]>/<sha>.<ext>[.age]      the bytes as received, sealed for feeds with personal data
landing/<feed>/<sha[:2]>/<sha>.manifest.json    what is known of them; one delivery for each name they came under
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from ingestion.sealing import open_sealed
from lake.home import Home

SEALED_SUFFIX = ".age"
MANIFEST_SUFFIX = ".manifest.json"
_ABANDONED_S = 86_400
INCOMING = ".incoming"  # folder of files still being received


@dataclass(frozen=True)
class Delivery:
    """One arrival of a file. `file_date` is the date in its name, if any; instants are naive UTC."""

    name: str
    received_at: datetime | None
    file_date: date | None
    landed_at: datetime


@dataclass(frozen=True)
class Manifest:
    """What landing knows of some received bytes without reading them."""

    feed: str
    sha256: str
    bytes: int
    file: str  # name of the landed file, beside the manifest
    sealed: bool
    contract_version: str
    deliveries: tuple[Delivery, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def feed_folder(home: Home, feed: str) -> Path:
    return home.landing / feed


def manifest_path(home: Home, feed: str, sha256: str) -> Path:
    # A suffix that no received file can have here: `<sha>.json` may be a received JSON file.
    return feed_folder(home, feed) / sha256[:2] / f"{sha256}{MANIFEST_SUFFIX}"


def landed_path(home: Home, manifest: Manifest) -> Path:
    return manifest_path(home, manifest.feed, manifest.sha256).with_name(manifest.file)


def read_manifest(home: Home, feed: str, sha256: str) -> Manifest | None:
    """The manifest of landed bytes; None when they were never landed for this feed."""
    try:
        facts = json.loads(manifest_path(home, feed, sha256).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    deliveries = tuple(
        Delivery(
            name=item["name"],
            received_at=datetime.fromisoformat(item["received_at"]) if item["received_at"] else None,
            file_date=date.fromisoformat(item["file_date"]) if item["file_date"] else None,
            landed_at=datetime.fromisoformat(item["landed_at"]),
        )
        for item in facts.pop("deliveries")
    )
    return Manifest(**facts, deliveries=deliveries)


def manifests(home: Home, feed: str) -> Iterator[Manifest]:
    """Every landed file of a feed, by hash."""
    for path in sorted(feed_folder(home, feed).glob(f"??/*{MANIFEST_SUFFIX}")):
        manifest = read_manifest(home, feed, path.name.removesuffix(MANIFEST_SUFFIX))
        if manifest is not None:
            yield manifest


def keep(home: Home, incoming: Path, manifest: Manifest) -> Manifest:
    """Give received (and synced) bytes their place, then their manifest; the answer names all deliveries so far.

    A crash before the manifest leaves bytes without one: the next arrival of the same bytes writes it.
    """
    if not incoming.exists():
        return manifest  # already kept: a gate may reject a file whose bytes have their place
    known = read_manifest(home, manifest.feed, manifest.sha256)
    path = manifest_path(home, manifest.feed, manifest.sha256)
    if known is not None and path.with_name(known.file).is_file():
        incoming.unlink(missing_ok=True)
        names = {(d.name, d.file_date) for d in known.deliveries}
        fresh = tuple(d for d in manifest.deliveries if (d.name, d.file_date) not in names)
        if not fresh:
            return known
        manifest = replace(known, deliveries=known.deliveries + fresh)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(incoming, path.with_name(manifest.file))
    _write_synced(path, json.dumps(manifest.as_json(), default=_text, ensure_ascii=False, indent=1, sort_keys=True))
    return manifest


@contextmanager
def open_landed(home: Home, manifest: Manifest) -> Iterator[BinaryIO]:
    """The bytes of a landed file as they were received."""
    path = landed_path(home, manifest)
    if manifest.sealed:
        with open_sealed(path, home) as stream:
            yield stream
    else:
        with path.open("rb") as stream:
            yield stream


def incoming_folder(home: Home, feed: str) -> Path:
    """Where files are while they are being received; what a killed process left here is swept after a day."""
    folder = feed_folder(home, feed) / INCOMING
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _ABANDONED_S:
                left.unlink()
    return folder


def _write_synced(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _text(value: date | datetime) -> str:
    return value.isoformat()
