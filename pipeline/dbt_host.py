"""Where this process has its runs of dbt: a process that has imported dbt (pipeline/dbt_process.py) and lives as long."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.reduction import send_handle
from pathlib import Path
from typing import TextIO

_one_at_a_time = threading.RLock()
_host: Host | None = None


class HostLost(RuntimeError):
    """The process that has imported dbt ended before its time: somebody killed it, or it could not import dbt."""


class Host:
    """The process and the way to it. It ends when this process has ended, however that ends."""

    def __init__(self) -> None:
        self.requests, theirs = Pipe()
        self.owner = os.getpid()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.dbt_process", str(theirs.fileno())],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        theirs.close()
        atexit.register(self.close)

    def is_ours(self) -> bool:
        """Neither that of the process this one was forked from, nor one that somebody has killed."""
        return self.owner == os.getpid() and self.process.poll() is None

    def close(self) -> None:
        self.requests.close()
        if self.owner == os.getpid():
            self.process.wait()


class Run:
    """A run of dbt in process `number`: `lines` is what it tells, to be read to the end; then `exit_code()`."""

    def __init__(self, host: Host, number: int, lines: TextIO) -> None:
        self._host = host
        self.number = number
        self._exit_code: int | None = None
        self.lines = lines

    def exit_code(self) -> int:
        """Waits for the end. Of a process that was killed it is negative, as in `subprocess`. Raises HostLost."""
        if self._exit_code is None:
            self._exit_code = _answer(self._host)
        return self._exit_code

    def end(self) -> None:
        if self._exit_code is None and not self._host.requests.poll():
            os.kill(self.number, signal.SIGTERM)
        self.exit_code()


def start() -> Host:
    """Have dbt imported by the time a run asks for it."""
    global _host
    with _one_at_a_time:
        if _host is None or not _host.is_ours():
            _host = Host()
        return _host


@contextmanager
def running(
    arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, pass_fds: Sequence[int] = ()
) -> Iterator[Run]:
    """`dbt <arguments>` in a process of its own, which is ended with the block. `pass_fds` stay open in it."""
    with _one_at_a_time:
        host = start()
        reading, writing = os.pipe()
        with open(reading, encoding="utf-8", errors="replace") as lines:
            try:
                number = _ask(host, (list(arguments), dict(environment), str(folder)), (writing, *pass_fds))
            finally:
                os.close(writing)
            run = Run(host, number, lines)
            try:
                yield run
            finally:
                run.end()


def _ask(host: Host, request: tuple[list[str], dict[str, str], str], descriptors: Sequence[int]) -> int:
    try:
        host.requests.send((*request, len(descriptors)))
        for descriptor in descriptors:
            send_handle(host.requests, descriptor, host.process.pid)
    except ConnectionError as lost:
        raise HostLost("the process that runs dbt has ended; what it said is above") from lost
    return _answer(host)


def _answer(host: Host) -> int:
    try:
        answer: int = host.requests.recv()
    except (EOFError, ConnectionError) as lost:
        raise HostLost("the process that runs dbt has ended; what it said is above") from lost
    return answer
