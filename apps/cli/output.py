"""What commands print: on stdout the result alone (with --json exactly one object), on stderr logs and errors.

Exit codes: 0 done; 1 it failed; 2 a bad call (unknown feed, missing file, wrong SQL) or a refused file.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from apps.cli.visible import visible, visible_json

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


class BadCall(Exception):
    """The call cannot be carried out as given: exit 2."""


def report(
    work: Callable[[], Mapping[str, Any]],
    *,
    as_json: bool,
    show: Callable[[Mapping[str, Any]], None],
    exit_code: Callable[[Mapping[str, Any]], int] = lambda _: 0,
) -> None:
    """Runs `work`, prints its result as JSON or through `show`, and ends the command with the exit code."""
    log_to_stderr()
    try:
        with _stdout_for_the_result():
            result = work()
    except Exception as error:
        raise typer.Exit(_print_error(error, as_json)) from None
    if as_json:
        print(visible_json(json.dumps(result, ensure_ascii=False, default=str)))
    else:
        show(result)
    if code := exit_code(result):
        raise typer.Exit(code)


def run_to_end(work: Callable[[], int]) -> None:
    """Runs a command that speaks for itself and ends with the exit code it returns."""
    log_to_stderr()
    try:
        code = work()
    except Exception as error:
        raise typer.Exit(_print_error(error, as_json=False)) from None
    raise typer.Exit(code)


def table(rows: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> None:
    """Prints rows as aligned columns; a missing value is blank, numbers stand right."""
    from rich.console import Console
    from rich.table import Table

    grid = Table(box=None, pad_edge=False)
    names = list(columns)
    rows = list(rows)
    for name in names:
        numeric = any(isinstance(row.get(name), int | float) for row in rows)
        grid.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(_cell(row.get(name)) for name in names))
    Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 200).print(grid)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return visible(str(value), keep="\n")  # EXPLAIN answers in lines


def _print_error(error: Exception, as_json: bool) -> int:
    bad_call = isinstance(error, BadCall | ValueError | LookupError | FileNotFoundError)
    text = str(error).strip() or type(error).__name__
    if isinstance(error, KeyError):  # str() of a KeyError quotes its text
        text = str(error.args[0]) if error.args else "KeyError"
    if as_json:
        print(visible_json(json.dumps({"error": text, "kind": type(error).__name__}, ensure_ascii=False)))
    print("error: " + visible(text, keep="\n"), file=sys.stderr)
    where = _keep_traceback(error)
    if where and not bad_call:
        print(f"details: {where}", file=sys.stderr)
    return 2 if bad_call else 1


def _keep_traceback(error: Exception) -> str | None:
    from lake.home import Home

    path = Home.current().logs / "cli.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        ours_alone = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(ours_alone, "a") as file:
            os.fchmod(file.fileno(), 0o600)  # a call may name persons; an earlier file was readable for all
            file.write(f"--- {datetime.now(UTC).isoformat(timespec='seconds')} yunjian {' '.join(sys.argv[1:])}\n")
            file.write("".join(traceback.format_exception(error)))
    except OSError:
        return None
    return str(path)


@contextmanager
def _stdout_for_the_result() -> Iterator[None]:
    """Sends whatever the work (or a child process of it) writes to stdout to stderr, down to the file descriptor."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def log_to_stderr() -> None:
    """Send the log to standard error, from the level that `YUNJIAN_LOG_LEVEL` names."""
    import structlog

    level = os.environ.get("YUNJIAN_LOG_LEVEL", "WARNING").upper()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping().get(level, logging.WARNING)),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # whatever standard error is by then
    )
