"""Which models a build needs to run: those that a changed feed reaches, as selectors of dbt.

A model names in `meta.feeds` what it is rebuilt for (macros/rebuilt_dates.sql); for any other feed it would delete no
date and insert none, which still costs a commit of the lake. One without feeds reads other models alone, so it needs
running where one of those ran. Feeds land at different hours, each followed by a build: most of them touch a part.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date

from pipeline.case_dates import CALENDAR, KNOWN

# Small, read whole, and of bookkeeping that changes with every landing. The dates of registers are no reason to run the
# models that read them: a register that takes effect on a date is itself among the feeds that changed.
_ALWAYS = ("config.materialized:table", "int_register_days")
# What reaches models by other ways than a feed: retention, and the calendar every deadline stands on.
_REACHES_ALL = ("_expired_dates", f"_{CALENDAR}")


def affected_models(changed: Mapping[str, AbstractSet[date]]) -> list[str]:
    """Selectors for what `changed` (dates by feed, as in RebuildPlan) reaches; none when that is everything."""
    moved = {feed for feed, days in changed.items() if days}
    if moved & set(_REACHES_ALL):
        return []
    selectors = [*_ALWAYS, *(f"config.meta.feeds:{feed}+" for feed in sorted(moved))]
    if KNOWN in moved:
        selectors.append("config.materialized:by_case+")
    return selectors
