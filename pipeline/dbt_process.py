"""The process that has imported dbt, and the processes it forks to run it: `python -m pipeline.dbt_process DESCRIPTOR`.

dbt is imported once for all runs of the process that asks for them (pipeline/dbt_host.py). Each run is a process of its own
all the same, with the environment, the folder and the descriptors it is given. This one opens no database and starts no
thread, so that a fork takes everything along.
"""

from __future__ import annotations

import gc
import importlib
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from typing import Any

_FORK = multiprocessing.get_context("fork")
_IMPORTED = ("dbt.cli.main", "dbt.adapters.duckdb", "dbt.adapters.duckdb.plugins", "pipeline.dbt_connection")
_OPTIONS = ("--log-level", "none", "--no-version-check")
_RARELY = (100_000, 50, 100)
_TOLD = ("info", "warn", "error")


def serve(requests: Connection) -> None:
    """Fork a process for each request until nobody is left to ask: its number is answered, then its exit code.

    A request is (arguments, environment, folder, number of descriptors); the first descriptor that follows is the
    output, the others are kept open as long as the process lives.
    """
    for name in _IMPORTED:
        importlib.import_module(name)
    gc.freeze()  # it stays until the end, and need not be looked through for garbage again and again
    while True:
        try:
            arguments, environment, folder, count = requests.recv()
        except EOFError:
            return
        descriptors = [recv_handle(requests) for _ in range(count)]
        process = _FORK.Process(target=_become, args=(requests, arguments, environment, folder, descriptors[0]))
        process.start()
        for descriptor in descriptors:
            os.close(descriptor)
        try:
            requests.send(process.pid)
            process.join()
            requests.send(process.exitcode)
        except BrokenPipeError:
            return


def _become(
    requests: Connection, arguments: Sequence[str], environment: Mapping[str, str], folder: str, output: int
) -> None:
    requests.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for standard in (1, 2):
        os.dup2(output, standard)
    os.close(output)
    sys.exit(run(arguments))


def run(arguments: Sequence[str]) -> int:
    """Run `dbt <arguments>` and return dbt's exit code: 0, 1 when a node failed, 2 when dbt did.

    Writes a line to standard output for each event that is told: `{"name", "level", "message"}`, of an event about a
    node also `{"node", "status", "seconds"}`. dbt's own logs put every event into words, also those below the level
    that is shown; with `DBT_LOG_LEVEL_FILE=debug` it keeps its file `dbt.log`, with every statement, as well.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    gc.set_threshold(*_RARELY)
    outcome = dbtRunner(callbacks=[_tell]).invoke([*_OPTIONS, *arguments])
    DuckDBConnectionManager.close_all_connections()
    if outcome.success:
        return 0
    if outcome.exception is None:
        return 1
    print(outcome.exception, flush=True)
    return 2


def _tell(event: Any) -> None:
    """`event` is dbt's message (a protobuf with `info` and `data`); not every event has each of the fields."""
    if event.info.level not in _TOLD:
        return
    line = {"name": event.info.name, "level": event.info.level, "message": event.info.msg}
    if hasattr(event.data, "node_info"):
        line["node"] = event.data.node_info.node_name
        line["status"] = getattr(event.data, "status", "")
        line["seconds"] = getattr(event.data, "execution_time", 0.0)
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks gets it too, and ends the run
    serve(Connection(int(sys.argv[1])))
