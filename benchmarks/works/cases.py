"""The case KPIs of one more day, with 100,000 cases open: after three years of history, against after ten weeks."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.arena import Work

_LAST = date(2026, 6, 30)
_YEARS_DAYS = 1096
_RECENT_DAYS = 70  # exports are daily from here on (a window of 30 days, and the one before it), monthly before
_CATEGORIES = ("unlicensed_vendor", "random_garbage", "illegal_parking", "site_dust", "river_debris", "truck_spillage")

# One case in twenty is never closed; the others are closed within three days. Everything follows from the number alone.
_CASES = """
    SELECT 'C' || lpad(i::VARCHAR, 9, '0') AS case_id,
           ['ai_camera', 'patrol', 'hotline', 'upload'][1 + (hash(i, 1) % 4)::INTEGER] AS source,
           {categories}[1 + (hash(i, 2) % {n_categories})::INTEGER] AS category_code,
           $townships[1 + (hash(i, 3) % len($townships))::INTEGER] AS township_code,
           'U' || lpad((hash(i, 4) % 60)::VARCHAR, 3, '0') AS unit_code,
           $first::DATE + (i // $daily)::INTEGER AS filed_date,
           filed_date + INTERVAL 9 HOUR + to_seconds((hash(i, 5) % 28800)::INTEGER) AS filed_at,
           CASE WHEN i % 20 > 0 THEN filed_at + to_seconds((3600 + hash(i, 6) % 250000)::INTEGER) END AS closed,
           (hash(i, 7) % 40 = 0)::INTEGER AS reworked_count
    FROM range($cases) AS r (i)
"""

_EXPORT = """
    COPY (
        SELECT case_id, source, category_code, township_code, unit_code, filed_at AS reported_at, filed_at,
               CASE WHEN closed < $until::DATE + 1 THEN closed END AS closed_at,
               CASE WHEN closed < $until::DATE + 1 THEN reworked_count ELSE 0 END AS reworked_count,
               CASE WHEN closed < $until::DATE + 1 THEN 'confirmed' END AS outcome
        FROM cases
        WHERE filed_date <= $until AND (filed_date >= $since OR closed >= $since::DATE OR ({whole} AND closed IS NULL))
    ) TO '{target}' (FORMAT parquet)
"""


def _townships() -> list[str]:
    from geography.shipped import shipped_townships

    return [township["code"] for township in shipped_townships()]


def _write(data: Path, rows: int) -> None:
    daily = max(1, rows // _YEARS_DAYS)
    first = _LAST - timedelta(days=_YEARS_DAYS - 1)
    categories = f"[{', '.join(repr(code) for code in _CATEGORIES)}]"
    with duckdb.connect() as con:
        con.execute(
            f"CREATE TABLE cases AS {_CASES.format(categories=categories, n_categories=len(_CATEGORIES))}",
            {"first": first, "daily": daily, "cases": daily * _YEARS_DAYS, "townships": _townships()},
        )
        recent = _LAST - timedelta(days=_RECENT_DAYS)
        months = [first + timedelta(days=n) for n in range(29, (recent - first).days, 30)]
        days = [recent + timedelta(days=n) for n in range(_RECENT_DAYS + 1)]
        (data / "long").mkdir()
        (data / "short").mkdir()
        since = first
        for until in [*months, *days]:
            _export(con, data / "long" / f"cases_{until}.parquet", since, until)
            since = until + timedelta(days=1)
        # The short history begins with what was open then: the same cases are open in both.
        _export(con, data / "short" / f"cases_{recent}.parquet", recent, recent, whole=True)
        for until in days[1:]:
            shutil.copyfile(data / "long" / f"cases_{until}.parquet", data / "short" / f"cases_{until}.parquet")


def _export(con: duckdb.DuckDBPyConnection, target: Path, since: date, until: date, *, whole: bool = False) -> None:
    con.execute(_EXPORT.format(target=target, whole=whole), {"since": since, "until": until})


def _take(var: Path, files: list[Path]) -> float:
    """Land the exports and build; returns the seconds of the build alone."""
    from ingestion.landing import land_files
    from lake.home import Home
    from pipeline.build import build

    home, now = Home(var).ensure(), datetime(2026, 7, 1, tzinfo=UTC)
    assert all(file.status != "rejected" for file in land_files(home, "cases", files, now=now).files)
    begin = time.perf_counter()
    built = build(home, now=now)
    assert built.status == "passed", built.failures
    return time.perf_counter() - begin


def _prepare(data: Path, rows: int) -> None:
    _write(data, rows)
    for name in ("long", "short"):
        *before, _ = sorted((data / name).iterdir())
        _take(data / f"{name}_history", before)


def _arm(name: str) -> Callable[[Path, Path], Mapping[str, Any]]:
    def deliver(data: Path, room: Path) -> None:
        shutil.copytree(data / f"{name}_history", room / "var")

    def work(data: Path, room: Path) -> Mapping[str, Any]:
        seconds = _take(room / "var", [data / name / f"cases_{_LAST}.parquet"])
        return {"seconds": seconds, **_answer(room / "var")}

    def warm() -> None:
        import great_expectations  # noqa: F401

        import ingestion.landing  # noqa: F401

    work.deliver = deliver  # type: ignore[attr-defined]
    work.warm = warm  # type: ignore[attr-defined]
    return work


def _answer(var: Path) -> Mapping[str, Any]:
    from lake.home import Home
    from lake.reader import query

    found = query(
        Home(var),
        "SELECT kpi_code, area_code, round(value, 9) AS value FROM marts.mart_kpi_values "
        f"WHERE business_date = DATE '{_LAST}' AND kpi_code LIKE 'case%' ORDER BY ALL",
    )
    return {"figures": len(found["rows"]), "values": [list(row.values()) for row in found["rows"]]}


WORK = Work(
    name="cases",
    title="Case KPIs of one more day, 100,000 cases open",
    goal="the day after three years costs at most 1.1 times the same day after ten weeks",
    rows=2_000_000,
    prepare=_prepare,
    arms={"after three years": _arm("long"), "after ten weeks": _arm("short")},
    compare=("values",),
    at_most=1.1,
)
