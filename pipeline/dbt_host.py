"""Where dbt's processes come from: the standard library's fork server, which imports dbt once for all of them.

dbt takes seconds to import. Each run stays a process of its own, with the environment, folder and descriptors it is given.
The server opens no database, starts no thread, and ends when the process that asked for it has ended, however that ends.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["pipeline.dbt_process"])


class _Descriptor:
    """A descriptor that stays open in the new process, under a number of its own there."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (DupFd(self.number),)


def _received(passed: Any) -> int:
    return int(passed.detach())


def import_dbt() -> None:
    """Have dbt imported by the time it is to run; returns at once."""
    forkserver.ensure_running()


def start_dbt(
    arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, keep_open: Sequence[int] = ()
) -> tuple[BaseProcess, TextIO]:
    """Start `dbt <arguments>`: the process, and what it tells (`dbt_process.run`) and prints, to be read to the end."""
    reading, writing = os.pipe()
    descriptors = [_Descriptor(number) for number in (writing, *keep_open)]
    process = _SERVER.Process(
        target=_run, args=(list(arguments), dict(environment), str(folder), descriptors), name="dbt"
    )
    try:
        with _no_main():
            process.start()
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    return process, open(reading, encoding="utf-8", errors="replace")


@contextmanager
def _no_main() -> Iterator[None]:
    """What is started within the block is told of no main module: it would import it, seconds for one like Airflow's."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _run(arguments: list[str], environment: dict[str, str], folder: str, descriptors: list[int]) -> None:
    for standard in (1, 2):
        os.dup2(descriptors[0], standard)
    os.close(descriptors[0])
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    from pipeline.dbt_process import run  # here, as the process that asks need not import dbt

    sys.exit(run(arguments))
