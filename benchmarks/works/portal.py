"""The portal's queries on three years of figures: on the published file, against the same tables as Parquet.

Every page is opened as a reader finds it (Streamlit's AppTest, no filter chosen), and each query it asks is recorded and
asked again for the clock; so no page can be forgotten here.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.arena import Work
from benchmarks.three_years import DAYS, LAST, grow

_REPEATS = 3
_NOW = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)
_APP = Path(__file__).parents[2] / "apps" / "streamlit" / "app.py"
_LIMIT_MS = 100

Query = tuple[str, dict[str, Any]]


def _prepare(data: Path, rows: int) -> None:
    """Two sample days to an edition, which is then made as large as three years make it, whatever `rows` says."""
    from lake.home import Home
    from pipeline.run import run

    home = Home(data / "var").ensure()
    options = [
        "--out",
        str(data / "files"),
        "--start",
        str(LAST - timedelta(days=1)),
        "--days",
        "2",
        "--scale",
        "small",
        "--seed",
        "1",
    ]
    subprocess.run([sys.executable, "-m", "sample_district", *options], check=True, stdout=subprocess.DEVNULL)
    for feed in (path for path in (data / "files").iterdir() if path.is_dir() and path.name != "answer_key"):
        (home.inbox / feed.name).mkdir(parents=True, exist_ok=True)
        for file in feed.iterdir():
            file.rename(home.inbox / feed.name / file.name)
    outcome = run(home, now=_NOW)
    assert outcome["publication"]["status"] == "published", outcome["failures"]
    _stretch(home.published / "published.duckdb", data)


def _stretch(edition: Path, data: Path) -> None:
    draft = edition.resolve().with_name("stretched.duckdb")
    draft.write_bytes(edition.read_bytes())
    with duckdb.connect(str(grow(draft)), read_only=True) as con:
        for (table,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            target = data / "marts" / f"{table}.parquet"
            target.parent.mkdir(exist_ok=True)
            con.execute(f"COPY {table} TO '{target}' (FORMAT parquet)")
    draft.replace(edition)


def _asked(data: Path) -> list[Query]:
    """The distinct queries of all pages."""
    os.environ["YUNJIAN_HOME"] = str(data / "var")
    from streamlit.testing.v1 import AppTest

    from apps.streamlit.edition import Edition

    queries: dict[tuple[str, str], Query] = {}
    rows = Edition.rows

    def recording(edition: Edition, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:
        asked = dict(parameters or {})
        queries[sql, repr(sorted(asked.items()))] = (sql, asked)
        return rows(edition, sql, parameters)

    Edition.rows = recording  # type: ignore[method-assign]
    try:
        for view in sorted((_APP.parent / "views").glob("*.py")):
            if view.name == "__init__.py":
                continue
            page = AppTest.from_file(str(_APP), default_timeout=120).run()
            page.switch_page(f"views/{view.name}").run()
            assert not page.exception, (view.name, page.exception)
    finally:
        Edition.rows = rows  # type: ignore[method-assign]
    return list(queries.values())


def _timed(con: duckdb.DuckDBPyConnection, queries: list[Query]) -> tuple[list[float], int]:
    """The median seconds of each query, and how many rows they gave in all."""
    medians, rows = [], 0
    for sql, parameters in queries:
        runs = []
        for _ in range(_REPEATS):
            begin = time.perf_counter()
            found = con.execute(sql, parameters).fetchall()
            runs.append(time.perf_counter() - begin)
        medians.append(statistics.median(runs))
        rows += len(found)
    return medians, rows


def _published(data: Path, room: Path) -> Mapping[str, Any]:
    queries = _asked(data)
    with duckdb.connect(config={"threads": 2, "memory_limit": "512MB"}) as con:
        con.execute(f"ATTACH '{data / 'var' / 'published' / 'published.duckdb'}' AS published (READ_ONLY)")
        con.execute("USE published")
        medians, rows = _timed(con, queries)
    return _answer(medians, rows, queries)


def _marts(data: Path, room: Path) -> Mapping[str, Any]:
    queries = _asked(data)
    with duckdb.connect(config={"threads": 2, "memory_limit": "512MB"}) as con:
        for file in (data / "marts").glob("*.parquet"):
            con.execute(f"CREATE VIEW {file.stem} AS SELECT * FROM read_parquet('{file}')")
        medians, rows = _timed(con, queries)
    return _answer(medians, rows, queries)


def _answer(medians: list[float], rows: int, queries: list[Query]) -> Mapping[str, Any]:
    slowest = max(range(len(medians)), key=medians.__getitem__)
    over = sum(1000 * seconds > _LIMIT_MS for seconds in medians)
    return {
        "seconds": sum(medians),
        "rows": rows,
        "queries": len(queries),
        "slowest ms": round(1000 * medians[slowest], 1),
        f"over {_LIMIT_MS} ms": over,
        "slowest": " ".join(queries[slowest][0].split())[:80],
    }


WORK = Work(
    name="portal",
    title="Every query of every page, three years of figures",
    goal=f"each query under {_LIMIT_MS} ms on the published file, and all of them faster than on the same tables as Parquet",
    rows=DAYS,
    prepare=_prepare,
    arms={"published file": _published, "the same tables as Parquet": _marts},
    compare=("rows",),
    at_most=1.0,
)
