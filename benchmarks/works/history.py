"""One more day after thirty days of history, against the first day: landed, built and published alike."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.arena import Work
from benchmarks.works.events import write_events

_FIRST = date(2026, 3, 1)
_HISTORY_DAYS = 30
_CAMERAS = 2_000


def _write_day(folder: Path, day: date, rows: int) -> None:
    write_events(folder / f"detection_events_{day}_1.ndjson", str(day), rows, cameras=_CAMERAS)
    with duckdb.connect() as con:
        con.execute(
            f"""COPY (SELECT 'SJ' || lpad(range::VARCHAR, 6, '0') AS camera_id, '310117001' AS township_code,
                121.2 + range % 100 / 1000 AS longitude, 31.0 + range // 100 / 1000 AS latitude, 'WGS84' AS datum,
                'street' AS kind, '2024-01-01' AS installed_on, NULL AS retired_on FROM range({_CAMERAS}))
            TO '{folder}/cameras_{day}_1.csv' (HEADER true)"""
        )
        con.execute(
            f"""COPY (SELECT 'SJ' || lpad((range // 24)::VARCHAR, 6, '0') AS camera_id, strftime(TIMESTAMP '{day}'
                + to_hours(range % 24), '%Y-%m-%dT%H:%M:%S+08:00') AS hour, 3600 AS online_seconds FROM range({24 * _CAMERAS}))
            TO '{folder}/camera_status_{day}_1.csv' (HEADER true)"""
        )


def _take(var: Path, folder: Path, days: list[date], now: datetime) -> None:
    from ingestion.landing import land_files
    from lake.home import Home
    from pipeline.build import build
    from pipeline.publish import publish_edition

    home = Home(var).ensure()
    for feed in ("cameras", "camera_status", "detection_events"):
        for day in days:
            report = land_files(home, feed, sorted(folder.glob(f"{feed}_{day}_*")), now=now)
            assert all(file.status != "rejected" for file in report.files)
    built = build(home, now=now).as_json()
    assert built["status"] == "passed", built
    published = publish_edition(home, now=now)
    assert published["status"] == "published", published


def _prepare(data: Path, rows: int) -> None:
    days = [_FIRST + timedelta(days=n) for n in range(_HISTORY_DAYS + 1)]
    for day in days:
        _write_day(data, day, rows)
    _take(data / "history", data, days[:-1], datetime(2026, 4, 1, tzinfo=UTC))


def _arm(day: date, with_history: bool) -> Callable[[Path, Path], Mapping[str, Any]]:
    def work(data: Path, room: Path) -> Mapping[str, Any]:
        if with_history:
            shutil.copytree(data / "history", room / "var")
        begin = time.perf_counter()
        _take(room / "var", data, [day], datetime(2026, 4, 2, tzinfo=UTC))
        seconds = time.perf_counter() - begin
        with duckdb.connect(str(room / "var" / "published" / "published.duckdb"), read_only=True) as con:
            row = con.execute(
                "SELECT sum(detections)::BIGINT FROM event_counts WHERE business_date = ? AND area_code = '310117'",
                [day],
            ).fetchone()
        return {"seconds": seconds, "detections": row[0] if row else None}

    def warm() -> None:
        import great_expectations  # noqa: F401

        import ingestion.landing  # noqa: F401

    work.warm = warm  # type: ignore[attr-defined]
    return work


WORK = Work(
    name="history",
    title="One more day after 30 days of history",
    goal="at most 1.1 times the first day",
    rows=200_000,
    prepare=_prepare,
    arms={
        "day 31, after 30 days": _arm(_FIRST + timedelta(days=_HISTORY_DAYS), with_history=True),
        "the same day, first": _arm(_FIRST + timedelta(days=_HISTORY_DAYS), with_history=False),
    },
    compare=("detections",),
    at_most=1.1,
)
