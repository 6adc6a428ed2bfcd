"""Keys of one installation: where they come from, and the guard against losing them.

A key is read from the environment (``YUNJIAN_PERSON_KEY``, hex) or from a file only its owner can read
(``secrets/person.key``, mode 0600), made at first use. Its fingerprint is kept beside the landed bytes: a key that was
lost and made anew would silently give every person a new pseudonym, so a changed key is an error, not a fresh start.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pyrage import IdentityError, x25519

from lake.home import Home

KEY_BYTES = 32
PERSON = "person"
QUARANTINE = "quarantine"
LANDING = "landing"


class KeyProblem(RuntimeError):
    """A key is missing, readable by others, malformed, or not the one this installation's data was made with."""


def load_key(home: Home, name: str = PERSON) -> bytes:
    """The 32 bytes of the key `name`, made at first use. Raises `KeyProblem`."""
    text = _load_text(home, name, make=lambda: os.urandom(KEY_BYTES).hex())
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise KeyProblem(f"key {name}: expected {2 * KEY_BYTES} hexadecimal digits") from None
    if len(key) != KEY_BYTES:
        raise KeyProblem(f"key {name}: expected {KEY_BYTES} bytes, found {len(key)}")
    _check_fingerprint(home, name, key)
    return key


def landing_identity(home: Home) -> x25519.Identity:
    """The age identity that opens sealed landing files, made at first use. Raises `KeyProblem`."""
    text = _load_text(home, LANDING, make=lambda: str(x25519.Identity.generate()))
    try:
        identity = x25519.Identity.from_str(text)
    except IdentityError:
        raise KeyProblem("key landing: expected an age identity (AGE-SECRET-KEY-1...)") from None
    _check_fingerprint(home, LANDING, text.encode())
    return identity


def landing_recipient(home: Home) -> x25519.Recipient:
    """The age recipient that landing files are sealed for."""
    return landing_identity(home).to_public()


def key_file(home: Home, name: str) -> Path:
    return home.secrets / f"{name}.key"


def _load_text(home: Home, name: str, make: Callable[[], str]) -> str:
    given = os.environ.get(f"YUNJIAN_{name.upper()}_KEY")
    if given:
        return given.strip()
    path = key_file(home, name)
    if not path.exists():
        if _fingerprints(home).get(name):
            raise KeyProblem(
                f"key {name}: {path} is gone, yet data made with it is here; restore it from the backup "
                f"(a new key would change every pseudonym), or set YUNJIAN_{name.upper()}_KEY"
            )
        _write_new(path, make())
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KeyProblem(f"key {name}: {path} can be read by others (mode {mode:04o}); mend: chmod 600 {path}")
    return path.read_text().strip()


def _write_new(path: Path, text: str) -> None:
    """Writes the key unless another process was first; a reader never sees half a key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, text.encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def _fingerprint_file(home: Home) -> Path:
    return home.landing / ".key-fingerprints.json"


def _fingerprints(home: Home) -> dict[str, str]:
    path = _fingerprint_file(home)
    if not path.exists():
        return {}
    known = json.loads(path.read_text())
    return {str(name): str(value) for name, value in known.items()}


def _check_fingerprint(home: Home, name: str, key: bytes) -> None:
    # A one-way mark of the key: 64 bits tell keys apart and say nothing about them.
    mark = hmac.new(key, b"yunjian key fingerprint", hashlib.sha256).hexdigest()[:16]
    known = _fingerprints(home)
    if known.get(name) == mark:
        return
    if name in known:
        raise KeyProblem(
            f"key {name}: not the key this installation's data was made with; restore the former key "
            f"({key_file(home, name)} or YUNJIAN_{name.upper()}_KEY)"
        )
    path = _fingerprint_file(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps({**known, name: mark}, sort_keys=True))
    draft.replace(path)
