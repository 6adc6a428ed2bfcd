"""Work in a process of its own that is killed between two of its steps, as by a power cut: no handler runs.

A step is a statement of the database, a change of a file's name or place, a sync, or a line that dbt says. The whole
group of processes dies, so a build takes its dbt along.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

_STATEMENTS = ("execute", "executemany")
_MOVES = ("rename", "replace", "link", "unlink", "remove", "mkdir", "rmdir", "fsync")
# A server that has imported what is slow to import, and holds no threads yet: its children start in milliseconds. There
# is one for all of a process, so it imports what dbt's processes need (pipeline/dbt_host.py) as well.
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    [
        "great_expectations",
        "ingestion.landing",
        "ingestion.replay",
        "pipeline.build",
        "pipeline.publish",
        "pipeline.dbt_process",
    ]
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


def count_steps(begins: Callable[[], None]) -> None:
    """Has this process call `begins` before each of its steps, from now on."""
    import duckdb

    import pipeline.dbt_run

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            begins()
            return real(*arguments, **options)

        return step

    for place, names in ((duckdb.DuckDBPyConnection, _STATEMENTS), (os, _MOVES), (pipeline.dbt_run, ("_tell",))):
        for name in names:
            setattr(place, name, watched(getattr(place, name)))


def _run(
    told: Connection, dies_at: int | None, environment: dict[str, str], work: Callable[..., Any], arguments: Any
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.setsid()
    left = -1 if dies_at is None else dies_at

    def begins() -> None:
        nonlocal left
        if left == 0:
            os.killpg(0, signal.SIGKILL)
        left -= 1

    count_steps(begins)
    try:
        work(*arguments)
    except BaseException as error:
        told.send(f"{type(error).__name__}: {error}")
