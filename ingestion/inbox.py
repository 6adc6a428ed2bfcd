"""The inbox: where sources put files, and what is ready to be landed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import structlog

from ingestion.landing import land_files
from ingestion.receiving import NoSuchFile
from ingestion.report import LandReport
from ingestion.set_aside import set_aside
from lake.home import Home

log = structlog.get_logger()

UNFINISHED = (".part", ".tmp", ".partial", ".crdownload", ".filepart")
_HOPELESS = (
    "outside_inbox", "not_a_regular_file", "name_not_allowed", "too_large", "date_in_future", "received_in_future"
)  # fmt: skip


def pending(home: Home, feed: str) -> list[Path]:
    """The files waiting for a feed, by name.

    Regular files and links (which landing refuses with a reason) are listed; folders, dotfiles and files whose name says
    that they are still being written are not. A feed's folder may be a link to where a sender's files are mounted, if
    the platform's own account or root made it: what lies in a folder of somebody else's choice is not landed and deleted.
    """
    folder = home.inbox / feed
    if not folder.is_dir():
        return []
    if folder.is_symlink() and folder.lstat().st_uid not in (0, os.geteuid()):
        log.error("a feed's folder is a link that another account made: remove it", folder=str(folder))
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

    A rejected file whose bytes were kept leaves the inbox too. What must not be read (a link, a pipe, a hostile name, one
    of a day to come) is moved unread to the feed's folder `.refused`; put back, it is tried again. A file that could not
    be read this time (it was being written, its mode forbids it) stays for the next run. One that was taken away since it
    was listed is not reported: nobody asked for it by name, and there is nothing that anybody could mend.
    """
    files = [path for path in pending(home, feed) if only is None or only(path)]
    before = [_state(path) for path in files]
    report = land_files(home, feed, files, run_id=run_id, now=now)
    for path, state, outcome in zip(files, before, report.files, strict=True):
        # A source may have put a newer file under the same name meanwhile: that one waits for the next run.
        if outcome.sha256 is not None and state is not None and _state(path) == state:
            path.unlink(missing_ok=True)
        elif outcome.sha256 is None and outcome.reason in _HOPELESS:
            set_aside(path)
    return replace(report, files=tuple(file for file in report.files if file.reason != NoSuchFile.REASON))


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
