"""Cases of the synthetic district and what becomes of each: filing, handling, rework, extension, suspension, closing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from sample_district.case_clock import CalendarEnds, Rule, WorkCalendar, deadline, rule_of

PATROL_CATEGORIES = ("shop_outside", "piled_goods", "illegal_advertising", "damaged_manhole", "street_lamp_out")
DISTRICT_UNITS = ("traffic", "water", "market", "construction")
_UNIT_OF = {
    "illegal_parking": "traffic", "wrong_way": "traffic", "red_light": "traffic", "congestion": "traffic",
    "truck_spillage": "construction", "truck_uncovered": "construction", "night_construction": "construction",
    "site_dust": "construction", "river_debris": "water", "river_discharge": "water",
    "kitchen_no_mask": "market", "kitchen_rodent": "market", "random_garbage": "sanitation",
    "illegal_dumping": "sanitation", "street_lamp_out": "sanitation", "damaged_manhole": "sanitation",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A whole life, known to the generator from the start; an export shows what had happened by its day.

    Times are Shanghai's, without zone. `granted` is when the extension was granted; `given` a deadline of the case
    system's own.
    """

    case_id: str
    source: str
    event_id: str
    category: str
    township: str
    community: str
    longitude: float
    latitude: float
    datum: str
    reported: datetime
    filed: datetime
    dispatched: datetime
    unit: str
    given: datetime | None = None
    handled: datetime | None = None
    verified: datetime | None = None
    closed: datetime | None = None
    reworked: datetime | None = None
    rework_count: int = 0
    handed_back: datetime | None = None
    granted: datetime | None = None
    extended_until: datetime | None = None
    suspended: datetime | None = None
    resumed: datetime | None = None
    outcome: str = ""


def unit_of(category: str, township: str) -> str:
    """The unit that handles a category: one of the district, or one of the township."""
    kind = _UNIT_OF.get(category, "urban_management")
    if kind in DISTRICT_UNITS or not township:
        return f"SJ-{kind}"
    return f"{township}-{kind}"


def live(
    case: Case, rng: np.random.Generator, calendar: WorkCalendar, rules: dict[str, list[Rule]], false_alarms: float
) -> Case:
    """The case with the rest of its life. Draws a fixed number of random numbers, whatever happens."""
    luck = rng.random(10)
    rule = rule_of(rules, case.category, case.filed.date())
    given = case.filed + timedelta(hours=int(8 + 40 * luck[8])) if luck[9] < 0.08 else None
    try:
        due = given or deadline(calendar, rule, case.filed)
        if due is None:
            raise AssertionError("nothing is suspended yet")
        suspended, resumed = _suspension(case.filed, due, luck[0], luck[1])
        if suspended and not given:
            due = deadline(calendar, rule, case.filed, suspended, resumed) or due
    except CalendarEnds as error:
        raise ValueError(f"the sample reaches beyond the work calendar: {error}") from error
    span = due - case.filed
    granted = extended = None
    if luck[2] < 0.06:  # a third of the extensions comes after the deadline had passed
        granted = due - span * 0.3 if luck[2] < 0.04 else due + timedelta(hours=26)
        extended = due + timedelta(days=2)
    closed = _closing(case.filed, due, span, luck[3], luck[4])
    if granted:
        closed = due + timedelta(hours=20 + 40 * luck[4])
    if resumed and closed <= resumed:
        closed = resumed + timedelta(hours=1 + 6 * luck[4])
    closed = max(closed, case.dispatched + timedelta(minutes=20))
    working = closed - case.dispatched
    handled, verified = case.dispatched + working * 0.7, case.dispatched + working * 0.9
    is_reworked, is_handed_back = luck[5] < 0.06, luck[6] < 0.05
    outcome = "false_alarm" if luck[7] < false_alarms else "duplicate" if luck[7] > 0.97 else "confirmed"
    return replace(
        case,
        given=given,
        handled=_whole(handled),
        verified=_whole(verified),
        closed=_whole(closed),
        reworked=_whole(case.dispatched + working * 0.8) if is_reworked else None,
        rework_count=1 + int(luck[5] < 0.01) if is_reworked else 0,
        handed_back=_whole(case.dispatched + working * 0.1) if is_handed_back else None,
        granted=_whole(granted) if granted else None,
        extended_until=_whole(extended) if extended else None,
        suspended=_whole(suspended) if suspended else None,
        resumed=_whole(resumed) if resumed else None,
        outcome=outcome,
    )


def _suspension(
    filed: datetime, due: datetime, luck: float, length: float
) -> tuple[datetime, datetime] | tuple[None, None]:
    if luck > 0.04:
        return None, None
    start = filed + (due - filed) * (0.3 + 10 * luck)
    return _whole(start), _whole(start + timedelta(hours=6 + 66 * length))


def _closing(filed: datetime, due: datetime, span: timedelta, fate: float, luck: float) -> datetime:
    """Most cases close in time, some late, a few stay open for weeks."""
    if fate < 0.84:
        return filed + span * (0.15 + 0.8 * luck)
    if fate < 0.94:
        return due + timedelta(hours=0.5 + 30 * luck)
    return due + timedelta(days=3 + 25 * luck)


def _whole(moment: datetime) -> datetime:
    """To the second, as case systems write it."""
    return moment.replace(microsecond=0)
