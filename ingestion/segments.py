"""A file of lines as several runs of whole lines, each offered to the engine as a named pipe of its own.

A parser that reads one file with many threads does not tell which line a row stood on. One that reads a run of lines from
its start to its end does: the row's place in the run is the line's. So there are as many runs as threads, and the bytes go
from the page cache into the pipes inside the kernel (splice(2)). No run is longer than `LONGEST`: of a pipe, DuckDB keeps
all it has read until the end.
"""

from __future__ import annotations

import fcntl
import math
import os
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ingestion.adapters.reading import LINE_LIMIT, ClearFile, NeedsCarefulReading
from ingestion.fingerprint import BLOCK

AVAILABLE = hasattr(os, "splice")
LONGEST = 256 << 20  # bytes
_PIPE_BYTES = 1 << 20
_LOOK_UP_MS = 100  # how long a feeder that nobody reads from waits before it looks whether it is still wanted


@dataclass(frozen=True)
class Segment:
    """Bytes `start` to `stop` of a file; its first line is line `before` + 1 of the file, its last one `last`."""

    start: int
    stop: int
    before: int
    last: int


def segments(file: ClearFile, threads: int) -> list[Segment]:
    """Runs of whole lines, about equally long, that make up the file: a multiple of `threads`, if it has as many lines."""
    count = threads * math.ceil(file.size / threads / LONGEST)
    cuts = [(0, 0)]
    with file.path.open("rb") as stream:
        for part in range(1, count):
            block = min(file.size * part // count // BLOCK, len(file.ends) - 1)
            stream.seek(block * BLOCK)
            if not stream.readline(LINE_LIMIT + 1).endswith(b"\n"):
                raise NeedsCarefulReading("a line over the limit, or without an end")
            cut = (stream.tell(), file.ends[block] + 1)
            if cuts[-1][0] < cut[0] < file.size:
                cuts.append(cut)
    ends = [*cuts[1:], (file.size, file.lines)]
    return [Segment(start, stop, before, last) for (start, before), (stop, last) in zip(cuts, ends, strict=True)]


@contextmanager
def piped(file: Path, segment: Segment, pipe: Path) -> Iterator[None]:
    """Feed `segment` into a new named pipe for as long as the context lasts."""
    os.mkfifo(pipe, 0o600)
    over = threading.Event()
    feeder = threading.Thread(target=_feed, args=(file, segment, pipe, over), name=f"feeding {pipe.name}")
    feeder.start()
    try:
        yield
    finally:
        over.set()
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # lets a feeder go on that still waits for one
        feeder.join()
        os.close(reader)
        pipe.unlink()


def _feed(file: Path, segment: Segment, pipe: Path, over: threading.Event) -> None:
    target = os.open(pipe, os.O_WRONLY)
    source = os.open(file, os.O_RDONLY)
    try:
        with suppress(OSError):  # a user may have only so much of it
            fcntl.fcntl(target, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        os.set_blocking(target, False)
        room = select.poll()
        room.register(target, select.POLLOUT)
        place = segment.start
        while place < segment.stop and not over.is_set():
            if not room.poll(_LOOK_UP_MS):
                continue
            with suppress(BlockingIOError):
                place += os.splice(source, target, min(_PIPE_BYTES, segment.stop - place), offset_src=place)
    except BrokenPipeError:
        pass  # the reader has gone: its statement says why
    finally:
        os.close(source)
        os.close(target)
