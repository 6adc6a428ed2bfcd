"""Which of several rows with one key stays: decided by their content alone, so that no order of arrival matters.

Duplicates share the contract's key within one business date. The greatest received time wins, then the smallest hash of
the stored row, then the smallest file hash. An arriving row that wins over a landed one replaces it, and still counts
as a duplicate: the date has as many rows as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.batch import DROPPED, MEETS, MET, TYPED, Batch
from ingestion.contracts import Contract
from lake.engine import sql_name, sql_text
from lake.lakes import BRONZE

_MOST_FILES = 50  # of which the lake is asked by name
_SIEVE = np.uint64(1 << 20)


def drop_repeats(batch: Batch, file_received: datetime | None) -> None:
    """Mark in `DROPPED` the rows that another row of the same file beats."""
    con, contract = batch.con, batch.contract
    con.execute(f"CREATE OR REPLACE TEMP TABLE {DROPPED} (_row BIGINT)")
    key = ", ".join(sql_name(name) for name in contract.key)
    if not _find_alike(batch, key):
        return
    order = f"{received_of(contract, 'r', file_received)} DESC NULLS LAST, {content_of(contract, 'r')}, r._row"
    con.execute(
        f"INSERT INTO {DROPPED} SELECT _row FROM (SELECT r._row, row_number() OVER (PARTITION BY {key}, r._date "
        f"ORDER BY {order}) AS place FROM {batch.picked('repeated')} AS r) WHERE place > 1"
    )
    con.execute("DROP TABLE repeated")


def _find_alike(batch: Batch, key: str) -> bool:
    """Fill the table `repeated` with the rows that may share their key; whether there are any."""
    con, rows = batch.con, batch.alike()
    if rows is None:
        # Hashes first: comparing whole rows is kept to the few keys whose hash comes twice.
        found = con.execute(
            f"SELECT CAST(rowid AS INTEGER) AS place, hash({key}, _date) AS h FROM {TYPED} WHERE _fault = 0"
        ).to_arrow_table()
        rows = found["place"].to_numpy()[_come_twice(found["h"].to_numpy())]
    con.register("places", pa.table({"_row": pa.array(rows, pa.int64())}))
    con.execute("CREATE OR REPLACE TEMP TABLE repeated AS SELECT _row FROM places")
    con.unregister("places")
    return bool(len(rows))


def _come_twice(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The places of values that come more than once; sorting needs a fraction of a hash table's time and memory."""
    ordered = np.sort(hashes)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(twice):
        return np.empty(0, np.int64)
    del ordered
    few = np.zeros(_SIEVE, np.bool_)
    few[twice % _SIEVE] = True
    places = np.flatnonzero(few[hashes % _SIEVE])  # among them all that are wanted
    return places[np.isin(hashes[places], twice)]


def meet_landed(batch: Batch, file_sha256: str, file_received: datetime | None) -> dict[date, int]:
    """Compare with the rows already landed for the same dates; the caller holds the writer lock.

    Returns how many arriving rows were duplicates, by business date. Fills `MEETS` (`_row`, `_landed` = row id in bronze, `_date`, `_wins`) and adds the arriving losers to `DROPPED`.
    """
    con, contract = batch.con, batch.contract
    dates = list(batch.good_by_date())
    listed = ", ".join(f"DATE {sql_text(day.isoformat())}" for day in dates)
    table = f"{BRONZE}.{sql_name(contract.feed)}"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {MEETS} (_row BIGINT, _landed BIGINT, _date DATE, _wins BOOLEAN, "
        "_landed_file VARCHAR, _landed_received TIMESTAMP)"
    )
    if dates and _find_met(batch, table, listed):
        landed_received, arriving_received = "l._received", received_of(contract, "a", file_received)
        con.execute(
            f"INSERT INTO {MEETS} SELECT a._row, l._landed, a._date, "
            f"{_beats(arriving_received, landed_received, contract, file_sha256)}, l._file_sha256, l._received "
            f"FROM {batch.picked(f'(SELECT DISTINCT _row FROM {MET})')} AS a JOIN {MET} AS m USING (_row) "
            f"JOIN ({landed_rows(contract, listed, _files_met(con))}) AS l USING (_landed)"
        )
        con.execute(f"DROP TABLE {MET}")
    con.execute(f"INSERT INTO {DROPPED} SELECT _row FROM {MEETS} WHERE NOT _wins")
    return _by_date(batch)


def _find_met(batch: Batch, table: str, dates: str) -> bool:
    """Fill the table `MET` with pairs of rows of one key (`_row`, `_landed`, `_file`); whether there are any.

    By the keys alone: a lake of millions of rows a date is read in a few columns, until there is something to compare.
    """
    con = batch.con
    if con.execute(f"SELECT 1 FROM {table} WHERE business_date IN ({dates}) LIMIT 1").fetchone() is None:
        return False
    key = " AND ".join(_same(batch.contract, name) for name in batch.contract.key)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {MET} AS SELECT a._row, l.rowid AS _landed, l._file_sha256 AS _file "
        f"FROM {table} AS l JOIN (SELECT * FROM {batch.final()} ANTI JOIN {DROPPED} USING (_row)) AS a "
        f"ON l.business_date = a._date AND {key} WHERE l.business_date IN ({dates})"
    )
    return con.execute(f"SELECT 1 FROM {MET} LIMIT 1").fetchone() is not None


def _files_met(con: duckdb.DuckDBPyConnection) -> Sequence[str]:
    """The landed files with a row in `MET`, empty where they are too many to be listed."""
    files = con.execute(f"SELECT DISTINCT _file FROM {MET} ORDER BY _file LIMIT {_MOST_FILES + 1}").fetchall()
    return [file for (file,) in files] if len(files) <= _MOST_FILES else []


def _same(contract: Contract, name: str) -> str:
    # Plain equality lets the scan of landed files pass over those whose keys lie elsewhere.
    required = any(column.required for column in contract.columns if column.stored and column.stored.name == name)
    equal = "=" if required else "IS NOT DISTINCT FROM"
    return f"l.{sql_name(name)} {equal} a.{sql_name(name)}"


def landed_rows(contract: Contract, dates: str, files: Sequence[str] = ()) -> str:
    """The landed rows of some dates with `_landed` (their row id) and `_received`; a SELECT.

    files: the hashes of those they are looked for in, by which the lake passes over the others; empty: all.
    """
    column = contract.received_column
    listed = ", ".join(map(sql_text, files))
    if column is not None:
        received, join = f"t.{sql_name(column)}", ""
    else:
        received = "f.received_at"
        by_date = "" if contract.business_date_column else " AND f.file_date = t.business_date"
        join = (
            f"LEFT JOIN {BRONZE}.landing_files AS f ON f.file_sha256 = t._file_sha256 "
            f"AND f.feed = {sql_text(contract.feed)} AND f.status = 'landed'{by_date}"
        )
    return (
        f"SELECT t.*, t.rowid AS _landed, {received} AS _received FROM {BRONZE}.{sql_name(contract.feed)} AS t {join} "
        f"WHERE t.business_date IN ({dates})" + (f" AND t._file_sha256 IN ({listed})" if files else "")
    )


def received_of(contract: Contract, alias: str, file_received: datetime | None) -> str:
    """SQL of an arriving row's received time: its own, else its file's (already filled in by the rules)."""
    if contract.received_column is not None:
        return f"{alias}.{sql_name(contract.received_column)}"
    return f"TIMESTAMP {sql_text(str(file_received))}" if file_received else "NULL::TIMESTAMP"


def content_of(contract: Contract, alias: str) -> str:
    """SQL of a hash of a row as stored, the same for arriving and landed rows."""
    parts = [
        f"coalesce(CAST({alias}.{sql_name(column.name)} AS VARCHAR), chr(0))" for column in contract.stored_columns
    ]
    return f"md5(concat_ws(chr(31), {', '.join(parts)}))"


def _beats(arriving: str, landed: str, contract: Contract, file_sha256: str) -> str:
    earliest = "TIMESTAMP '0001-01-01'"
    ours = f"(coalesce({arriving}, {earliest}))"
    theirs = f"(coalesce({landed}, {earliest}))"
    mine, its = content_of(contract, "a"), content_of(contract, "l")
    return (
        f"CASE WHEN {ours} <> {theirs} THEN {ours} > {theirs} WHEN {mine} <> {its} THEN {mine} < {its} "
        f"ELSE {sql_text(file_sha256)} < l._file_sha256 END"
    )


def _by_date(batch: Batch) -> dict[date, int]:
    # An arriving row is a duplicate when its own file dropped it, or when it met a landed row, whoever won.
    if not batch.con.execute(f"SELECT 1 FROM {DROPPED} UNION ALL SELECT 1 FROM {MEETS} LIMIT 1").fetchone():
        return {}
    batch.con.execute(
        f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT _row FROM {DROPPED} UNION SELECT _row FROM {MEETS}"
    )
    rows = batch.con.execute(
        f"SELECT _date, count(*) FROM {batch.picked('repeated', whole=False)} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    batch.con.execute("DROP TABLE repeated")
    return dict(rows)
