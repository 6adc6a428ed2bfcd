"""The planned shifts of two days at a time: what was begun yesterday goes on after midnight."""

from __future__ import annotations

from datetime import date, timedelta

from sample_district.haulage import Haulage
from sample_district.track_faults import PartShifts


class HaulDays:
    """Plans each day once. Only the day asked for and the one before it are kept."""

    def __init__(self, haulage: Haulage) -> None:
        self.haulage = haulage
        self._planned: dict[date, list[PartShifts]] = {}

    def begun_on(self, day: date) -> list[PartShifts]:
        """The shifts that begin on the day, one entry a part."""
        if day not in self._planned:
            self._planned[day] = [PartShifts.plan(self.haulage, day, part) for part in range(self.haulage.parts)]
        return self._planned[day]

    def driven_on(self, day: date) -> list[tuple[PartShifts, PartShifts]]:
        """For each part the shifts of the day before and of the day; forgets what lies before them."""
        before = day - timedelta(days=1)
        both = list(zip(self.begun_on(before), self.begun_on(day), strict=True))
        for old in [known for known in self._planned if known < before]:
            del self._planned[old]
        return both
