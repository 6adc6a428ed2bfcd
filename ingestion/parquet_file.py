"""Parquet files of bronze, compressed and synced to disk: of rows that DuckDB has by its COPY, of Arrow's by Arrow.

Arrow takes a column that is a dictionary already as it is, and needs a third of the processor time that COPY does; but rows
out of DuckDB's tables would first have to become Arrow's, which costs the rest.
"""

from __future__ import annotations

import os
from collections import deque
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
_FEW = 4_000  # different values of a row group up to which a dictionary is worth its trying
_TOGETHER = 32_768  # rows encoded in one go: a dictionary's statistics are made anew for each
_AHEAD = 1  # row groups made before the first of them is written


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
    """Write each share of rows to its path, made and written side by side, so from several threads.

    A batch has at most ROW_GROUP rows a row group. Returns the paths that got any; no rows, no file.
    """
    files = [(ParquetDraft(path), batches) for path, batches in shares]
    try:
        with ThreadPoolExecutor(len(files), thread_name_prefix="rows") as pool:
            written = [pool.submit(file.take, batches) for file, batches in files]
            return [file.path for (file, _), done in zip(files, written, strict=True) if done.result()]
    finally:
        for file, _ in files:
            file.close()


class ParquetDraft:
    """One file, written by a thread of its own while further rows are made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer: pq.ParquetWriter | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="parquet")
        self._syncing = ThreadPoolExecutor(1, thread_name_prefix="parquet-sync")
        self._waiting: deque[Future[None]] = deque()
        self._early: Future[None] | None = None

    def take(self, batches: Iterable[pa.RecordBatch]) -> bool:
        """Write all rows, to the disk; whether there is a file."""
        for batch in batches:
            if not batch.num_rows:
                continue
            if self._writer is None:
                self._writer = _writer(self.path, batch)
            if len(self._waiting) == _AHEAD:
                self._waiting.popleft().result()
            self._waiting.append(self._thread.submit(self._write, self._writer, batch))
        while self._waiting:
            self._waiting.popleft().result()
        if self._writer is None:
            return False
        self._writer.close()
        if self._early is not None:
            self._early.result()
        _sync(self.path)
        _sync(self.path.parent)
        return True

    def close(self) -> None:
        """End the threads, whatever has been written."""
        self._thread.shutdown(cancel_futures=True)
        self._syncing.shutdown(cancel_futures=True)
        if self._writer is not None:
            self._writer.close()

    def _write(self, writer: pq.ParquetWriter, batch: pa.RecordBatch) -> None:
        writer.write_batch(batch, ROW_GROUP)
        if self._early is None or self._early.done():
            # The disk takes what there is while the rest is made: in the end there is little to wait for.
            self._early = self._syncing.submit(_sync, self.path)


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
