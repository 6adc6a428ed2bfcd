"""The commit of a replay: recovered rows into bronze, out of the quarantine, and the ledger moved with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ingestion.batch import MEETS, Batch
from ingestion.landing_run import LandingRun
from lake.commit import commit
from lake.engine import sql_name, sql_text
from lake.lakes import BRONZE

AUTHOR = "replay"


@dataclass(frozen=True)
class Recovered:
    """The rows of one file that pass now, by business date; duplicates are among them."""

    sha256: str
    name: str
    good: Mapping[date, int]
    duplicate: Mapping[date, int]
    late: Mapping[date, int]

    @property
    def rows(self) -> int:
        return sum(self.good.values())

    @property
    def accepted(self) -> int:
        return self.rows - sum(self.duplicate.values())


def commit_recovered(run: LandingRun, staged: Batch, recovered: Recovered, files: Sequence[Path]) -> None:
    """Everything or nothing; the caller holds the writer lock."""
    con, feed = run.con, run.contract.feed
    table = f"{BRONZE}.{sql_name(feed)}"
    message = f"replayed {feed} {recovered.name} (run {run.run_id})"
    extra = {"action": "replay", "feed": feed, "file": recovered.name, "sha256": recovered.sha256, "run_id": run.run_id}
    _pick_refusals(run, staged, recovered)
    with commit(con, BRONZE, author=AUTHOR, message=message, extra=extra):
        con.execute(f"DELETE FROM {table} WHERE rowid IN (SELECT _landed FROM {MEETS} WHERE _wins)")
        for file in files:
            con.execute(
                f"CALL ducklake_add_data_files({sql_text(BRONZE)}, {sql_text(feed)}, {sql_text(file)}, "
                "hive_partitioning => true)"
            )
        con.execute(
            f"UPDATE {BRONZE}.quarantine SET state = 'replayed' WHERE rowid IN (SELECT refusal FROM replayed_refusals)"
        )
        _move_ledger(run, recovered)
    con.execute("DROP TABLE replayed_refusals")


def _pick_refusals(run: LandingRun, staged: Batch, recovered: Recovered) -> None:
    """As many open refusals of each line as rows of it pass now, with the date the ledger has them under."""
    run.con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE replayed_refusals AS
        SELECT q.refusal, q.business_date FROM (
            SELECT rowid AS refusal, line, business_date, row_number() OVER (PARTITION BY line ORDER BY rowid) AS place
            FROM {BRONZE}.quarantine WHERE feed = $feed AND file_sha256 = $sha AND file_name = $name AND state = 'open'
        ) AS q
        JOIN (SELECT _line, count(*) AS rows FROM {staged.numbered} WHERE _fault = 0 GROUP BY _line) AS n
        ON n._line = q.line AND q.place <= n.rows
        """,
        {"feed": run.contract.feed, "sha": recovered.sha256, "name": recovered.name},
    )


def _move_ledger(run: LandingRun, recovered: Recovered) -> None:
    con, feed, sha256 = run.con, run.contract.feed, recovered.sha256
    before: dict[date | None, int] = dict(
        con.execute("SELECT business_date, count(*) FROM replayed_refusals GROUP BY ALL").fetchall()
    )
    changes = {day: [-rows, 0, -rows, 0, 0] for day, rows in before.items()}
    for landed, rows in recovered.good.items():
        repeats = recovered.duplicate.get(landed, 0)
        moved = [rows, rows - repeats, 0, repeats, recovered.late.get(landed, 0)]
        changes[landed] = [a + b for a, b in zip(changes.get(landed, [0] * 5), moved, strict=True)]
    names = ("received", "accepted", "quarantined", "duplicate", "late")
    for day, change in changes.items():
        con.execute(
            f"UPDATE {BRONZE}.landing_accounting SET {', '.join(f'{name} = {name} + ?' for name in names)} "
            "WHERE feed = ? AND file_sha256 = ? AND business_date IS NOT DISTINCT FROM ?",
            [*change, feed, sha256, day],
        )
        known = con.execute(
            f"SELECT 1 FROM {BRONZE}.landing_accounting WHERE feed = ? AND file_sha256 = ? "
            "AND business_date IS NOT DISTINCT FROM ?",
            [feed, sha256, day],
        ).fetchone()
        if known is None:
            con.execute(
                f"INSERT INTO {BRONZE}.landing_accounting VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [sha256, feed, day, *change]
            )
    total = [sum(change[i] for change in changes.values()) for i in range(5)]
    con.execute(
        f"UPDATE {BRONZE}.landing_files SET {', '.join(f'{name} = {name} + ?' for name in names)} "
        "WHERE feed = ? AND file_sha256 = ? AND file_name = ? AND status = 'landed'",
        [*total, feed, sha256, recovered.name],
    )
