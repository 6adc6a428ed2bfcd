"""Parquet files of bronze, compressed and synced to disk: of rows that DuckDB has by its COPY, of Arrow's by Arrow.

Arrow takes a column that is a dictionary already as it is, and needs a third of the processor time that COPY does; but rows
out of DuckDB's tables would first have to become Arrow's, which costs the rest.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.engine import sql_text

ROW_GROUP = (
    122_880  # rows; DuckDB reads row groups side by side, and passes over those that have nothing of what is asked
)
# Version 2 has encodings for rising times and line numbers; a column of more different values than this (identifiers)
# gains nothing from a dictionary, and to try is dear.
_COPIED = "FORMAT parquet, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 4000"
_SYNCED = 4  # row groups after which the disk is asked to take them
_FEW = 4_000  # different values of a row group up to which a dictionary is worth its trying
_TOGETHER = 32_768  # rows encoded in one go: a dictionary's statistics are made anew for each


def copy_rows(con: duckdb.DuckDBPyConnection, path: Path, rows: str) -> list[Path]:
    """Write the rows of a SELECT to `path`, and return it in a list. No rows, no file."""
    written = con.execute(f"COPY ({rows}) TO {sql_text(path)} ({_COPIED})").fetchone()
    if written is None or not written[0]:
        path.unlink()
        return []
    _sync(path)
    _sync(path.parent)
    return [path]


def write_side_by_side(shares: Iterable[tuple[Path, Iterable[pa.RecordBatch]]]) -> list[Path]:
    """Write each share of rows to its path, in a thread of its own, which also makes them.

    A batch has at most ROW_GROUP rows a row group. Returns the paths that got any; no rows, no file.
    """
    with ThreadPoolExecutor(thread_name_prefix="rows") as pool:
        written = [(path, pool.submit(_write, path, batches)) for path, batches in shares]
        return [path for path, done in written if done.result()]


def _write(path: Path, batches: Iterable[pa.RecordBatch]) -> bool:
    writer: pq.ParquetWriter | None = None
    early: Future[None] | None = None
    waiting = 0  # row groups
    made = iter(batches)
    with ThreadPoolExecutor(1, thread_name_prefix="parquet-sync") as syncing:
        try:
            while (batch := next(made, None)) is not None:
                if batch.num_rows:
                    writer = writer or _writer(path, batch)
                    writer.write_batch(batch, ROW_GROUP)
                    del batch  # its memory is for the next one
                    waiting += 1
                    if waiting >= _SYNCED and (early is None or early.done()):
                        waiting = 0
                        # The disk takes what there is while the rest is made: in the end there is little to wait for.
                        early = syncing.submit(_sync, path)
        finally:
            if writer is not None:
                writer.close()
        if early is not None:
            early.result()
    if writer is not None:
        _sync(path)
        _sync(path.parent)
    return writer is not None


def _writer(path: Path, first: pa.RecordBatch) -> pq.ParquetWriter:
    listed, rising = [], {}
    for field, values in zip(first.schema, first.columns, strict=True):
        if pa.types.is_string_view(field.type):
            continue  # of a column with too many words for a list
        if pa.types.is_dictionary(field.type) or pc.count_distinct(values).as_py() <= _FEW:
            listed.append(field.name)
        elif pa.types.is_integer(field.type) or pa.types.is_temporal(field.type):
            rising[field.name] = "DELTA_BINARY_PACKED"  # times and line numbers mostly rise
    # Every column keeps its statistics: of a file without them DuckLake would take the next file's bounds for those of all.
    return pq.ParquetWriter(
        path, first.schema, compression="snappy", use_dictionary=listed, column_encoding=rising, store_schema=False,
        write_batch_size=_TOGETHER,
    )  # fmt: skip


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
