"""What one check found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lake.home import Home


@dataclass(frozen=True)
class Finding:
    """`status` "wrong" makes the installation unhealthy; "note" is worth knowing, and no fault."""

    status: Literal["ok", "note", "wrong"]
    found: str
    mend: str | None = None


Check = Callable[[Home], Finding]


def ok(found: str) -> Finding:
    return Finding("ok", found)


def note(found: str, mend: str | None = None) -> Finding:
    return Finding("note", found, mend)


def wrong(found: str, mend: str) -> Finding:
    return Finding("wrong", found, mend)
