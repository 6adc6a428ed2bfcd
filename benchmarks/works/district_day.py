"""A whole district day, inbox to published, against the sum of the bare reads of its files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.arena import Work

_DAY = "2026-03-01"
_NOW = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)


def _prepare(data: Path, rows: int) -> None:
    scale = "district" if rows >= WORK.rows else "small"
    options = ["--out", str(data), "--start", _DAY, "--days", "1", "--scale", scale, "--seed", "1"]
    subprocess.run([sys.executable, "-m", "sample_district", *options], check=True)


def _deliver(data: Path, room: Path) -> None:
    for feed in (path for path in data.iterdir() if path.is_dir() and path.name != "answer_key"):
        shutil.copytree(feed, room / "var" / "inbox" / feed.name)
    os.sync()


def _run(data: Path, room: Path) -> Mapping[str, Any]:
    from lake.home import Home
    from pipeline.run import run

    outcome = run(Home(room / "var").ensure(), now=_NOW)
    return {"exit code": outcome["exit_code"]}


_run.deliver = _deliver  # type: ignore[attr-defined]


def _bare(data: Path, room: Path) -> Mapping[str, Any]:
    import duckdb
    from python_calamine import CalamineError, CalamineWorkbook

    readers = {
        "ndjson": "read_json('{}', format = 'newline_delimited', ignore_errors = true)",
        "json": "read_json('{}', format = 'newline_delimited', ignore_errors = true)",
        "jsonl": "read_json('{}', format = 'newline_delimited', ignore_errors = true)",
        "csv": "read_csv('{}', ignore_errors = true)",
        "parquet": "read_parquet('{}')",
    }
    text = "read_csv('{}', header = false, delim = ' ', columns = {{'at': 'VARCHAR', 'frame': 'VARCHAR'}}, ignore_errors = true)"
    unreadable = 0
    with duckdb.connect(config={"threads": 2, "memory_limit": "4GB"}) as con:
        for number, file in enumerate(
            sorted(p for p in data.glob("*/*") if p.parent.name != "answer_key" and p.is_file())
        ):
            kind = file.name.removesuffix(".gz").rsplit(".", 1)[-1]
            try:
                if kind == "xlsx":
                    CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()
                    continue
                source = readers.get(kind, text).format(file)
                con.execute(f"COPY (SELECT * FROM {source}) TO '{room}/{number}.parquet'")
            except (duckdb.Error, CalamineError):
                unreadable += 1  # the planted unreadable files
    return {"unreadable files": unreadable}


WORK = Work(
    name="district_day",
    title="A whole district day, inbox to published",
    goal="at most 6 times the sum of the bare reads of its files, under 4 GiB",
    rows=18_000_000,
    prepare=_prepare,
    arms={"yunjian run": _run, "bare reads of its files": _bare},
    at_most=6.0,
    memory_gib=4.0,
)
