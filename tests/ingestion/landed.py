"""Small files in, lake rows out: what the tests of landing share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestion.accounting import unbalanced_files
from ingestion.landing import land_files
from ingestion.report import FileReport
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, attach

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
EVENTS = "detection_events_2026-11-22_p01.ndjson"
CAMERAS = "cameras_2026-11-22_p01.csv"
CAMERA_HEADER = "camera_id,township_code,longitude,latitude,datum,kind,installed_on,retired_on\n"
GOOD_CAMERA = "c1,310117001,121.2,31.0,,street,2020-01-01,\n"


def event(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A good detection event of 2026-11-22, with what the test wants different; None takes a field out."""
    record = {
        "event_id": f"e{number}",
        "camera_id": "31011700101320000001",
        "event_type": "illegal_parking",
        "detected_at": "2026-11-22T10:00:00+08:00",
        "confidence": 0.9,
        **fields,
    }
    return {name: value for name, value in record.items() if value is not None}


def ndjson(records: Sequence[dict[str, Any] | str]) -> bytes:
    return "".join(r if isinstance(r, str) else json.dumps(r) + "\n" for r in records).encode()


def land(home: Home, feed: str, name: str, content: bytes, *, now: datetime = NOW) -> FileReport:
    """Land one file of this name and content."""
    folder = home.root / "given"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    (report,) = land_files(home, feed, [path], run_id="test", now=now).files
    return report


def land_path(home: Home, feed: str, path: Path, *, now: datetime = NOW) -> FileReport:
    (report,) = land_files(home, feed, [path], run_id="test", now=now).files
    return report


def rows(home: Home, sql: str) -> list[dict[str, Any]]:
    """The rows of a query on the bronze lake."""
    with open_engine(home, temp=False) as con:
        attach(con, home, BRONZE, read_only=True)
        result = con.execute(sql)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def refusals(home: Home) -> list[tuple[int, str, str]]:
    """(line, field, reason) of every quarantined row."""
    found = rows(home, "SELECT line, field, reason FROM bronze.quarantine ORDER BY file_name, line")
    return [(row["line"], row["field"], row["reason"]) for row in found]


def assert_balanced(home: Home) -> None:
    """Every landed file's rows are accounted for, in its own record and by business date, and bronze has the accepted."""
    with open_engine(home, temp=False) as con:
        attach(con, home, BRONZE, read_only=True)
        wrong = unbalanced_files(con)
    assert wrong == []
    for feed in rows(home, "SELECT feed, sum(accepted) AS accepted, sum(quarantined) AS quarantined "
                           "FROM bronze.landing_files GROUP BY feed"):  # fmt: skip
        (count,) = rows(home, f"SELECT count(*) AS n FROM bronze.{feed['feed']}")
        assert count["n"] == feed["accepted"]
        (refused,) = rows(home, f"SELECT count(*) AS n FROM bronze.quarantine WHERE feed = '{feed['feed']}'")
        assert refused["n"] == feed["quarantined"]


def reasons(home: Home, name: str) -> list[tuple[int, str, str]]:
    """(line, field, reason) of the refused rows of a file."""
    found = rows(home, f"SELECT line, field, reason FROM bronze.quarantine WHERE file_name = '{name}' ORDER BY line")
    return [(row["line"], row["field"], row["reason"]) for row in found]
