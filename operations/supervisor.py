"""Starts processes and ends every one of them, with all they started.

Ending a process group is not enough for Airflow: its tasks make groups of their own, and workers outlive a killed
scheduler. So the supervisor adopts orphans (Linux's child subreaper) and ends its whole tree of descendants.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import IO, Self

import psutil

from operations.components import Component

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


class ComponentDied(RuntimeError):
    """A supervised process ended by itself."""


class Supervisor:
    """Use as a context manager in the main thread; leaving it, in whatever way, ends everything."""

    def __init__(self, log_file: Path, grace_s: float = 8.0) -> None:
        self._log_file = log_file
        self._grace_s = grace_s
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._readers: list[threading.Thread] = []

    def __enter__(self) -> Self:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        if self._log_file.exists():
            self._log_file.replace(self._log_file.with_suffix(".previous.log"))
        self._sink = self._log_file.open("ab", buffering=0)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._sink.close()

    def start(self, component: Component) -> None:
        process = subprocess.Popen(
            component.command,
            env=component.environment,
            cwd=component.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C on the terminal reaches the supervisor alone, which ends them in order
            preexec_fn=_end_with_the_supervisor,  # noqa: PLW1509 - one prctl call: takes no lock of another thread
        )
        self._processes[component.name] = process
        assert process.stdout is not None
        reader = threading.Thread(target=self._copy, args=(component.name, process.stdout), daemon=True)
        reader.start()
        self._readers.append(reader)

    @property
    def sessions(self) -> tuple[int, ...]:
        """The pids of the started components: each leads a session that all its descendants share."""
        return tuple(process.pid for process in self._processes.values())

    def check(self) -> None:
        """Raises ComponentDied, with the last lines it wrote, when a supervised process has ended."""
        for name, process in self._processes.items():
            code = process.poll()
            if code is not None:
                raise ComponentDied(f"{name} ended with code {code}; see {self._log_file}\n{self._last_lines(name)}")

    def wait(self, seconds: float) -> None:
        """Sleeps, and raises ComponentDied as soon as a process ends meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, 0.5))

    def stop(self) -> None:
        """Asks all to end, waits up to the grace period, then kills what is left; returns when nothing is."""
        me = psutil.Process()
        for child in me.children():
            _send(child.pid, signal.SIGTERM)
        gone_by = time.monotonic() + self._grace_s
        asked_all = False
        while left := _reap(me.children(recursive=True)):
            now = time.monotonic()
            if not asked_all and now > gone_by - self._grace_s / 2:
                # The scheduler waits for its running tasks; they are safe to interrupt: each step is one transaction.
                for child in left:
                    _send(child.pid, signal.SIGTERM)
                asked_all = True
            if now > gone_by:
                for child in left:
                    _send(child.pid, signal.SIGKILL)
            time.sleep(0.1)
        for reader in self._readers:
            reader.join(timeout=1)
        self._processes.clear()

    def _copy(self, name: str, stream: IO[bytes]) -> None:
        for line in stream:
            self._sink.write(b"%-13s | %s" % (name.encode(), line))

    def _last_lines(self, name: str, count: int = 15) -> str:
        with self._log_file.open("rb") as file:
            file.seek(max(0, self._log_file.stat().st_size - 100_000))
            lines = [line for line in file.read().decode(errors="replace").splitlines() if line.startswith(name)]
        return "\n".join(lines[-count:])


def end_processes(processes: list[psutil.Process], grace_s: float = 5.0) -> None:
    """Ends processes that are not ours to reap: leftovers of an earlier start."""
    for process in processes:
        _send(process.pid, signal.SIGTERM)
    _, alive = psutil.wait_procs(processes, timeout=grace_s)
    for process in alive:
        _send(process.pid, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=2)


def _end_with_the_supervisor() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _reap(children: list[psutil.Process]) -> list[psutil.Process]:
    """The children that still live; the dead ones (adopted ones too) are waited for, or they stay as zombies.

    One whose first thread has ended before its others looks like a zombie, too, and cannot be waited for yet.
    """
    living = []
    for child in children:
        try:
            if child.status() != psutil.STATUS_ZOMBIE or os.waitpid(child.pid, os.WNOHANG) == (0, 0):
                living.append(child)
        except (psutil.NoSuchProcess, ChildProcessError):
            pass
    return living
