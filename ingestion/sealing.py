"""Encryption at rest of what was received for feeds with personal data.

Files are sealed as age files (X25519, ChaCha20-Poly1305) and stay readable with any age tool; refused rows, of which
there may be thousands in one file, as AES-256-GCM tokens under the installation's quarantine key.
"""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ingestion.secrets import QUARANTINE, landing_identity, landing_recipient, load_key
from lake.home import Home

_NONCE_BYTES = 12
_CONTEXT = b"yunjian quarantine v1"


class SealBroken(ValueError):
    """Sealed bytes do not open: damaged, cut short, or sealed for another key."""


def seal_stream(source: BinaryIO, target: BinaryIO, home: Home) -> None:
    """Copies `source` to `target` as an age file, in bounded memory."""
    pyrage.encrypt_io(source, target, [landing_recipient(home)])


def seal_file(source: Path, target: Path, home: Home) -> None:
    """Seals a file as an age file, synced to disk before it has its name."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    with source.open("rb") as clear, draft.open("wb") as sealed:
        seal_stream(clear, sealed, home)
        sealed.flush()
        os.fsync(sealed.fileno())
    draft.replace(target)


@contextmanager
def open_sealed(path: Path, home: Home) -> Iterator[BinaryIO]:
    """The clear bytes of a sealed file as a stream, in bounded memory; never written to disk. Raises `SealBroken`."""
    identity = landing_identity(home)
    read_end, write_end = os.pipe()
    problem: list[BaseException] = []
    abandoned = threading.Event()

    def decrypt() -> None:
        try:  # the pipe first: the reader waits for its end, also of a file that cannot be opened
            with os.fdopen(write_end, "wb") as clear, path.open("rb") as sealed:
                pyrage.decrypt_io(sealed, clear, [identity])
        except BaseException as error:  # handed to the reader below
            problem.append(error)

    worker = threading.Thread(target=decrypt, name="open-sealed", daemon=True)
    worker.start()
    try:
        with os.fdopen(read_end, "rb") as clear:
            yield clear
            # A reader that stops early closes the pipe; only one that read to the end can know of damage.
            if clear.read(1):
                abandoned.set()
    finally:
        worker.join()
    if problem and not abandoned.is_set():
        raise SealBroken(f"{path.name}: {problem[0]}") from problem[0]


class TextSealer:
    """Seals and opens short texts (the raw content of refused rows)."""

    def __init__(self, home: Home) -> None:
        self._cipher = AESGCM(load_key(home, QUARANTINE))

    def seal(self, text: str) -> str:
        """The text as a base64 token: 12 bytes nonce, then ciphertext and tag."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, text.encode("utf-8", "surrogateescape"), _CONTEXT)
        return base64.b64encode(nonce + sealed).decode("ascii")

    def open(self, token: str) -> str:
        """The clear text of a token. Raises `SealBroken`."""
        data = base64.b64decode(token)
        try:
            clear = self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], _CONTEXT)
        except InvalidTag:
            raise SealBroken("quarantined row: damaged, or sealed under another key") from None
        return clear.decode("utf-8", "surrogateescape")
