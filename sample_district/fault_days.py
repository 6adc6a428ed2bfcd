"""On which day of a run each whole-file fault is planted. A short run plants them all the same, on its last day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class FaultDays:
    """Days of the run; `start` is its first and `last` its last."""

    start: date
    days: int

    @property
    def last(self) -> date:
        return self.start + timedelta(days=self.days - 1)

    def _day(self, index: int) -> date:
        return self.start + timedelta(days=min(index, self.days - 1))

    @property
    def late_file(self) -> date:
        """Part of this day arrives two days later."""
        return self._day(1)

    @property
    def extra_column(self) -> date:
        return self._day(1)

    @property
    def missing_column(self) -> date:
        return self._day(2)

    @property
    def rejected_file(self) -> date:
        return self._day(1)

    @property
    def sent_again(self) -> date:
        """A file of this day is delivered a second time under another name, byte for byte."""
        return self._day(2)

    @property
    def dark_township(self) -> date:
        return self._day(2)

    @property
    def empty_file(self) -> date:
        return self._day(3)

    @property
    def missing_export(self) -> date | None:
        """The day whose export of cases never comes; a short run has none, so that its rates keep their coverage."""
        return self._day(3) if self.days > 5 else None
