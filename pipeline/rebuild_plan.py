"""Which business dates a build takes: what landing changed, carried to the dates a register is in effect on.

Nothing here looks at history's rows. Dates come from the change feed of the bronze lake and from the accounting, whose
size is files and dates; so planning day 1,000 costs what planning day 1 did.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import duckdb

from haulage.feeds import FEEDS
from ingestion.contracts import Contract
from lake.changes import changed_dates
from lake.lakes import BRONZE
from pipeline.case_dates import (
    CALENDAR,
    EVENT_WINDOWS,
    EVENTS,
    FEED,
    KNOWN,
    all_case_dates,
    case_dates,
    in_windows,
)

Dates = dict[str, set[date]]

# Bookkeeping that is published as a whole: a change there is a reason to build, but no reason to rebuild a date.
# The underscore keeps it apart from feeds in `main.changed_dates`; the models look only at feeds.
BOOKKEEPING = ("landing_accounting", "quarantine", "batch_gates")
MAP = "geography_installs"
# A date of cases costs what is open on it, however few rows arrived: parts are bounded in dates, too.
DATES_PER_PART = 120
# Not feeds, and yet dates to rebuild: those of what depends on cases in its own way.
CUT = (EVENTS, EVENT_WINDOWS)
# No feed either: dates on which stops, trips or gaps changed (haulage/), known only once they have been found again.
HAULAGE = "haulage"
_SEES_TRUCKS = ("detection_events", "cameras")
_TRACKS = ("truck_gps", "trucks")


@dataclass(frozen=True)
class RebuildPlan:
    """`changed`: business dates by feed (bookkeeping as `_<table>`); `frozen`: dates whose detail has expired, by
    feed; `rows`: accepted rows by date, for cutting a long rebuild into parts."""

    changed: Dates
    frozen: Dates
    rows: Mapping[date, int] = field(default_factory=dict)

    @property
    def dates(self) -> list[date]:
        feeds = (days for feed, days in self.changed.items() if not feed.startswith("_"))
        return sorted(set().union(*feeds))

    @property
    def is_empty(self) -> bool:
        return not any(self.changed.values())

    @property
    def truck_dates(self) -> set[date]:
        """The dates on which what haulage/ reads has changed."""
        return set().union(*(self.changed.get(feed, set()) for feed in FEEDS))

    def with_haulage(self, dates: set[date], beside: AbstractSet[date] = frozenset()) -> RebuildPlan:
        """The plan that also rebuilds these dates wherever models read stops, trips or gaps.

        And those whose trips may have been seen about midnight: by cameras of which the next date told more, or together
        with trucks of which a date beside it did; `beside` are the dates next to trips that changed.
        """
        seen, tracks = (
            set().union(*(self.changed.get(feed, set()) for feed in feeds)) for feeds in (_SEES_TRUCKS, _TRACKS)
        )
        beside = (
            beside | {day - timedelta(days=1) for day in seen | tracks} | {day + timedelta(days=1) for day in tracks}
        )
        moved = self.changed.get(HAULAGE, set()) | dates | (beside & set(self.rows))
        return replace(self, changed={**self.changed, HAULAGE: moved}) if moved else self

    def rows_of(self, part: Dates) -> int:
        """Accepted rows of the dates of a part."""
        days = set().union(*(days for feed, days in part.items() if not feed.startswith("_") or feed in CUT))
        return sum(self.rows.get(day, 0) for day in days)

    def parts(self, rows_per_part: int) -> list[Dates]:
        """The changed dates cut into runs of about `rows_per_part` accepted rows; always at least one part."""
        cuts: list[set[date]] = [set()]
        weight = 0
        feeds = {feed: days for feed, days in self.changed.items() if not feed.startswith("_") or feed in CUT}
        for day in sorted(set().union(*feeds.values())):
            if len(cuts[-1]) == DATES_PER_PART or (cuts[-1] and weight + self.rows.get(day, 0) > rows_per_part):
                cuts.append(set())
                weight = 0
            cuts[-1].add(day)
            weight += self.rows.get(day, 0)
        bookkeeping = {feed: days for feed, days in self.changed.items() if feed not in feeds}
        parts = [{feed: days & cut for feed, days in feeds.items() if days & cut} for cut in cuts]
        for before, part in zip(cuts, parts[1:], strict=False):
            # What was seen after midnight of the last date before is known only now.
            part[HAULAGE] = part.get(HAULAGE, set()) | {max(before)} & self.changed.get(HAULAGE, set())
        return [
            {**bookkeeping, **parts[0]},
            *({feed: days for feed, days in part.items() if days} for part in parts[1:]),
        ]


def plan_rebuild(
    con: duckdb.DuckDBPyConnection,
    contracts: Sequence[Contract],
    *,
    since: int | None,
    upto: int,
    everything: bool = False,
    carried: Mapping[str, Iterable[date]] | None = None,
) -> RebuildPlan:
    """Plan from the attached bronze lake, between snapshot `since` (None: never built) and `upto`.

    `everything` takes every live date (new rules, a new map); `carried` adds the dates of a build that failed.
    """
    accepted, rows = _accepted(con, upto)
    expired = _expired(con, upto)
    references = {contract.feed for contract in contracts if contract.mode == "reference"}
    live = set().union(*(days - expired.get(feed, set()) for feed, days in accepted.items() if feed not in references))
    feeds = [contract.feed for contract in contracts if contract.feed not in references]
    registers = [contract.feed for contract in contracts if contract.mode == "snapshot"]

    tables = [*feeds, *references, *BOOKKEEPING, "expired_dates"]
    feed_changes = changed_dates(con, since=since, upto=upto, tables=tables)
    new_days: set[date] = set()
    if everything or feed_changes.everything or _map_changed(con, since, upto):
        changed: Dates = {feed: set(live) for feed in feeds}
        cases = all_case_dates(accepted, live)
    else:
        assert since is not None
        before, _ = _accepted(con, since)
        new_days = live - set().union(*before.values())
        changed = {}
        for feed in feeds:
            if feed in registers:
                snapshots = sorted(accepted.get(feed, set()))
                # On a date that had nothing before, the registers take effect for the first time.
                changed[feed] = (_in_effect(feed_changes[feed], snapshots, live)) | new_days
            else:
                changed[feed] = feed_changes[feed] & live
        if feed_changes.get(CALENDAR):  # any deadline may have moved
            cases = all_case_dates(accepted, live)
        else:
            moved, exports = feed_changes.get(FEED, set()), accepted.get(FEED, set())
            cases = case_dates(con, since=since, upto=upto, changed=moved, exports=exports, live=live)
    if FEED in changed:
        seen = changed.get("detection_events", set()) | changed.get("cameras", set()) | cases.events
        changed |= {FEED: cases.figures | new_days, KNOWN: cases.known, EVENTS: cases.events}
        changed[EVENT_WINDOWS] = in_windows(seen) & live
    for feed, days in (carried or {}).items():
        if feed in changed or feed == HAULAGE:
            changed.setdefault(feed, set())
            changed[feed] |= set(days) if feed == KNOWN else set(days) & live
    bookkeeping = {f"_{table}": set(feed_changes[table]) for table in (*BOOKKEEPING, *references)}
    bookkeeping["_expired_dates"] = _newly_expired(con, since, upto)
    known = live | set().union(*(days for feed, days in accepted.items() if feed not in references))
    frozen = {
        feed: _frozen_register(expired[feed], sorted(accepted.get(feed, set())), known) if feed in registers else days
        for feed, days in expired.items()
    }
    frozen[HAULAGE] = expired.get("truck_gps", set())
    return RebuildPlan({**changed, **bookkeeping}, frozen, rows)


def _accepted(con: duckdb.DuckDBPyConnection, snapshot: int) -> tuple[Dates, dict[date, int]]:
    """Business dates with accepted rows by feed, and the rows by date."""
    found = con.execute(
        f"""SELECT feed, business_date, sum(accepted)::BIGINT
            FROM {BRONZE}.landing_accounting AT (VERSION => {int(snapshot)})
            WHERE business_date IS NOT NULL GROUP BY ALL HAVING sum(accepted) > 0"""
    ).fetchall()
    dates: Dates = {}
    rows: dict[date, int] = {}
    for feed, day, count in found:
        dates.setdefault(feed, set()).add(day)
        rows[day] = rows.get(day, 0) + count
    return dates, rows


def _expired(con: duckdb.DuckDBPyConnection, snapshot: int) -> Dates:
    dates: Dates = {}
    for feed, day in con.execute(
        f"SELECT DISTINCT feed, business_date FROM {BRONZE}.expired_dates AT (VERSION => {int(snapshot)})"
    ).fetchall():
        dates.setdefault(feed, set()).add(day)
    return dates


def _newly_expired(con: duckdb.DuckDBPyConnection, since: int | None, upto: int) -> set[date]:
    """Retention is no change of history, but the models that keep detail must let go of it."""
    now = _expired(con, upto)
    try:
        before = {} if since is None else _expired(con, since)
    except duckdb.Error:  # the snapshot or the table was not there
        before = {}
    return set().union(*(days - before.get(feed, set()) for feed, days in now.items()))


def _map_changed(con: duckdb.DuckDBPyConnection, since: int | None, upto: int) -> bool:
    if since is None:
        return True
    query = f"SELECT count(*) FROM {BRONZE}.{MAP} AT (VERSION => ?)"
    try:
        before, now = (con.execute(query.replace("?", str(int(v)))).fetchone() for v in (since, upto))
    except duckdb.Error:
        return True
    return before != now


def _in_effect(snapshots: Iterable[date], all_snapshots: Sequence[date], live: set[date]) -> set[date]:
    """The live dates on which one of `snapshots` of a register is the latest."""
    days: set[date] = set()
    for snapshot in snapshots:
        position = bisect_right(all_snapshots, snapshot)
        until = all_snapshots[position] if position < len(all_snapshots) else date.max
        days |= {day for day in live if snapshot <= day < until}
    return days


def _frozen_register(expired: set[date], all_snapshots: Sequence[date], known: set[date]) -> set[date]:
    """Dates whose snapshot in effect has expired: counting them again would read an older one, or none."""
    return _in_effect(expired, all_snapshots, known)
