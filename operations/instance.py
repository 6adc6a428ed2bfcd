"""One running platform a home: the lock that says so, what runs where, and leftovers of a start that was killed."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from lake.home import Home
from operations.component_environment import MARK


class AlreadyRunning(RuntimeError):
    """Another `yunjian up` serves this home."""


@dataclass(frozen=True)
class Instance:
    """A running platform: the supervisor's process and its servers' ports on 127.0.0.1.

    `sessions` are the pids its components were started with: each leads a session of its own.
    """

    pid: int
    airflow_port: int
    portal_port: int
    sessions: tuple[int, ...] = ()
    recorded_at: float = field(default_factory=time.time)  # seconds since the epoch


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
    instance = _recorded(home)
    return instance if instance and psutil.pid_exists(instance.pid) else None


def leftovers(home: Home) -> list[psutil.Process]:
    """Processes an earlier `yunjian up` of this home started and that outlived it (it was killed with -9, say).

    A survivor would answer the health checks of the next start and hold its ports. They are known by the sessions the
    former start recorded (Airflow's workers overwrite their environment) and by the mark in their environment.
    """
    recorded = _recorded(home)
    alive = recorded is not None and psutil.pid_exists(recorded.pid)
    kin = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    if recorded is not None and alive:
        kin |= _tree(recorded.pid)
    sessions = _live_sessions(recorded) if recorded and not alive else set()
    return [p for p in psutil.process_iter() if p.pid not in kin and (_session(p) in sessions or _marked(p, home))]


def _recorded(home: Home) -> Instance | None:
    try:
        facts = json.loads(instance_file(home).read_text())
        return Instance(**facts | {"sessions": tuple(facts["sessions"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _live_sessions(recorded: Instance) -> set[int]:
    """The recorded sessions, without those whose number another program has been given since."""
    live = set()
    for session in recorded.sessions:
        try:
            # A number is not given anew while its session has members, so a later leader is a stranger.
            if psutil.Process(session).create_time() > recorded.recorded_at + 1:
                continue
        except psutil.NoSuchProcess:
            pass
        live.add(session)
    return live


def _session(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except OSError:
        return None


def _marked(process: psutil.Process, home: Home) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == str(home.root))
    except (psutil.Error, OSError):
        return False


def _tree(pid: int) -> set[int]:
    try:
        return {pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))}
    except psutil.Error:
        return set()
