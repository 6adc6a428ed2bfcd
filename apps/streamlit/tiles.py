"""The KPI tile: value, change, trend, target, coverage; or, in its own look, why there is no value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import polars as pl
import streamlit as st

from apps.streamlit import address, formats, rules
from apps.streamlit import status as statuses
from apps.streamlit.charts.spark import sparkline
from apps.streamlit.wording import html_language, name_of, t

CHANGE_NOISE = 0.0005  # a relative change below 0.05 % reads as unchanged


@dataclass(frozen=True)
class Reading:
    """A KPI of one area on one day, with its rule and the days before it (oldest first, the day itself last)."""

    definition: Mapping[str, Any]
    day: date
    value: float | None
    previous: float | None
    coverage: float | None
    status: str
    history: Sequence[float | None]
    area: str = ""
    pending_value: float | None = None
    pending_status: str | None = None  # None: nothing waits for approval

    @property
    def unit(self) -> str:
        return str(self.definition.get("unit") or "")

    @property
    def shown(self) -> str:
        """The value with its unit, or the words of its status."""
        return statuses.word(self.status) if self.value is None else formats.with_unit(self.value, self.unit)

    @property
    def pending(self) -> str:
        """What waits for approval beside the value; empty when nothing does."""
        return pending(self.pending_value, self.pending_status, self.unit)

    @property
    def floor(self) -> float | None:
        """The coverage below which the rule withholds the value."""
        return self.definition.get("coverage_floor")

    @property
    def change(self) -> float | None:
        return None if self.value is None or self.previous is None else self.value - self.previous

    @property
    def meets_target(self) -> bool | None:
        target = self.definition.get("target")
        if self.value is None or target is None:
            return None
        return bool(self.value <= target if self.definition.get("better") == "lower" else self.value >= target)


def pending(value: float | None, status: str | None, unit: str) -> str:
    """The words of a pending value; empty when nothing waits for approval."""
    return "" if status is None else t("tile.pending", value=statuses.shown(value, status, unit))


def readings(
    definitions: Mapping[str, Mapping[str, Any]], series: pl.DataFrame, day: date, area: str = ""
) -> dict[str, Reading]:
    """kpi_code -> Reading of `day`, from the rows of `queries.kpis.series` of the area."""
    found: dict[str, Reading] = {}
    for (code,), frame in series.sort("business_date").group_by("kpi_code", maintain_order=True):
        history = frame["value"].to_list()
        last = frame.row(-1, named=True)
        if last["business_date"] != day:  # nothing at all is known of the day
            last, history = {"value": None, "coverage": None, "status": statuses.NO_DATA}, [*history, None]
        found[str(code)] = Reading(
            definition=definitions[str(code)],
            day=day,
            value=last["value"],
            previous=history[-2] if len(history) > 1 else None,
            coverage=last["coverage"],
            status=last["status"],
            history=history,
            area=area,
            pending_value=last.get("pending_value"),
            pending_status=last.get("pending_status"),
        )
    return found


def show(reading: Reading) -> None:
    """The tile with its rule button."""
    code = str(reading.definition["kpi_code"])
    with st.container(border=True, key=f"tile-{code}", height="stretch"):
        st.html(markup(reading))
        if st.button(t("tile.rule"), key=f"rule-{code}", type="tertiary", icon=":material/gavel:"):
            rules.dialog(reading.definition)


def markup(reading: Reading) -> str:
    """The tile's HTML; every text of the data is escaped."""
    name = escape(name_of(reading.definition))
    if reading.value is None:
        head = (
            f'<p class="yj-value yj-gap yj-{statuses.style(reading.status)}">'
            f'<span class="yj-mark" aria-hidden="true">{statuses.mark(reading.status)}</span>'
            f"{escape(statuses.word(reading.status))}</p>"
            f'<p class="yj-reason">{escape(statuses.reason(reading.status, reading.coverage, reading.floor))}</p>'
        )
    else:
        unit = escape(formats.unit_word(reading.unit))
        head = (
            f'<p class="yj-value">{escape(formats.amount(reading.value, reading.unit))}'
            f'<span class="yj-unit">{unit}</span></p>{_change(reading)}'
        )
    known = [value for value in reading.history if value is not None]
    trend = t("tile.trend.none")
    if known:
        trend = t(
            "tile.trend", days=len(reading.history), low=formats.with_unit(min(known), reading.unit),
            high=formats.with_unit(max(known), reading.unit), gaps=len(reading.history) - len(known),
        )  # fmt: skip
    image = sparkline(reading.history, reading.definition.get("target"))
    return (
        f'<article class="yj-tile" lang="{html_language()}"><h3>{name}</h3>{head}{_pending(reading)}'
        f'<img class="yj-spark" src="{image}" alt="{escape(trend, quote=True)}" title="{escape(trend, quote=True)}">'
        f"<dl>{_target(reading)}{_coverage(reading)}</dl></article>"
    )


def _change(reading: Reading) -> str:
    change = reading.change
    if change is None or reading.value is None:
        return f'<p class="yj-change">{escape(t("tile.change.none"))}</p>'
    scale = max(abs(reading.value), abs(reading.previous or 0.0))
    if scale == 0 or abs(change) / scale < CHANGE_NOISE:
        return f'<p class="yj-change">＝ {escape(t("tile.change.same"))}</p>'
    if formats.is_fraction(reading.unit):
        size = t("tile.change.points", size=formats.number(abs(change) * 100, 2))
    elif reading.previous:
        size = formats.percent(abs(change) / abs(reading.previous))
    else:
        size = formats.with_unit(abs(change), reading.unit)
    better = (change < 0) == (reading.definition.get("better") == "lower")
    judged = reading.definition.get("target") is not None  # without a target a rise is neither good nor bad
    tone = ("yj-better" if better else "yj-worse") if judged else ""
    verdict = f" · {t('tile.change.better') if better else t('tile.change.worse')}" if judged else ""
    arrow = "▲" if change > 0 else "▼"
    text = t("tile.change.text", arrow=arrow, size=formats.signed(change, size), verdict=verdict)
    return f'<p class="yj-change {tone}">{escape(text)}</p>'


def _pending(reading: Reading) -> str:
    if not reading.pending:
        return ""
    code = str(reading.definition["kpi_code"])
    href = escape(address.href("restatements", state="pending", kpi=code, area=reading.area), quote=True)
    return (
        f'<p class="yj-pending"><a href="{href}" target="_self" title="{escape(t("tile.pending.title"), quote=True)}">'
        f'<span aria-hidden="true">{statuses.PENDING_MARK}</span> {escape(reading.pending)}</a></p>'
    )


def _target(reading: Reading) -> str:
    target = reading.definition.get("target")
    if target is None:
        return _fact(t("tile.target"), t("tile.target.none"))
    sign = "≤" if reading.definition.get("better") == "lower" else "≥"
    words = f"{sign} {formats.with_unit(float(target), reading.unit)}"
    if reading.meets_target is None:
        return _fact(t("tile.target"), words)
    met = t("tile.target.met") if reading.meets_target else t("tile.target.missed")
    return _fact(t("tile.target"), f"{words} {met}", "yj-met" if reading.meets_target else "yj-missed")


def _coverage(reading: Reading) -> str:
    if reading.coverage is None:
        return _fact(t("tile.coverage"), t("tile.coverage.none"))
    return _fact(t("tile.coverage"), formats.percent(reading.coverage))


def _fact(label: str, text: str, style: str = "") -> str:
    return f'<div><dt>{escape(label)}</dt><dd class="{style}">{escape(text)}</dd></div>'
