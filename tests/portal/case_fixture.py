"""The small district's cases: `case_performance` over two years' worth of the same days, and the KPIs made from it.

Known exceptions: no case file arrived on the third last day; the 7-day figures of the eighth last are withheld; 车墩综合所 (U04)
and 违法倾倒 are the tail; 上传专班 (U06) has too few due cases to be ranked and none on most days.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from tests.portal.district import DISTRICT, EVENT_TYPES, TOWNSHIPS

WORST_UNIT, SMALL_UNIT, WORST_CATEGORY = "U04", "U06", "illegal_dumping"
PERIODS = {"day": 1, "7d": 7, "30d": 30}
# code, unit, better, target, zh, en, column of case_performance, window
CASE_KPIS: tuple[tuple[str, str, str, float | None, str, str, str, str], ...] = (
    ("cases_filed", "cases", "lower", None, "立案数", "Cases filed", "filed", "day"),
    ("cases_due", "cases", "lower", None, "应结案数", "Cases due", "due", "day"),
    ("cases_closed", "cases", "higher", None, "结案数", "Cases closed", "closed", "day"),
    ("case_closing_rate", "ratio", "higher", 0.98, "结案率", "Closing rate", "closing_rate", "day"),
    ("case_on_time_rate", "ratio", "higher", 0.95, "按期结案率", "On-time closing rate", "on_time_rate", "day"),
    ("case_on_time_rate_filed", "ratio", "higher", 0.95, "按期结案率（立案口径）", "On-time closing rate, of filed cases", "on_time_rate_filed", "30d"),
    ("case_rework_rate", "ratio", "lower", 0.03, "返工率", "Rework rate", "rework_rate", "30d"),
    ("case_extension_rate", "ratio", "lower", 0.05, "延期率", "Extension rate", "extension_rate", "30d"),
    ("case_hand_back_rate", "ratio", "lower", 0.05, "回退率", "Hand-back rate", "hand_back_rate", "30d"),
    ("case_suspension_rate", "ratio", "lower", 0.02, "挂账率", "Suspension rate", "suspension_rate", "30d"),
    ("case_handling_hours_median", "h", "lower", None, "办结用时（中位数）", "Handling hours, median", "median_handling_hours", "day"),
    ("case_handling_hours_p90", "h", "lower", None, "办结用时（90分位）", "Handling hours, 90th percentile", "p90_handling_hours", "day"),
    ("cases_open", "cases", "lower", None, "日末在办案件数", "Cases open at the end of the day", "open_cases", "day"),
    ("cases_overdue", "cases", "lower", 0.0, "日末超期未结案件数", "Cases overdue at the end of the day", "overdue", "day"),
    ("case_false_alarm_rate", "ratio", "lower", 0.1, "智能巡查误报率", "False-alarm rate of cameras", "rework_rate", "30d"),
    ("patrol_hours_saved", "h", "higher", None, "节省巡查工时", "Patrol hours saved", "closed", "day"),
)  # fmt: skip
_UNITS = (("U01", "岳阳市容所", "Yueyang station", 9.0, 0.01), ("U02", "泗泾综合所", "Sijing station", 7.0, 0.03),
          ("U03", "新桥综合所", "Xinqiao station", 6.0, 0.02), ("U04", "车墩综合所", "Chedun station", 5.0, 0.21),
          ("U05", "区绿化市容局", "District greening bureau", 4.0, 0.05), ("U06", "上传专班", "Upload desk", 0.05, 0.0))  # fmt: skip
_SOURCES = (("ai_camera", "智能巡查", "AI camera", 18.0), ("patrol", "人工巡查", "Patrol", 7.0),
            ("hotline", "热线", "Hotline", 5.0), ("upload", "单位上传", "Upload by a unit", 1.0))  # fmt: skip
_COMPARED = ("filed", "closing_rate", "on_time_rate", "overdue")
_FIGURES = ("filed", "due", "closed", "due_closed", "due_on_time", "open_cases", "overdue", "closing_rate", "on_time_rate",
            "on_time_rate_filed", "rework_rate", "extension_rate", "hand_back_rate", "suspension_rate",
            "median_handling_hours", "p90_handling_hours")  # fmt: skip
_COUNTS = ("filed", "due", "closed", "due_closed", "due_on_time", "open_cases", "overdue", "tail_rank",
           "previous_period_filed", "previous_period_overdue", "previous_year_filed", "previous_year_overdue")  # fmt: skip


def case_performance(dates: list[date], hostile: str = "") -> pl.DataFrame:
    every = [*(_year_before(day) for day in dates), *dates]
    rows = [row for day in every for row in _of_day(day, dates, hostile)]
    _rank(rows)
    known = {(row["business_date"], row["period"], row["dimension"], row["dimension_code"]): row for row in rows}
    for row in rows:
        apart = (row["period"], row["dimension"], row["dimension_code"])
        before = known.get((row["business_date"] - timedelta(days=PERIODS[row["period"]]), *apart), {})
        year = known.get((_year_before(row["business_date"]), *apart), {})
        row |= {f"previous_period_{name}": before.get(name) for name in _COMPARED}
        row |= {f"previous_year_{name}": year.get(name) for name in _COMPARED}
    kinds: dict[str, Any] = dict.fromkeys(_COUNTS, pl.Int64) | {"coverage": pl.Float64}
    kinds |= {name: pl.Float64 for name in rows[0] if name.endswith(("_rate", "_rate_filed", "_hours"))}
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides=kinds)


def kpi_rows(cases: pl.DataFrame, dates: list[date], edition: str) -> Iterator[dict[str, Any]]:
    """The rows of `kpi_values`: of the district and its townships, each by the window of its rule."""
    areas = cases.filter(pl.col("dimension").is_in(["district", "township"]), pl.col("business_date").is_in(dates))
    for row in areas.iter_rows(named=True):
        for code, _, _, _, _, _, column, period in CASE_KPIS:
            if row["period"] != period:
                continue
            value = None if row[column] is None else float(row[column])
            status = row["status"] if row["status"] != "ok" or value is not None else "no_data"
            yield {
                "kpi_code": code, "area_code": row["dimension_code"], "business_date": row["business_date"], "value": value,
                "numerator": value, "denominator": None, "coverage": row["coverage"], "status": status, "rule_version": "1",
                "edition": edition,
            }  # fmt: skip


def _of_day(day: date, dates: list[date], hostile: str) -> Iterator[dict[str, Any]]:
    parts: Iterable[tuple[str, str, str, str, float, float]] = (
        ("district", DISTRICT, "全区", "Whole district", 31.0, 0.05),
        *(("township", code, zh, en, 1.8, 0.05) for code, zh, en, *_ in TOWNSHIPS),
        *(("unit", code, hostile if hostile and code == "U02" else zh, en, weight, late)
          for code, zh, en, weight, late in _UNITS),
        *(("category", code, zh, en, 3.0, 0.24 if code == WORST_CATEGORY else 0.03) for code, _, zh, en in EVENT_TYPES),
        *(("source", code, zh, en, weight, 0.05) for code, zh, en, weight in _SOURCES),
    )  # fmt: skip
    for period, days in PERIODS.items():
        status, coverage = "ok", 1.0 if days == 1 else 0.97
        if len(dates) > 3 and day == dates[-3]:
            status, coverage = "no_data", None
        elif len(dates) > 8 and day == dates[-8] and period == "7d":
            status, coverage = "withheld_low_coverage", 0.71
        for dimension, code, zh, en, weight, late in parts:
            figures = _figures(random.Random(f"{code} {day} {period}"), weight * days, late)
            yield {
                "business_date": day, "period": period, "dimension": dimension, "dimension_code": code, "name_zh": zh,
                "name_en": en, "status": status, "coverage": coverage,
                **(figures if status == "ok" else dict.fromkeys(_FIGURES)), "tail_rank": None, "rule_version": "1",
            }  # fmt: skip


def _figures(dice: random.Random, weight: float, late: float) -> dict[str, Any]:
    filed = round(weight * dice.uniform(0.9, 1.1))
    due = round(filed * 0.96)
    missed = round(due * late * dice.uniform(0.8, 1.2))
    closed = due - missed // 3

    def share(part: float) -> float | None:
        return round(part * dice.uniform(0.7, 1.3), 4) if filed else None

    return {
        "filed": filed, "due": due, "closed": closed, "due_closed": closed, "due_on_time": due - missed,
        "open_cases": round(weight**0.5 * 9), "overdue": missed, "closing_rate": closed / due if due else None,
        "on_time_rate": (due - missed) / due if due else None,
        "on_time_rate_filed": (due - missed) / filed if filed else None, "rework_rate": share(0.02),
        "extension_rate": share(0.04), "hand_back_rate": share(0.03), "suspension_rate": share(0.01),
        "median_handling_hours": share(9.5), "p90_handling_hours": share(31.0),
    }  # fmt: skip


def _rank(rows: list[dict[str, Any]]) -> None:
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        if row["due"] is not None and row["due"] >= 5:
            groups.setdefault((row["business_date"], row["period"], row["dimension"]), []).append(row)
    for group in groups.values():
        for place, row in enumerate(sorted(group, key=_worst_first), start=1):
            row["tail_rank"] = place


def _worst_first(row: Mapping[str, Any]) -> tuple[float, int]:
    return row["on_time_rate"], -row["overdue"]


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1)
