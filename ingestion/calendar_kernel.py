"""Compiled: the Gregorian calendar, for every room whose kernels read dates."""

from __future__ import annotations

import numpy as np
from numba import njit

DAY_US = 86_400_000_000
NO_DAY = -(2**63)

_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)


@njit(nogil=True)
def day_number(year, month, day):  # type: ignore[no-untyped-def]
    """Days from 1970-01-01 to a date, or NO_DAY when there is no such date."""
    if month < 1 or month > 12 or day < 1:
        return NO_DAY
    last = _MONTH_DAYS[month]
    if month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0):
        last = 29
    if day > last:
        return NO_DAY
    shifted = year - 1 if month <= 2 else year  # years that begin in March put the leap day last
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
