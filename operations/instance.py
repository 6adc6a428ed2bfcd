"""One running platform a home: the lock that says so, what runs where, and leftovers of a start that was killed."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from lake.home import Home
from operations.component_environment import MARK


class AlreadyRunning(RuntimeError):
    """Another `yunjian up` serves this home."""


@dataclass(frozen=True)
class Instance:
    """A running platform: the supervisor's process and its servers' ports on 127.0.0.1."""

    pid: int
    airflow_port: int
    portal_port: int


def instance_file(home: Home) -> Path:
    return home.airflow / "instance.json"


@contextmanager
def only_instance(home: Home) -> Iterator[None]:
    """Holds this home's start lock (flock: it ends with its holder). Raises AlreadyRunning with the addresses."""
    home.airflow.mkdir(parents=True, exist_ok=True)
    with (home.airflow / ".up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            running = running_instance(home)
            where = f" (process {running.pid}, portal http://127.0.0.1:{running.portal_port})" if running else ""
            raise AlreadyRunning(f"Yunjian already runs on {home.root}{where}; end it first with Ctrl-C") from None
        try:
            yield
        finally:
            instance_file(home).unlink(missing_ok=True)


def record(home: Home, instance: Instance) -> None:
    draft = instance_file(home).with_suffix(".draft")
    draft.write_text(json.dumps(asdict(instance)))
    draft.replace(instance_file(home))


def running_instance(home: Home) -> Instance | None:
    """What `yunjian up` last recorded, if its process still lives."""
    try:
        instance = Instance(**json.loads(instance_file(home).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return instance if psutil.pid_exists(instance.pid) else None


def leftovers(home: Home) -> list[psutil.Process]:
    """Processes an earlier `yunjian up` of this home started and that outlived it (it was killed with -9, say).

    A survivor would answer the health checks of the next start and hold its ports.
    """
    found = []
    running = running_instance(home)
    kin = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    if running is not None:
        kin |= _tree(running.pid)
    for process in psutil.process_iter():
        try:
            if process.pid not in kin and process.environ().get(MARK) == str(home.root):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def _tree(pid: int) -> set[int]:
    try:
        return {pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))}
    except psutil.Error:
        return set()
