"""What the warehouse remembers of itself: its builds, the dates to build, and the editions published."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime
from typing import Literal

import duckdb

from lake.commit import commit
from lake.lakes import WAREHOUSE
from lake.relations import table_names

BuildStatus = Literal["passed", "failed"]
_TABLES = {
    "builds": """build_id VARCHAR, bronze_snapshot BIGINT, started_at TIMESTAMP, finished_at TIMESTAMP,
                 status VARCHAR, code_version VARCHAR, dates_json VARCHAR""",
    "changed_dates": "feed VARCHAR, business_date DATE",
    "editions": """edition VARCHAR, published_at TIMESTAMP, content_hash VARCHAR, code_version VARCHAR,
                   reason VARCHAR, bronze_snapshot BIGINT""",
    # What was published, a row where an edition said something new: lake/official_values.py.
    "value_history": """kpi_code VARCHAR, area_code VARCHAR, business_date DATE, value DOUBLE, numerator DOUBLE,
                        denominator DOUBLE, coverage DOUBLE, status VARCHAR, rule_version VARCHAR,
                        first_edition VARCHAR, restatement_id VARCHAR""",
    # What changed of it, and who let it change: lake/restatements.py.
    "restatements": """restatement_id VARCHAR, edition VARCHAR, kpi_code VARCHAR, area_code VARCHAR,
                       business_date DATE, as_value DOUBLE, as_numerator DOUBLE, as_denominator DOUBLE,
                       as_coverage DOUBLE, as_status VARCHAR, as_rule_version VARCHAR, as_edition VARCHAR,
                       now_value DOUBLE, now_numerator DOUBLE, now_denominator DOUBLE, now_coverage DOUBLE,
                       now_status VARCHAR, now_rule_version VARCHAR, change VARCHAR, cause VARCHAR, evidence VARCHAR,
                       rows_flipped BIGINT, row_ids VARCHAR, is_held BOOLEAN""",
    "restatement_approvals": """restatement_id VARCHAR, approved_by VARCHAR, reason VARCHAR, approved_at TIMESTAMP""",
}


@dataclass(frozen=True)
class Build:
    """One row of `warehouse.main.builds`: one run of dbt over the changed dates. Times are UTC without zone."""

    build_id: str
    bronze_snapshot: int
    started_at: datetime
    finished_at: datetime
    status: str
    code_version: str
    dates_json: str

    @property
    def dates(self) -> dict[str, list[str]]:
        """ISO business dates built, by feed."""
        loaded: dict[str, list[str]] = json.loads(self.dates_json or "{}")
        return loaded


@dataclass(frozen=True)
class Edition:
    """One row of `warehouse.main.editions`: one published state of the district's figures."""

    edition: str
    published_at: datetime
    content_hash: str
    code_version: str
    reason: str
    bronze_snapshot: int | None


def ensure_bookkeeping(con: duckdb.DuckDBPyConnection) -> None:
    """Create the bookkeeping tables of the attached warehouse that are missing."""
    missing = _TABLES.keys() - set(table_names(con, WAREHOUSE, "main"))
    if missing:
        with commit(con, WAREHOUSE, author="lake", message="bookkeeping tables", extra={"action": "create"}):
            for table in sorted(missing):
                con.execute(f"CREATE TABLE {WAREHOUSE}.main.{table} ({_TABLES[table]})")


def write_changed_dates(con: duckdb.DuckDBPyConnection, dates: Mapping[str, AbstractSet[date]]) -> None:
    """Replace the dates the next build takes, by feed; dbt's models read them from `changed_dates`."""
    rows = sorted((feed, day) for feed, days in dates.items() for day in days)
    extra = {"action": "changed_dates", "dates": len(rows)}
    with commit(con, WAREHOUSE, author="lake", message="dates to build", extra=extra):
        con.execute(f"DELETE FROM {WAREHOUSE}.main.changed_dates")
        con.execute(
            f"INSERT INTO {WAREHOUSE}.main.changed_dates SELECT unnest(?::VARCHAR[]), unnest(?::DATE[])",
            [[feed for feed, _ in rows], [day for _, day in rows]],
        )


def record_build(
    con: duckdb.DuckDBPyConnection,
    *,
    build_id: str,
    bronze_snapshot: int,
    started_at: datetime,
    finished_at: datetime,
    status: BuildStatus,
    code_version: str,
    dates: Mapping[str, AbstractSet[date]],
) -> Build:
    """Note that a build ended; only the latest one's status decides whether an edition may be published."""
    as_json = json.dumps({feed: sorted(day.isoformat() for day in days) for feed, days in sorted(dates.items())})
    build = Build(build_id, bronze_snapshot, as_utc(started_at), as_utc(finished_at), status, code_version, as_json)
    extra = {"action": "build", "build_id": build_id, "status": status, "bronze_snapshot": bronze_snapshot}
    with commit(con, WAREHOUSE, author="build", message=f"build {build_id} {status}", extra=extra):
        con.execute(f"INSERT INTO {WAREHOUSE}.main.builds VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(build))
    return build


def last_build(con: duckdb.DuckDBPyConnection) -> Build | None:
    """The build that ended last, whatever came of it; None before the first."""
    return _latest_build(con, "true")


def last_passed_build(con: duckdb.DuckDBPyConnection) -> Build | None:
    """The build that passed last; the next one starts from its bronze snapshot."""
    return _latest_build(con, "status = 'passed'")


def known_editions(con: duckdb.DuckDBPyConnection) -> list[Edition]:
    """Every edition ever published, oldest first."""
    rows = con.execute(
        f"""SELECT edition, published_at, content_hash, code_version, reason, bronze_snapshot
            FROM {WAREHOUSE}.main.editions ORDER BY edition"""
    ).fetchall()
    return [Edition(*row) for row in rows]


def record_editions(
    con: duckdb.DuckDBPyConnection, editions: list[Edition], also: Callable[[], None] | None = None
) -> None:
    """Note published editions, and in the same commit whatever `also` writes of them."""
    names = ", ".join(edition.edition for edition in editions)
    extra = {"action": "publish", "editions": [edition.edition for edition in editions]}
    with commit(con, WAREHOUSE, author="publication", message=f"published {names}", extra=extra):
        for edition in editions:
            con.execute(f"INSERT INTO {WAREHOUSE}.main.editions VALUES (?, ?, ?, ?, ?, ?)", astuple(edition))
        if also is not None:
            also()


def as_utc(moment: datetime) -> datetime:
    """A moment as the lake stores it: UTC without zone. A naive moment is taken to be UTC already."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _latest_build(con: duckdb.DuckDBPyConnection, condition: str) -> Build | None:
    # By order of recording: clocks may stand still (tests) or step back.
    row = con.execute(
        f"""SELECT build_id, bronze_snapshot, started_at, finished_at, status, code_version, dates_json
            FROM {WAREHOUSE}.main.builds WHERE {condition}
            ORDER BY rowid DESC LIMIT 1"""
    ).fetchone()
    return Build(*row) if row else None
