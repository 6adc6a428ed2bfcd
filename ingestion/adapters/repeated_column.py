"""The first column of a table whose name has come before."""

from __future__ import annotations

from collections.abc import Sequence


def repeated_column(names: Sequence[str]) -> int | None:
    """Its place among the columns, from 1; None where every name comes once. Columns without a name count, too.

    The place and not the name is what a rejection tells, for its reason is logged and shown to everybody: where a file
    came without a header, the names are somebody's data.
    """
    seen: set[str] = set()
    for place, name in enumerate(names, 1):
        if name in seen:
            return place
        seen.add(name)
    return None
