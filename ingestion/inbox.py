"""The inbox: where sources put files, and what is ready to be landed."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from ingestion.landing import land_files
from ingestion.report import LandReport
from lake.home import Home

UNFINISHED = (".part", ".tmp", ".partial", ".crdownload", ".filepart")


def pending(home: Home, feed: str) -> list[Path]:
    """The files waiting for a feed, by name.

    Regular files and links (which landing refuses with a reason) are listed; folders, dotfiles and files whose name says
    that they are still being written are not.
    """
    folder = home.inbox / feed
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        found = [Path(e.path) for e in entries if not e.is_dir(follow_symlinks=False) and _finished(e.name)]
    return sorted(found, key=lambda path: os.fsencode(path.name))


def _finished(name: str) -> bool:
    return not name.startswith(".") and not name.lower().endswith(UNFINISHED)


def land_inbox(
    home: Home,
    feed: str,
    *,
    only: Callable[[Path], bool] | None = None,
    run_id: str | None = None,
    now: datetime | None = None,
) -> LandReport:
    """Land what waits for a feed (with `only`: the files it says yes to), then take the landed files out of the inbox:
    their bytes are in landing.

    A rejected file whose bytes were kept leaves the inbox too; one whose bytes were never read stays where it is.
    """
    files = [path for path in pending(home, feed) if only is None or only(path)]
    before = [_state(path) for path in files]
    report = land_files(home, feed, files, run_id=run_id, now=now)
    for path, state, outcome in zip(files, before, report.files, strict=True):
        # A source may have put a newer file under the same name meanwhile: that one waits for the next run.
        if outcome.sha256 is not None and state is not None and _state(path) == state:
            path.unlink(missing_ok=True)
    return report


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
