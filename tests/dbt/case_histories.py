"""Cases that nobody thought of: lives with odd moments, told over several exports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from sample_district.case_exports import COLUMNS, Row

History = list[tuple[date, Row]]
CATEGORIES = ("unlicensed_vendor", "truck_uncovered", "random_garbage", "red_light", "truck_spillage", "river_debris")


def exports_of(cases: Sequence[History]) -> dict[date, list[Row]]:
    """The rows by the date of their export; cases get their numbers."""
    exports: dict[date, list[Row]] = {}
    for number, told in enumerate(cases):
        for day, row in told:
            exports.setdefault(day, []).append((f"case {number}", *row[1:]))
    return {day: exports[day] for day in sorted(exports)}


def _text(moment: datetime | None) -> str:
    return "" if moment is None else str(moment)


# Moments that a clock may stumble over, and any other: around Spring Festival, National Day, month ends, midnights.
MOMENTS = st.builds(
    lambda day, second: datetime(2025, 1, 1) + timedelta(days=day, seconds=second),
    st.one_of(st.integers(20, 60), st.integers(265, 285), st.integers(395, 430), st.integers(0, 640)),
    st.one_of(
        st.sampled_from([0, 1, 32_399, 32_400, 41_400, 48_600, 62_999, 63_000, 63_001, 86_399]),
        st.integers(0, 86_399),
    ),
)
LATER = st.one_of(
    st.none(),
    *(st.integers(0, days * 86_400).map(lambda seconds: timedelta(seconds=seconds)) for days in (1, 4, 40)),
)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """One case over its exports: extensions that come, grow and are taken back, an outcome that changes, and facts told once."""
    filed = draw(MOMENTS)

    def after(start: datetime) -> datetime | None:
        wait = draw(LATER)
        return None if wait is None else start + wait

    suspended, closed = after(filed), after(filed)
    row = dict.fromkeys(COLUMNS, "") | {
        "source": draw(st.sampled_from(["patrol", "ai_camera"])),
        "category_code": draw(st.sampled_from([*CATEGORIES, "unheard_of"])),
        "reported_at": _text(filed),
        "filed_at": _text(filed),
        "deadline_at": _text(draw(st.one_of(*[st.none()] * 5, MOMENTS))),
        "closed_at": _text(closed),
        # Before the closing, or days after it: some districts look again at what was closed.
        "verified_at": _text(after(draw(st.sampled_from([filed, closed or filed])))),
        "suspended_from": _text(suspended),
        "suspended_until": _text(after(suspended) if suspended else None),
        "reworked_count": "0",
        "handed_back_count": "0",
    }
    told = []
    for step in range(draw(st.integers(1, 4))):
        day = filed.date() + timedelta(days=step * draw(st.integers(1, 5)) + step)
        extended = after(filed)
        row = row | {
            "extended_until": _text(extended),
            "reworked_count": str(draw(st.integers(0, 1))),
            "outcome": draw(st.sampled_from(["", "confirmed", "false_alarm"])) if row["verified_at"] else "",
        }
        told.append((day, tuple(row.values())))
    return list({day: (day, values) for day, values in told}.values())
