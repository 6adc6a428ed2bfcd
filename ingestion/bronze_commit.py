"""The last step of landing: the rows as sorted Parquet, then rows and bookkeeping in one transaction of the lake."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingestion.accounting import Ledger
from ingestion.batch import MEETS, REFUSED, Batch
from ingestion.bronze_tables import BOOKKEEPING_TABLES
from ingestion.contracts import Contract
from ingestion.gate import GateResult
from ingestion.lateness import LateReplaced, late_replaced
from lake.commit import commit
from lake.engine import sql_name, sql_text
from lake.home import Home
from lake.lakes import BRONZE, data_path

AUTHOR = "landing"


@dataclass(frozen=True)
class FileRecord:
    """A row of `landing_files`."""

    file_sha256: str | None
    feed: str
    file_name: str
    bytes: int | None
    format: str | None
    contract_version: str
    file_date: date | None
    received_at: datetime | None
    status: str
    reason: str | None
    received: int
    accepted: int
    quarantined: int
    duplicate: int
    late: int
    extra_columns: str | None
    run_id: str
    landed_at: datetime


def write_parquet(home: Home, batch: Batch, file_sha256: str) -> list[Path]:
    """Sorted, synced Parquet files, a few a business date, in the lake's folder but not yet part of the lake.

    What a crash leaves here is an orphan that maintenance removes; a second landing writes files of its own.
    """
    feed = batch.contract.feed
    files: list[Path] = []
    for day in sorted(batch.good_by_date()):
        folder = data_path(home, BRONZE) / "main" / feed / f"business_date={day.isoformat()}"
        folder.mkdir(parents=True, exist_ok=True)
        new_file = partial(_new_file, folder, file_sha256)
        files += batch.write_date(day, file_sha256, new_file)  # no file where every row was a duplicate
    return files


def _new_file(folder: Path, file_sha256: str) -> Path:
    return folder / f"{file_sha256[:16]}-{uuid.uuid4().hex[:12]}.parquet"


def commit_batch(
    batch: Batch, record: FileRecord, ledger: Ledger, files: Sequence[Path], gates: Sequence[GateResult]
) -> None:
    """Rows, replaced rows, quarantine, ledger, gates and the file's record, or none of them."""
    con, contract = batch.con, batch.contract
    replaced = late_replaced(batch)
    table = f"{BRONZE}.{sql_name(contract.feed)}"
    with commit(con, BRONZE, author=AUTHOR, message=_message(record), extra=_extra(record)):
        if con.execute(f"SELECT 1 FROM {MEETS} WHERE _wins LIMIT 1").fetchone():
            con.execute(f"DELETE FROM {table} WHERE rowid IN (SELECT _landed FROM {MEETS} WHERE _wins)")
        for file in files:
            con.execute(
                f"CALL ducklake_add_data_files({sql_text(BRONZE)}, {sql_text(contract.feed)}, {sql_text(file)}, "
                "hive_partitioning => true)"
            )
        con.execute(
            f"INSERT INTO {BRONZE}.quarantine BY NAME SELECT *, $feed AS feed, $sha AS file_sha256, $name AS file_name, "
            f"$now::TIMESTAMP AS quarantined_at, 'open' AS state FROM {REFUSED}",
            {"feed": contract.feed, "sha": record.file_sha256, "name": record.file_name, "now": record.landed_at},
        )
        _insert(con, "landing_accounting", [
            {"file_sha256": record.file_sha256, "feed": contract.feed, "business_date": day, **vars(count)}
            for day, count in ledger.days.items()
        ])  # fmt: skip
        _insert(con, "batch_gates", [
            {"feed": contract.feed, "file_sha256": record.file_sha256, "business_date": record.file_date, **vars(gate)}
            for gate in gates
        ])  # fmt: skip
        _replace_record(con, record)
        for late in replaced:
            _lessen_late(con, contract, late)


def _lessen_late(con: duckdb.DuckDBPyConnection, contract: Contract, late: LateReplaced) -> None:
    day = "business_date = ?", "(file_date = ? OR ?)"
    append = contract.business_date_column is not None
    con.execute(
        f"UPDATE {BRONZE}.landing_accounting SET late = late - ? WHERE feed = ? AND file_sha256 = ? AND {day[0]}",
        [late.rows, contract.feed, late.file_sha256, late.business_date],
    )
    con.execute(
        f"UPDATE {BRONZE}.landing_files SET late = late - ? WHERE feed = ? AND file_sha256 = ? "
        f"AND status = 'landed' AND {day[1]}",
        [late.rows, contract.feed, late.file_sha256, late.business_date, append],
    )


def commit_rejection(con: duckdb.DuckDBPyConnection, record: FileRecord, gates: Sequence[GateResult]) -> None:
    """A rejected file's record alone; the caller has looked whether it is already there."""
    with commit(con, BRONZE, author=AUTHOR, message=_message(record), extra=_extra(record)):
        _insert(con, "batch_gates", [
            {"feed": record.feed, "file_sha256": record.file_sha256, "business_date": record.file_date, **vars(gate)}
            for gate in gates
        ])  # fmt: skip
        _replace_record(con, record)


def _replace_record(con: duckdb.DuckDBPyConnection, record: FileRecord) -> None:
    # An earlier rejection of the same bytes gives way: the contract may have been mended since.
    con.execute(
        f"DELETE FROM {BRONZE}.landing_files WHERE feed = ? AND file_sha256 = ? AND status = 'rejected'",
        [record.feed, record.file_sha256],
    )
    _insert(con, "landing_files", [vars(record)])


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    columns = BOOKKEEPING_TABLES[table]
    block = pa.Table.from_pylist([dict(row) for row in rows], schema=pa.schema(
        [(name, _ARROW[kind]) for name, kind in columns.items()]
    ))  # fmt: skip
    con.register("bookkeeping", block)
    con.execute(f"INSERT INTO {BRONZE}.{table} BY NAME SELECT * FROM bookkeeping")
    con.unregister("bookkeeping")


_ARROW = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "BOOLEAN": pa.bool_(),
}


def _message(record: FileRecord) -> str:
    return f"{record.status} {record.feed} {record.file_name} (run {record.run_id})"


def _extra(record: FileRecord) -> dict[str, Any]:
    return {
        "action": "land",
        "feed": record.feed,
        "file": record.file_name,
        "sha256": record.file_sha256,
        "run_id": record.run_id,
        "status": record.status,
    }
