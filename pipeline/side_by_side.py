"""The inboxes of all feeds landed, two feeds at a time where much waits.

A file's landing is by turns the work of one core and of all (the hash and the commit are the one's, parsing the others'),
so two feeds side by side leave no core waiting. They are processes of their own, as they are under the scheduler; the
lake's writer lock keeps their commits apart, and no figure depends on which of them comes first.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

import structlog

from ingestion.inbox import pending
from lake.home import Home
from lake.settings import MOST_THREADS
from pipeline.landing import land_inbox

log = structlog.get_logger(__name__)
FROM_BYTES = 256 << 20  # waiting in all; for less, two more processes cost more than they give


@dataclass(frozen=True)
class Landed:
    """What became of a feed's inbox: the report of `land_inbox`, or why there is none."""

    feed: str
    report: dict[str, Any] | None
    failure: str | None = None


def land_feeds(
    home: Home,
    feeds: Sequence[str],
    run_id: str,
    *,
    from_date: date | None = None,
    to_date: date | None = None,
    now: datetime | None = None,
    in_each_process: Callable[[], None] | None = None,
) -> list[Landed]:
    """Land what waits for each feed, in their order; a feed that fails stops no other.

    `in_each_process` is called first in every process that is started (its logs, say).
    """
    land = partial(_land, home, run_id=run_id, from_date=from_date, to_date=to_date, now=now)
    waiting = {feed: _bytes_waiting(home, feed) for feed in feeds}
    if sum(waiting.values()) < FROM_BYTES or max(waiting.values()) == sum(waiting.values()):
        return [land(feed) for feed in feeds]
    started = multiprocessing.get_context("spawn")  # a fork would take this process's threads along half-way
    with ProcessPoolExecutor(MOST_THREADS, mp_context=started, initializer=in_each_process) as pool:
        # The largest first, so that none of them is left to the end alone.
        largest_first = sorted(feeds, key=lambda feed: -waiting[feed])
        futures = {feed: pool.submit(land, feed) for feed in largest_first}
        done = []
        for feed in feeds:
            try:
                done.append(futures[feed].result())
            except Exception as error:  # the process itself has died
                log.exception("feed failed", feed=feed, run_id=run_id)
                done.append(Landed(feed, None, f"the landing process ended: {error}"))
    return done


def _land(home: Home, feed: str, **options: Any) -> Landed:
    try:
        return Landed(feed, land_inbox(home, feed, **options))
    except Exception as error:
        log.exception("feed failed", feed=feed, run_id=options["run_id"])
        return Landed(feed, None, str(error))


def _bytes_waiting(home: Home, feed: str) -> int:
    total = 0
    for path in pending(home, feed):
        with suppress(FileNotFoundError):  # its source has taken it back meanwhile
            total += path.lstat().st_size
    return total
