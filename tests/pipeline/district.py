"""A district of one camera and a day of events, landed, built by dbt and published; tests take copies of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from ingestion.report import FileReport
from lake.bookkeeping import last_build, record_build
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, attach, current_snapshot
from pipeline.build import build
from pipeline.publish import publish_edition
from tests.ingestion.landed import event, land, ndjson

DAY = "2026-11-22"
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
CLOSED = datetime(2026, 12, 20, tzinfo=UTC)
CAMERA = "31011700101320000001"
CAMERAS = (
    "camera_id,township_code,longitude,latitude,datum,kind,installed_on,retired_on\n"
    f"{CAMERA},310117001,121.2277,31.0322,WGS84,street,2024-01-01,\n"
)
STATUS = "camera_id,hour,online_seconds\n" + "".join(
    f"{CAMERA},{DAY}T{hour:02}:00:00+08:00,3600\n" for hour in range(24)
)


def at(hour: int, number: int, **more: Any) -> dict[str, Any]:
    """An event of its own hour, so that no two fold into one incident."""
    return event(number, detected_at=f"{DAY}T{hour:02}:00:00+08:00", **more)


def land_events(home: Home, name: str, records: Sequence[dict[str, Any] | str], *, now: datetime = LATER) -> FileReport:
    return land(home, "detection_events", f"detection_events_{DAY}_{name}.ndjson", ndjson(records), now=now)


def furnish(home: Home) -> None:
    """Two events and one refused line, built and published at `NOW`."""
    land(home, "cameras", f"cameras_{DAY}.csv", CAMERAS.encode(), now=NOW)
    land(home, "camera_status", f"camera_status_{DAY}.csv", STATUS.encode(), now=NOW)
    land_events(home, "p01", [at(9, 1), at(11, 2), at(13, 9, event_type="no_such_type")], now=NOW)
    report = build(home, now=NOW)
    assert report.status == "passed", report.failures
    assert publish_edition(home, reason="first", now=NOW)["status"] == "published"


@contextmanager
def lakes(home: Home) -> Any:
    """A writer's connection to both lakes."""
    with open_engine(home, threads=1) as con:
        attach(con, home, BRONZE)
        attach(con, home, WAREHOUSE)
        yield con


def rebuilt(home: Home, *statements: str, now: datetime = LATER, code_version: str | None = None) -> None:
    """What a build would leave, without the seconds of dbt: the statements, and a build that passed."""
    with lakes(home) as con:
        con.execute("DELETE FROM warehouse.published.data_accounting")
        con.execute(
            """INSERT INTO warehouse.published.data_accounting BY NAME
               SELECT feed, business_date, count(*) AS files, sum(received) AS received, sum(accepted) AS accepted,
                      sum(quarantined) AS quarantined, sum(duplicate) AS duplicate, sum(late) AS late
               FROM bronze.landing_accounting GROUP BY ALL"""
        )
        for statement in statements:
            con.execute(statement)
        before = last_build(con)
        assert before is not None
        record_build(
            con,
            build_id=f"b{now:%H%M%S%f}",
            bronze_snapshot=current_snapshot(con, BRONZE),
            started_at=now,
            finished_at=now,
            status="passed",
            code_version=code_version or before.code_version,
            dates={},
        )


def served(home: Home, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        return con.execute(sql, list(values)).fetchall()
