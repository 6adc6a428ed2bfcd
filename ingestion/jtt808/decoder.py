"""A JT/T 808 capture, decoded: text lines in, Arrow batches out, on two cores and in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import BinaryIO, NamedTuple

import pyarrow as pa

from ingestion.jtt808.columns import Columns
from ingestion.jtt808.subpackages import MessagePart, Subpackages
from ingestion.jtt808.workspace import BATCH_ROWS, Workspace
from ingestion.text_parts import Part, parts


def decode_capture(stream: BinaryIO, *, threads: int = 2) -> Iterator[pa.RecordBatch]:
    """Lines `<received_at ISO 8601 with offset> <frame hex>` -> batches of `columns.SCHEMA`, at most BATCH_ROWS long.

    Every line that is not blank is accounted for: a position, the items of its batch, a refused row, or a part of a
    sub-packaged message, which gives that message's rows at its last part's line, or refused rows when it stays
    incomplete. Nothing in the bytes raises; only reading `stream` can.
    """
    waiting = Subpackages()
    running: deque[Future[list[_Decoded]]] = deque()
    free: SimpleQueue[Workspace] = SimpleQueue()
    for _ in range(threads):
        free.put(Workspace())
    with ThreadPoolExecutor(threads, thread_name_prefix="jtt808") as pool:
        for part in parts(stream):
            running.append(pool.submit(_decode_part, part, free))
            if len(running) > threads:
                yield from _in_order(running.popleft().result(), waiting)
        while running:
            yield from _in_order(running.popleft().result(), waiting)
    for columns in waiting.give_up():
        yield from _bounded(columns)


class _Decoded(NamedTuple):
    batch: pa.RecordBatch
    message_parts: list[tuple[int, int, bytes]]


def _decode_part(part: Part, free: SimpleQueue[Workspace]) -> list[_Decoded]:
    """The rows of some whole lines, in batches of at most BATCH_ROWS; runs without the GIL but for Arrow's arrays."""
    workspace = free.get()
    decoded = []
    for columns in workspace.decode(part):
        message_parts = columns.parts_of_messages()
        if message_parts:
            columns = columns.without_parts()
        decoded.append(_Decoded(columns.batch(), message_parts))
    free.put(workspace)
    return decoded


def _in_order(decoded: list[_Decoded], waiting: Subpackages) -> Iterator[pa.RecordBatch]:
    for batch, message_parts in decoded:
        if batch.num_rows:
            yield batch
        for line, received_us, raw in message_parts:
            for columns in waiting.add(MessagePart.read(line, received_us, raw)):
                yield from _bounded(columns)


def _bounded(columns: Columns) -> Iterator[pa.RecordBatch]:
    """One batch, cut where a reassembled message has more rows than a batch may hold."""
    batch = columns.batch()
    for start in range(0, batch.num_rows, BATCH_ROWS):
        yield batch.slice(start, BATCH_ROWS)
