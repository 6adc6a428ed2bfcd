"""Work in a process of its own that is killed between two of its steps, as by a power cut: no handler runs.

A step is a statement of the database, a change of a file's name or place, a sync, or a line that dbt says. The whole
group of processes dies, so a build takes its dbt along.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any

_STATEMENTS = frozenset({"execute", "executemany"})
_MOVES = frozenset({"rename", "replace", "link", "unlink", "remove", "mkdir", "rmdir", "fsync"})
_DBT_SAYS = "_tell"  # pipeline/dbt_run.py, once a line
# A server that has imported what is slow to import, and holds no threads yet: its children start in milliseconds.
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    ["great_expectations", "ingestion.landing", "ingestion.replay", "pipeline.build", "pipeline.publish"]
)


def lived(dies_at: int | None, work: Callable[..., Any], *arguments: Any) -> bool:
    """Whether `work(*arguments)` came to its end; with `dies_at` it is killed before its step of that number (from 0).

    Work that has fewer steps lives. Raises AssertionError with what `work` raised.
    """
    ours, theirs = _SERVER.Pipe(duplex=False)
    child = _SERVER.Process(target=_run, args=(theirs, dies_at, dict(os.environ), work, arguments))
    child.start()
    theirs.close()
    try:
        problem = ours.recv()
    except EOFError:
        problem = None
    child.join()
    assert problem is None, problem
    assert child.exitcode in (0, -signal.SIGKILL), child.exitcode
    return child.exitcode == 0


def is_step(frame: FrameType, event: str, argument: Any) -> bool:
    """Of an event that `sys.setprofile` tells: does a step begin?"""
    if event != "c_call":
        return event == "call" and frame.f_code.co_name == _DBT_SAYS
    name = argument.__name__
    return name in _STATEMENTS or (name in _MOVES and argument.__module__ == "posix")


def _run(
    told: Connection, dies_at: int | None, environment: dict[str, str], work: Callable[..., Any], arguments: Any
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.setsid()
    left = -1 if dies_at is None else dies_at

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal left
        if is_step(frame, event, argument):
            if left == 0:
                os.killpg(0, signal.SIGKILL)
            left -= 1

    sys.setprofile(watch)
    try:
        work(*arguments)
    except BaseException as error:
        sys.setprofile(None)
        told.send(f"{type(error).__name__}: {error}")
