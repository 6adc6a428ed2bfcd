"""How a value that is not published looks and reads: its own mark, words and reason; never blank, never 0."""

from __future__ import annotations

from typing import Final

from apps.streamlit import formats
from apps.streamlit.wording import t, t_or

OK: Final = "ok"
WITHHELD: Final = "withheld_low_coverage"
SUPPRESSED: Final = "suppressed_small_count"
NO_DATA: Final = "no_data"
WITHDRAWN: Final = "withdrawn"  # an edition no longer carries the figure
PENDING_MARK: Final = "◷"  # a change waits for approval
_MARKS: Final = {WITHHELD: "◩", SUPPRESSED: "▦", NO_DATA: "∅", WITHDRAWN: "⊘"}
_STYLES: Final = {WITHHELD: "withheld", SUPPRESSED: "suppressed", NO_DATA: "nodata", WITHDRAWN: "nodata"}


def mark(status: str) -> str:
    """One sign that is the status's own, for tight places; unknown statuses get a question mark."""
    return _MARKS.get(status, "?")


def style(status: str) -> str:
    """The CSS class of the status (portal.css)."""
    return "ok" if status == OK else _STYLES.get(status, "unknown")


def word(status: str) -> str:
    """A short word ("覆盖不足")."""
    return t_or(f"status.{status}", t("status.unknown", code=status))


def shown(value: float | None, status: str, unit: str) -> str:
    """A value with its unit, or mark and word of its status; never a number that is not `ok`."""
    if status != OK:
        return f"{mark(status)} {word(status)}"
    return f"{mark(NO_DATA)} {word(NO_DATA)}" if value is None else formats.with_unit(value, unit)


def reason(status: str, coverage: float | None, floor: float | None = None) -> str:
    """Why there is no number, in a sentence; `floor` is the coverage (0-1) below which the rule withholds."""
    if status == WITHHELD and coverage is not None:
        if floor is not None:
            return t(
                "reason.withheld_low_coverage.floor",
                coverage=formats.percent(coverage),
                floor=formats.percent(floor, 0),
            )
        return t("reason.withheld_low_coverage.at", coverage=formats.percent(coverage))
    return t_or(f"reason.{status}", t("reason.unknown", code=status))
