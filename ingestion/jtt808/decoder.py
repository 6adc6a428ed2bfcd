"""A JT/T 808 capture, decoded: text lines in, Arrow batches out, on two cores and in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from ingestion.jtt808 import kernel
from ingestion.jtt808 import layout as L
from ingestion.jtt808.capture_text import Part, parts
from ingestion.jtt808.columns import Columns
from ingestion.jtt808.subpackages import MessagePart, Subpackages

BATCH_ROWS = 65_536
_SLOTS = 1 << 18  # more than twice the rows, so that the terminals' hash table stays sparse


def decode_capture(stream: BinaryIO, *, threads: int = 2) -> Iterator[pa.RecordBatch]:
    """Lines `<received_at ISO 8601 with offset> <frame hex>` -> batches of `columns.SCHEMA`, at most BATCH_ROWS long.

    Every line that is not blank is accounted for: a position, the items of its batch, a refused row, or a part of a
    sub-packaged message, which gives that message's rows at its last part's line, or refused rows when it stays
    incomplete. Nothing in the bytes raises; only reading `stream` can.
    """
    waiting = Subpackages()
    running: deque[Future[list[Columns]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="jtt808") as pool:
        for part in parts(stream):
            running.append(pool.submit(decode_part, part))
            if len(running) > threads:
                yield from _batches(running.popleft().result(), waiting)
        while running:
            yield from _batches(running.popleft().result(), waiting)
    for columns in waiting.give_up():
        yield from _bounded(columns)


def decode_part(part: Part) -> list[Columns]:
    """The columns of some whole lines, in pieces of at most BATCH_ROWS rows."""
    text = np.frombuffer(part.text, dtype=np.uint8)
    stop = len(text) - 1
    at, line = 0, part.lines_before
    decoded = []
    while at < stop:
        integers = np.empty((L.INTEGER_COLUMNS, BATCH_ROWS), dtype=np.int64)
        reals = np.empty((L.REAL_COLUMNS, BATCH_ROWS), dtype=np.float64)
        terminals = np.empty((2, BATCH_ROWS), dtype=np.uint64)
        slots = np.zeros(_SLOTS, dtype=np.int32)
        rows, at, line, known = kernel.decode_lines(text, at, stop, line, integers, reals, terminals, slots)
        names = [_digits(high, low) for high, low in terminals[:, :known].T.tolist()]
        decoded.append(Columns(integers, reals, rows, names, part.text))
    return decoded


def _digits(high: int, low: int) -> str:
    """BCD digits of a terminal number as the kernel packs it: twelve (2013) or twenty (2019)."""
    return f"{high & 0xFFFF:04x}{low:016x}" if high >> 32 else f"{low:012x}"


def _batches(decoded: list[Columns], waiting: Subpackages) -> Iterator[pa.RecordBatch]:
    for columns in decoded:
        waiting_parts = columns.parts_of_messages()
        if waiting_parts:
            columns = columns.without_parts()
        if columns.rows:
            yield columns.batch()
        for line, received_us, raw in waiting_parts:
            for late in waiting.add(MessagePart.read(line, received_us, raw)):
                yield from _bounded(late)


def _bounded(columns: Columns) -> Iterator[pa.RecordBatch]:
    """One batch, cut where a reassembled message has more rows than a batch may hold."""
    batch = columns.batch()
    for start in range(0, batch.num_rows, BATCH_ROWS):
        yield batch.slice(start, BATCH_ROWS)
