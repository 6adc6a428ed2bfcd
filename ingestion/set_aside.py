"""Files set aside: what landing must not read waits unread in the folder `.refused` of its feed's inbox.

Senders write to these folders. A link that one of them puts in the place of a folder would have the platform, with its
own rights, move a sender's file to where that link leads: so folders are opened first, without following a link, and
what is done is done in the opened ones.
"""

from __future__ import annotations

import errno
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import structlog

from lake.home import Home

log = structlog.get_logger()
SET_ASIDE = ".refused"
_LONGEST = 240  # bytes of a name that gets an ending here
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def set_aside(path: Path) -> None:
    """Move a waiting file to its feed's folder of such files; of a link, the link itself. Where that folder cannot be
    used the file stays, and the log says why."""
    try:
        with _opened(path.parent) as feed, _opened(SET_ASIDE, inside=feed, make=True) as aside:
            target = path.name
            if _exists(target, aside):
                target = f"{os.fsdecode(os.fsencode(path.name)[:_LONGEST])}.{uuid.uuid4().hex[:8]}"
            os.rename(path.name, target, src_dir_fd=feed, dst_dir_fd=aside)
            _close(target, aside)
    except FileNotFoundError:
        return  # its sender took it away
    except OSError as error:
        _complain(path.parent, error)


def expire_set_aside(home: Home, feed: str, before: datetime, *, dry_run: bool = False) -> tuple[int, int]:
    """Delete what was set aside `before` an instant (aware): nobody has put it back. How many files, and their bytes.

    The instant is that of the move (`ctime`): the time of modification is whatever the sender says.
    """
    files = size = 0
    try:
        with _opened(home.inbox / feed) as inbox, _opened(SET_ASIDE, inside=inbox) as aside:
            with os.scandir(aside) as entries:
                names = sorted(entry.name for entry in entries)
            for name in names:
                status = os.lstat(name, dir_fd=aside)
                if stat.S_ISDIR(status.st_mode) or status.st_ctime >= before.timestamp():
                    continue
                files, size = files + 1, size + status.st_size
                if not dry_run:
                    os.unlink(name, dir_fd=aside)
                log.info("file set aside expired", feed=feed, file=ascii(name), dry_run=dry_run)
    except FileNotFoundError:
        pass  # nothing was ever set aside
    except OSError as error:
        _complain(home.inbox / feed, error)
    return files, size


def _close(name: str, folder: int) -> None:
    """Keep other accounts from reading a file, as far as it is ours; one with a second name may be some other file."""
    with suppress(OSError):
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        try:
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
                os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)


@contextmanager
def _opened(folder: Path | str, *, inside: int | None = None, make: bool = False) -> Iterator[int]:
    """A descriptor of a folder. `inside` another one, it must be no link: only senders could have put it there."""
    if make:
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700, dir_fd=inside)
    flags = _FOLDER if inside is None else _FOLDER | os.O_NOFOLLOW
    descriptor = os.open(folder, flags, dir_fd=inside)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _exists(name: str, folder: int) -> bool:
    try:
        os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def _complain(feed: Path, error: OSError) -> None:
    no_folder = error.errno in (errno.ELOOP, errno.ENOTDIR)
    log.error(
        "files cannot be set aside",
        folder=str(feed / SET_ASIDE),
        because="it is a link or no folder: remove it" if no_folder else error.strerror or str(error),
    )
