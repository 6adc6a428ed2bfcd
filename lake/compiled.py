"""Machine code that processes share: compiled by the first that needs it, while the others wait and then load it.

Compiling takes many seconds, and the processes that land and build start together. Numba caches machine code by the date
of the one file that holds the entry point; what that calls elsewhere could change unseen. So only entry points are
cached, and each closes over a digest of its room's source (`source_digest`), which numba takes into the key of its cache.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba


def source_digest(files: Iterable[Path]) -> str:
    """The SHA-256 of the files' bytes, in the order of their paths."""
    digest = sha256()
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()


class EntryPoint:
    """Decorator: the function compiled when it is first called, without the interpreter's lock while it runs."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function: Any = numba.njit(cache=True, nogil=True)(function)

    def __call__(self, *arguments: Any) -> Any:
        if not self._function.signatures:
            self._compile(arguments)
        return self._function(*arguments)

    def _compile(self, arguments: tuple[Any, ...]) -> None:
        """For arguments of these types: loaded from the cache, where another process has put it meanwhile."""
        folder = Path(self._function.stats.cache_path)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{self._function.__name__}.compiling").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # ends with its holder, however that ends
            self._function.compile(tuple(numba.typeof(argument) for argument in arguments))
