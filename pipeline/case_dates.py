"""Which business dates the cases move: from what their rows told to the dates whose figures can differ by it.

An ordinary day's export moves that day alone: it closes cases that day and files others. A correction moves the dates
from the fact it corrects. Only the rows of the cases that moved are read, in the newest state and in the state of the
last build, so that a row which another replaced counts, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb

from lake.lakes import BRONZE

FEED = "cases"
CALENDAR = "work_calendar"
# In `main.changed_dates`: the feed's own name holds the business dates whose figures move; these two hold what else the
# models read. The underscore keeps a name from being a reason to rebuild what does not ask for it.
KNOWN = "_cases_known"  # dates of the exports of which rows changed
EVENTS = "_case_events"  # dates on which cases were reported, whose funnel moves
EVENT_WINDOWS = "_case_windows"  # dates whose 30 days up to them hold a date whose funnel moves
# A day lies in the windows of 30 days that end up to 29 days later, and these are the period before for 30 days more.
REACH = timedelta(days=59)

# A fact that is told anew moves the dates from its earlier value on; where only one side has a value, from that one.
_DATED = ("filed_at", "verified_at", "closed_at", "deadline_at", "suspended_from", "suspended_until")
# Nobody knows when these came true: told or raised, they count from the date that told it; taken back, from filing.
_TOLD = {
    "reworked_count": "coalesce({}, 0) > 0",
    "handed_back_count": "coalesce({}, 0) > 0",
    "extended_until": "{} IS NOT NULL",
}
_ATTRIBUTES = ("source", "category_code", "township_code", "unit_code", "longitude", "latitude")


@dataclass(frozen=True)
class CaseDates:
    """Dates by name in `main.changed_dates`."""

    figures: set[date] = field(default_factory=set)
    known: set[date] = field(default_factory=set)
    events: set[date] = field(default_factory=set)


def case_dates(
    con: duckdb.DuckDBPyConnection,
    *,
    since: int,
    upto: int,
    changed: set[date],
    exports: set[date],
    live: set[date],
) -> CaseDates:
    """The dates moved by rows of the exports `changed` (known-on dates, of all `exports`) between two snapshots."""
    if not changed or not live:
        return CaseDates(known=set(changed))
    listed = ", ".join(f"DATE '{day}'" for day in sorted(changed))
    last = max(live)
    con.execute(f"CREATE OR REPLACE TEMP TABLE moved AS {_moved(con, since, upto, listed)}")
    figures = set(changed) | {day + timedelta(days=n) for day in changed for n in range(REACH.days + 1)}
    earlier = exports - changed
    if earlier and min(changed) < min(earlier):  # windows are covered from the first export on, which is another now
        figures |= {min(earlier) + timedelta(days=n) for n in range(REACH.days + 1)}
    for first, until in con.execute(
        "SELECT first, max(until) FROM moved WHERE first IS NOT NULL GROUP BY first"
    ).fetchall():
        end = last if until is None else until + REACH
        figures |= {day for day in live if first <= day <= end}
    reported = {
        day for (day,) in con.execute("SELECT DISTINCT reported FROM moved WHERE reported IS NOT NULL").fetchall()
    }
    con.execute("DROP TABLE moved")
    events = reported | {day - timedelta(days=1) for day in reported}
    for day in changed:  # an export tells the cases of the dates since the one before it
        before = max((export for export in exports if export < day), default=date.min)
        events |= {other for other in live if before < other <= day}
    return CaseDates(with_next_year(figures) & live, set(changed), events & live)


def with_next_year(days: set[date]) -> set[date]:
    """The days, and those a year later that are compared with them (29 February with the 28th)."""
    later = {day + timedelta(days=n) for day in days for n in (365, 366)}
    return days | later


def in_windows(days: set[date]) -> set[date]:
    """The days, and those whose 30 days up to them hold one of them."""
    return {day + timedelta(days=n) for day in days for n in range(30)}


def all_case_dates(accepted: Mapping[str, set[date]], live: set[date]) -> CaseDates:
    """Everything: new rules, a new map, another work calendar."""
    return CaseDates(set(live), set(accepted.get(FEED, set())), set(live))


def _moved(con: duckdb.DuckDBPyConnection, since: int, upto: int, listed: str) -> str:
    """SQL: for each changed row the first date it moves, the last (NULL: no end) and the date it was reported."""
    now = f"{BRONZE}.{FEED} AT (VERSION => {int(upto)})"
    before = f"{BRONZE}.{FEED} AT (VERSION => {int(since)})"
    try:
        con.execute(f"SELECT 1 FROM {before} LIMIT 0")
    except duckdb.Error:  # the feed did not exist then
        before = f"(FROM {now} LIMIT 0)"
    columns = ", ".join(("case_id", "business_date", "reported_at", "outcome", *_DATED, *_TOLD, *_ATTRIBUTES))
    of_cases = f"case_id IN (SELECT case_id FROM {now} WHERE business_date IN ({listed}))"
    firsts = [f"CASE WHEN {c} IS DISTINCT FROM was.{c} THEN {_day(f'least({c}, was.{c})')} END" for c in _DATED]
    for column, is_told in _TOLD.items():
        told, was_told = is_told.format(column), is_told.format(f"was.{column}")
        lowered = f"(NOT ({told}) AND {was_told})"
        if column == "extended_until":
            lowered = f"({lowered} OR {column} < was.{column})"
        firsts.append(
            f"CASE WHEN was.case_id IS NOT NULL AND coalesce({lowered}, false) THEN {_day('least(filed_at, was.filed_at)')} "
            f"WHEN {column} IS DISTINCT FROM was.{column} THEN business_date END"
        )
    verified = _day("least(verified_at, was.verified_at)")
    firsts.append(f"CASE WHEN outcome IS DISTINCT FROM was.outcome THEN {verified} END")
    attributes = " OR ".join(f"{c} IS DISTINCT FROM was.{c}" for c in _ATTRIBUTES)
    firsts.append(f"CASE WHEN was.case_id IS NULL OR {attributes} THEN {_day('least(filed_at, was.filed_at)')} END")
    return f"""
        WITH told AS (
            SELECT {columns}, true AS is_now FROM {now} WHERE {of_cases}
            UNION ALL
            SELECT {columns}, false AS is_now FROM {before} WHERE {of_cases}
        ),
        states AS (SELECT {columns}, bool_or(is_now) AS is_now, bool_or(NOT is_now) AS was_there FROM told GROUP BY ALL),
        ends AS (
            SELECT case_id,
                   CASE WHEN arg_max(closed_at IS NULL, business_date) FILTER (WHERE is_now)
                          OR arg_max(closed_at IS NULL, business_date) FILTER (WHERE was_there) THEN NULL
                        ELSE greatest({_day("max(greatest(closed_at, verified_at))")}, max(business_date)) END AS until
            FROM states GROUP BY case_id
        ),
        steps AS (
            SELECT *, lag(states) OVER (PARTITION BY case_id ORDER BY business_date, is_now) AS was FROM states
        )
        SELECT least({", ".join(firsts)}) AS first, ends.until, {_day("steps.reported_at")} AS reported
        FROM steps JOIN ends ON ends.case_id = steps.case_id
        WHERE business_date IN ({listed})
    """


def _day(moment: str) -> str:
    return f"CAST({moment} + INTERVAL 8 HOUR AS DATE)"
