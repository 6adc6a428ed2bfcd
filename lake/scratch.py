"""Folders below `tmp` for what is needed only while a process lives: unpacked files, what an engine spills.

Their names say whose they are (purpose, process id), so that maintenance can sweep what a killed process left: it may hold
received bytes in the clear.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from lake.home import Home

_serial = itertools.count(1)


def scratch_path(home: Home, purpose: str) -> Path:
    """A name that no other process of this machine and no other call has; nothing is made."""
    return home.tmp / f"{purpose}-{os.getpid()}-{next(_serial)}"


@contextmanager
def scratch_folder(home: Home, purpose: str) -> Iterator[Path]:
    """A new folder of this process (mode 0700), removed with all it holds when the context ends."""
    # The random end of its name keeps apart two containers in which a process has the same id.
    with tempfile.TemporaryDirectory(prefix=f"{purpose}-{os.getpid()}-", dir=home.tmp) as folder:
        yield Path(folder)


def sweep(home: Home, now: datetime) -> None:
    """Remove what dead processes left. A day's age too: a process id may belong to another container."""
    for folder in home.tmp.glob("*-*-*"):
        process = folder.name.split("-")[1]
        is_old = folder.stat().st_mtime < (now - timedelta(days=1)).timestamp()
        if is_old and process.isdigit() and not Path("/proc", process).exists():
            shutil.rmtree(folder, ignore_errors=True)
