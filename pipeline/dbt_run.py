"""dbt as a child process: its environment, its progress as log lines, its failures by node."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TextIO

import structlog

from lake.home import Home
from lake.settings import Settings
from pipeline.dbt_host import import_dbt, start_dbt

log = structlog.get_logger(__name__)
PROJECT = Path(__file__).parents[1] / "dbt_project"
SNAPSHOT_VARIABLE = "YUNJIAN_DBT_BRONZE_SNAPSHOT"
PARSED_VARIABLE = "YUNJIAN_DBT_PARSED"
DATES_VARIABLE = "YUNJIAN_DBT_DATES"
RUN_VARIABLE = "YUNJIAN_DBT_RUN"
# What a node says that dbt came to after one had failed (pipeline/dbt_transaction.py).
NOT_RUN = "not run, as a statement before it failed and nothing of this run is kept"
_PARSED = "partial_parse.msgpack"
_LONGEST_VARIABLE = 100_000  # Linux takes 128 KiB
_FAILED = ("error", "fail", "runtime error", "partial success")
_RESULTS = ("LogModelResult", "LogTestResult", "LogSeedResult", "LogNodeResult", "LogUnitTestResult")


@dataclass(frozen=True)
class DbtRun:
    """What a dbt command did: node counts by status, and `{"node", "message"}` of those that failed or warned."""

    exit_code: int
    nodes: dict[str, int] = field(default_factory=dict)
    failures: list[dict[str, str]] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return self.exit_code == 0 and not self.failures


def run_dbt(
    home: Home,
    arguments: Sequence[str],
    *,
    bronze_snapshot: int,
    run_id: str,
    pass_fds: Sequence[int] = (),
    dates: str = "",
    rows: int | None = None,
) -> DbtRun:
    """Run `dbt <arguments>` on the project, its files under `home/dbt`. `pass_fds` keep a writer lock for the child.

    `dates` (`dates_to_rebuild`) saves the models asking the lake for them, each several times. Few `rows` are worked on
    by one thread.
    """
    target = _target(home)
    results = target / "run_results.json"
    results.unlink(missing_ok=True)
    environment = {
        **dbt_environment(home, bronze_snapshot=bronze_snapshot, rows=rows),
        DATES_VARIABLE: dates,
        RUN_VARIABLE: run_id,
    }
    messages: list[str] = []
    with _running(arguments, environment, keep_open=pass_fds) as (process, told):
        for line in told:
            _tell(line, run_id, messages)
        process.join()
    exit_code = process.exitcode or 0
    _share_parsed(target)
    return _read_results(results, exit_code, messages)


@contextmanager
def parsed_meanwhile(home: Home, *, bronze_snapshot: int) -> Iterator[None]:
    """dbt is imported while the block runs, and the project parsed where that has not been done for this data root yet.

    Whether parsing succeeds is not asked: the run that follows says what is wrong with a project.
    """
    import_dbt()
    environment = dbt_environment(home, bronze_snapshot=bronze_snapshot)
    if "DBT_PARTIAL_PARSE_FILE_PATH" in environment or (_target(home) / _PARSED).is_file():
        yield
        return
    with _running(["parse"], environment) as (process, told):
        yield
        told.read()
        process.join()


@contextmanager
def _running(
    arguments: Sequence[str], environment: Mapping[str, str], *, keep_open: Sequence[int] = ()
) -> Iterator[tuple[BaseProcess, TextIO]]:
    """dbt in the project's folder, ended with the block."""
    process, told = start_dbt(arguments, environment=environment, folder=PROJECT, keep_open=keep_open)
    with told:
        try:
            yield process, told
        finally:
            if process.is_alive():
                process.terminate()
                process.join()


def _target(home: Home) -> Path:
    return home.root / "dbt" / "target"


def dates_to_rebuild(changed: Mapping[str, AbstractSet[date]], frozen: Mapping[str, AbstractSet[date]]) -> str:
    """What `macros/rebuilt_dates.sql` reads: the tables changed_dates and frozen_dates, as JSON by feed.

    Empty, so that the macro asks the tables, where it would be more than an environment variable may hold.
    """
    every = set().union(*changed.values()) if changed else set()
    told = {
        "changed": {feed: sorted(day.isoformat() for day in days) for feed, days in sorted(changed.items())},
        "frozen": {feed: sorted(day.isoformat() for day in days & every) for feed, days in sorted(frozen.items())},
    }
    text = json.dumps(told, separators=(",", ":"))
    return text if len(text) < _LONGEST_VARIABLE else ""


def dbt_environment(home: Home, *, bronze_snapshot: int, rows: int | None = None) -> dict[str, str]:
    """The variables dbt and its connection (pipeline/dbt_connection.py) read, beside those of this process."""
    working = home.root / "dbt"
    working.mkdir(parents=True, exist_ok=True)
    parsed = _parsed_elsewhere()
    return {
        **os.environ,
        "YUNJIAN_HOME": str(home.root),
        SNAPSHOT_VARIABLE: str(bronze_snapshot),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(working / "target"),
        "DBT_LOG_PATH": str(working / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        **({"YUNJIAN_THREADS": str(Settings.current().threads_for(rows))} if rows is not None else {}),
        **({"DBT_PARTIAL_PARSE_FILE_PATH": str(parsed)} if parsed and parsed.is_file() else {}),
    }


def _parsed_elsewhere() -> Path | None:
    """Where several data roots share the parsed project (`YUNJIAN_DBT_PARSED`); None: each parses it for itself.

    Parsing is a quarter of a small build, and dbt reads again only the files that have changed since.
    """
    place = os.environ.get(PARSED_VARIABLE)
    return Path(place) if place else None


def _share_parsed(target: Path) -> None:
    place, parsed = _parsed_elsewhere(), target / _PARSED
    if place is None or place.is_file() or not parsed.is_file():
        return
    draft = place.with_name(f"{place.name}.{os.getpid()}")
    shutil.copyfile(parsed, draft)
    draft.rename(place)


def _tell(line: str, run_id: str, messages: list[str]) -> None:
    """One line of pipeline/dbt_process.py: results of nodes become log lines, errors are kept for the report."""
    try:
        event: dict[str, Any] = json.loads(line)
        name, level = event["name"], event["level"]
    except (ValueError, KeyError, TypeError):
        if line.strip():
            messages.append(line.strip())
        return
    if level == "error":
        messages.append(str(event["message"]).strip())
    if name in _RESULTS:
        status = str(event.get("status", "")).split(" in ")[0]
        tell = log.debug if status == "pass" else log.info
        tell(
            "dbt node",
            run_id=run_id,
            node=event.get("node"),
            status=status,
            seconds=round(float(event.get("seconds") or 0), 2),
        )


def _read_results(path: Path, exit_code: int, messages: Sequence[str]) -> DbtRun:
    nodes: dict[str, int] = {}
    failures: list[dict[str, str]] = []
    warnings: list[dict[str, str]] = []
    if path.is_file():
        for result in json.loads(path.read_text())["results"]:
            message = str(result.get("message") or result["status"]).strip()
            status = "skipped" if NOT_RUN in message else result["status"]
            nodes[status] = nodes.get(status, 0) + 1
            said = {"node": result["unique_id"], "message": message}
            if status in _FAILED:
                failures.append(said)
            elif status == "warn":
                warnings.append(said)
    if exit_code and not failures:
        failures.append({"node": "dbt", "message": "\n".join(messages[-20:]) or f"exit code {exit_code}"})
    return DbtRun(exit_code, nodes, failures, warnings)
