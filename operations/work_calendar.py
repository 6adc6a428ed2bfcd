"""The shipped work calendar, entered from a kept library: `python -m operations.work_calendar`.

Writes the seed that deadlines use until a district lands its own `work_calendar` files. Needs the development
dependency chinesecalendar, which knows the State Council's notices and raises beyond the last one it knows: a year nobody
has announced is never made up from weekdays.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

SEED_FILE = Path(__file__).parents[1] / "dbt_project" / "seeds" / "work_calendar_shipped.csv"
FIRST_YEAR, LAST_YEAR = 2020, 2026


def calendar_days(first_year: int, last_year: int) -> Iterator[tuple[date, str, str]]:
    """Each day with its kind (workday, makeup, holiday, weekend) and holiday; both years included.

    A weekday off that belongs to a holiday is a holiday, and so is the weekend day within it. Raises
    NotImplementedError for a year the library does not know.
    """
    from chinese_calendar import get_holiday_detail, is_workday  # type: ignore[import-untyped]
    from chinese_calendar.constants import workdays  # type: ignore[import-untyped]

    day = date(first_year, 1, 1)
    while day.year <= last_year:
        _, name = get_holiday_detail(day)
        if is_workday(day):
            yield day, "makeup" if day in workdays else "workday", name or ""
        else:
            yield day, "holiday" if name else "weekend", name or ""
        day += timedelta(days=1)


def main() -> int:
    """Write the seed; every year of it must be complete."""
    with SEED_FILE.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(["calendar_date", "kind", "name"])
        lines.writerows(calendar_days(FIRST_YEAR, LAST_YEAR))
    return 0


if __name__ == "__main__":
    sys.exit(main())
