"""DuckDB's extensions come as pinned, signed wheels; DuckDB looks for them in a folder of its own layout."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from functools import cache
from pathlib import Path

import duckdb

from lake.settings import Settings

EXTENSIONS = ("ducklake", "sqlite_scanner", "postgres_scanner", "httpfs")


# What it takes to attach a lake: an engine has these from its start once they have been checked, and no others.
_OF_LAKES = ("ducklake", "sqlite_scanner", "postgres_scanner")
# What DuckDB found signed when this process loaded it first, by name, with the file it was then.
_checked: dict[str, tuple[int, ...]] = {}


class ExtensionMissing(RuntimeError):
    """An extension wheel is not installed, or was built for another DuckDB."""


def extension_directory() -> Path:
    """The folder to open DuckDB with as `extension_directory`, its links made when missing.

    With it (and `autoinstall_known_extensions` off) INSTALL is a no-op and LOAD works without a network.
    Many processes may call this at once: each link is made aside and renamed into place.
    Raises ExtensionMissing when a wheel is absent.
    """
    chosen = Settings.current().extension_directory
    root = chosen.absolute() if chosen else _default_root()
    folder = root / f"v{duckdb.__version__}" / _platform()
    folder.mkdir(parents=True, exist_ok=True)
    for name in EXTENSIONS:
        _link(folder / f"{name}.duckdb_extension", _binary(name))
    return root


def load_extension(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """LOAD of an extension whose signature DuckDB checks, once a process: hashing its 35 MB takes 0.1 s each time.

    `con` must refuse unsigned extensions, as `open_signed` leaves it.
    """
    before = _identity(name)
    con.execute(f"LOAD {name}")
    _checked.setdefault(name, before)


def open_signed(config: dict[str, str | bool | int | float | list[str]]) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that loads signed extensions only, and has those of lakes that this process has checked before.

    They are the very files of that check (inode, size, times), which the process keeps mapped; the connection handed
    out refuses unsigned ones, and DuckDB lets nobody take that back while it is open.
    """
    checked = [name for name in _OF_LAKES if name in _checked and _checked[name] == _identity(name)]
    con = duckdb.connect(config={**config, "allow_unsigned_extensions": bool(checked)})
    for name in checked:
        con.execute(f"LOAD {name}")
    con.execute("SET allow_unsigned_extensions = false")
    return con


def _identity(name: str) -> tuple[int, ...]:
    found = _binary(name).stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _default_root() -> Path:
    inside = Path(sys.prefix) / "share" / "yunjian" / "duckdb_extensions"
    try:
        inside.mkdir(parents=True, exist_ok=True)
        if os.access(inside, os.W_OK):
            return inside
    except OSError:
        pass  # the environment was installed read-only: use the user's cache
    fallback = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yunjian" / "duckdb_extensions"
    fallback.mkdir(parents=True, exist_ok=True, mode=0o700)
    return fallback


@cache
def _platform() -> str:
    row = duckdb.connect().execute("PRAGMA platform").fetchone()
    assert row is not None
    return str(row[0])


@cache
def _binary(name: str) -> Path:
    package = f"duckdb_extension_{name}"
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ExtensionMissing(f"the wheel {package.replace('_', '-')} is not installed: run `uv sync`")
    binary = (
        Path(spec.submodule_search_locations[0]) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    )
    if not binary.is_file():
        raise ExtensionMissing(f"{package} holds no binary for DuckDB {duckdb.__version__}: expected {binary}")
    return binary


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and os.readlink(link) == str(target):
        return
    with tempfile.TemporaryDirectory(dir=link.parent, prefix=".new-") as aside:
        fresh = Path(aside) / link.name
        fresh.symlink_to(target)
        os.replace(fresh, link)
