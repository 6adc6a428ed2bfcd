"""A Parquet file of bronze: rows in as Arrow has them, compressed and synced to disk.

Arrow's writer: it takes a column that is a dictionary already as it is, and needs a third of the processor time that
DuckDB's COPY does. It writes in a thread of its own, while the next rows are made.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROW_GROUP = (
    122_880  # rows: DuckDB reads row groups side by side, and passes over those that cannot have what is asked for
)
_FEW = 4_000  # different values of a row group up to which a dictionary is worth its trying
_AHEAD = 2  # row groups made before the first of them is written


def write_rows(path: Path, batches: Iterable[pa.RecordBatch]) -> int:
    """Write the batches, each of at most ROW_GROUP rows a row group; how many rows there were. No rows, no file."""
    writer: pq.ParquetWriter | None = None
    waiting: deque[Future[None]] = deque()
    rows = 0
    with ThreadPoolExecutor(1, thread_name_prefix="parquet") as pool:
        try:
            for batch in batches:
                if not batch.num_rows:
                    continue
                if writer is None:
                    writer = _writer(path, batch)
                if len(waiting) == _AHEAD:
                    waiting.popleft().result()
                waiting.append(pool.submit(writer.write_batch, batch, ROW_GROUP))
                rows += batch.num_rows
            while waiting:
                waiting.popleft().result()
        finally:
            for unwritten in waiting:
                unwritten.cancel()
            pool.shutdown()
            if writer is not None:
                writer.close()
    if rows:
        _sync(path)
        _sync(path.parent)
    return rows


def _writer(path: Path, first: pa.RecordBatch) -> pq.ParquetWriter:
    listed, rising = [], {}
    for field, values in zip(first.schema, first.columns, strict=True):
        if pa.types.is_dictionary(field.type) or pc.count_distinct(values).as_py() <= _FEW:
            listed.append(field.name)
        elif pa.types.is_integer(field.type) or pa.types.is_temporal(field.type):
            rising[field.name] = "DELTA_BINARY_PACKED"  # times and line numbers mostly rise
    return pq.ParquetWriter(
        path, first.schema, compression="snappy", use_dictionary=listed, column_encoding=rising, store_schema=False
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
