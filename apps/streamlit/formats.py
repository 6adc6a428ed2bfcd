"""Numbers, dates and units as the reader's locale writes them (Babel)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_decimal, format_percent

from apps.streamlit.wording import language, t, t_or

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRACTION_UNITS = frozenset({"ratio"})  # values 0-1, shown as a percentage
COUNT_UNITS = frozenset({"incidents", "persons", "cases", "trips"})


def locale() -> str:
    return "en_GB" if language() == "en" else "zh_Hans_CN"


def number(value: float, digits: int = 0) -> str:
    """A number with at most `digits` decimals."""
    return format_decimal(value, format="#,##0." + "#" * digits if digits else "#,##0", locale=locale())


def percent(value: float, digits: int = 1) -> str:
    """A fraction (0-1) as a percentage."""
    return format_percent(value, format="#,##0." + "0" * digits + "%" if digits else "#,##0%", locale=locale())


def is_fraction(unit: str) -> bool:
    return unit in FRACTION_UNITS


def amount(value: float, unit: str) -> str:
    """A KPI value without its unit's word; a fraction carries its % sign."""
    if is_fraction(unit):
        return percent(value, 1 if abs(value) >= 0.1 or value == 0 else 2)
    if unit in COUNT_UNITS or float(value).is_integer() or abs(value) >= 10_000:
        return number(value)
    return number(value, 2 if abs(value) < 10 else 1)


def axis(unit: str, values: Iterable[float | None] = (), target: float | None = None) -> str:
    """The number format of a chart's axis: a fraction that moves little (or aims at little) needs finer steps."""
    if not is_fraction(unit):
        return ",.0f"
    known = [value for value in (*values, target) if value is not None]
    return ".1%" if known and (max(known) - min(known) < 0.06 or max(known) < 0.1) else ".0%"


def unit_word(unit: str) -> str:
    """The unit's word ("件", "s"); nothing for fractions, whose sign stands at the number."""
    return "" if is_fraction(unit) else t_or(f"unit.{unit}", unit)


def with_unit(value: float, unit: str) -> str:
    word = unit_word(unit)
    return f"{amount(value, unit)} {word}".strip()


def signed(change: float, text: str) -> str:
    """`text` (the formatted size of a change) with its sign; the true minus sign."""
    return f"+{text}" if change > 0 else f"−{text}" if change < 0 else f"±{text}"


def day(when: date) -> str:
    """A business date, medium length: 2026年11月22日 / 22 Nov 2026."""
    return format_date(when, format="medium", locale=locale())


def month(when: date) -> str:
    """The month of a date: 2026年11月 / November 2026."""
    return format_skeleton("yMMMM", when, locale=locale())


def weekday(when: date) -> str:
    return format_date(when, format="EEE", locale=locale())


def moved(change: float, unit: str) -> str:
    """A change of a value with its sign: points for fractions, else the amount without its unit."""
    if is_fraction(unit):
        return signed(change, t("tile.change.points", size=number(abs(change) * 100, 2)))
    return signed(change, amount(abs(change), unit))


def utc(when: datetime) -> datetime:
    """A moment as the published file keeps it: without a zone it is UTC."""
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def moment(when: datetime) -> str:
    """A UTC moment, shown in Asia/Shanghai."""
    return format_datetime(when, format="yyyy-MM-dd HH:mm:ss", tzinfo=SHANGHAI, locale=locale())


def clock(when: datetime) -> str:
    """The local time of a UTC moment."""
    return format_datetime(when, format="yyyy-MM-dd HH:mm", tzinfo=SHANGHAI, locale=locale())
