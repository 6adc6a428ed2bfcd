"""What the process does that dbt runs in (pipeline/dbt_host.py starts it): it tells by lines of JSON.

dbt's own logs put every event into words, also those below the level that is shown. Here a line is made of what is to be
told alone. `DBT_LOG_LEVEL_FILE=debug` has dbt keep its file `dbt.log`, with every statement, as well.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from pipeline import dbt_connection  # noqa: F401 (once for many processes)
from pipeline.dbt_preload import keep_manifest, preload
from pipeline.dbt_transaction import one_commit

_OPTIONS = ("--log-level", "none", "--no-version-check")
_RARELY = (100_000, 50, 100)
_TOLD = ("info", "warn", "error")

preload()


def run(arguments: Sequence[str]) -> int:
    """Run `dbt <arguments>` and return dbt's exit code: 0, 1 when a node failed, 2 when dbt did.

    Writes a line to standard output for each event that is told: `{"name", "level", "message"}`, of an event about a
    node also `{"node", "status", "seconds"}`.
    """
    # What is imported and parsed stays until the end: it need not be looked through for garbage again and again.
    gc.freeze()
    gc.set_threshold(*_RARELY)
    if _is_known(arguments):
        keep_manifest()
    try:
        with one_commit() if "build" in arguments[:1] else nullcontext():
            outcome = dbtRunner(callbacks=[_tell]).invoke([*_OPTIONS, *arguments])
            if outcome.exception is not None:
                raise outcome.exception
    except Exception as error:
        print(error, flush=True)
        return 2
    finally:
        DuckDBConnectionManager.close_all_connections()  # a forked process ends without clearing up
    return 0 if outcome.success else 1


def _is_known(arguments: Sequence[str]) -> bool:
    manifest = Path(os.environ.get("DBT_TARGET_PATH", "target")) / "manifest.json"
    return "build" in arguments[:1] and "--full-refresh" not in arguments and manifest.is_file()


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
