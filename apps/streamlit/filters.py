"""Filters that several pages share; each is kept in the address (address.py) and from page to page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import streamlit as st

from apps.streamlit import address, formats
from apps.streamlit.edition import Edition
from apps.streamlit.queries import kpis
from apps.streamlit.queries.places import Place, places
from apps.streamlit.wording import name_of, t

DATE_FORMAT = "YYYY-MM-DD"
SEARCH_LENGTH = 80  # characters
ALL = "all"


def place(edition: Edition) -> Place:
    """The district or one township."""
    known = {found.area_code: found for found in places(edition)}
    code = pick("area", t("filter.place"), {key: found.name for key, found in known.items()})
    return known[code]


def kpi(definitions: Mapping[str, Mapping[str, Any]], codes: Sequence[str]) -> str:
    """One of the KPIs `codes`, the first by default."""
    return pick("kpi", t("filter.kpi"), {code: name_of(definitions[code]) for code in codes if code in definitions})


def search(key: str, label: str, placeholder: str) -> list[str]:
    """The words asked for, in lower case."""
    address.recall(
        key, "", lambda words: words[0][:SEARCH_LENGTH] if words else None, lambda found: isinstance(found, str)
    )
    typed = st.text_input(
        label, key=key, placeholder=placeholder, type="search", max_chars=SEARCH_LENGTH, persist_state="session"
    )
    address.remember(key, [typed or ""], is_default=not typed)
    return (typed or "").casefold().split()


def pick_or_all(key: str, label: str, names: Mapping[str, str]) -> str:
    """One code out of `names`, or an empty word for all of them, the default."""
    chosen = pick(key, label, {ALL: t("filter.all"), **names})
    return "" if chosen == ALL else chosen


def pick(key: str, label: str, names: Mapping[str, str], default: str | None = None) -> str:
    """One code out of `names` (code -> name), the first unless another is the default."""
    options = list(names)
    default = default or options[0]
    address.choose(key, options, default)
    picked = st.selectbox(label, options, format_func=lambda code: names[code], key=key, persist_state="session")
    chosen = str(picked or default)
    address.remember(key, [chosen], is_default=chosen == default)
    return chosen


def hours() -> tuple[int, int]:
    """Hours of the day as [from, until), 0-23 and 1-24, the whole day by default; from after until crosses midnight."""
    left, right = st.columns(2)
    with left:
        begin = pick("hour_from", t("filter.hour_from"), {str(hour): f"{hour:02}:00" for hour in range(24)})
    with right:
        end = pick("hour_until", t("filter.hour_until"), {str(hour): f"{hour:02}:00" for hour in range(1, 25)}, "24")
    return int(begin), int(end)


def pick_many(key: str, label: str, names: Mapping[str, str], *, nothing: str) -> list[str]:
    """Any number of codes; none means all, which the placeholder `nothing` says."""
    nobody: list[str] = []
    address.recall(
        key, nobody, lambda words: [word for word in words if word in names], lambda codes: set(codes) <= set(names)
    )
    picked = st.multiselect(
        label, list(names), format_func=lambda code: names[code], key=key, placeholder=nothing, persist_state="session"
    )
    address.remember(key, picked, is_default=not picked)
    return picked


def switch(key: str, label: str) -> bool:
    """Off by default."""
    address.recall(key, False, lambda words: words == ["1"], lambda on: isinstance(on, bool))
    on = st.toggle(label, key=key, persist_state="session")
    address.remember(key, ["1"], is_default=not on)
    return on


def group(key: str, label: str, names: Mapping[str, str]) -> str:
    """One code as a row of buttons, the first by default."""
    options = list(names)
    address.choose(key, options, options[0])
    picked = st.segmented_control(
        label, options, format_func=lambda code: names[code], key=key, required=True, persist_state="session"
    )
    chosen = str(picked or options[0])
    address.remember(key, [chosen], is_default=chosen == options[0])
    return chosen


def day(edition: Edition) -> date:
    """One business date, the last by default."""
    first, last = kpis.first_day(edition), edition.data_through
    address.recall("day", last, _one_date, lambda found: isinstance(found, date) and first <= found <= last)
    picked = st.date_input(
        t("filter.day"), min_value=first, max_value=last, format=DATE_FORMAT, key="day", persist_state="session"
    )
    chosen = picked if isinstance(picked, date) else last
    address.remember("day", [chosen.isoformat()], is_default=chosen == last)
    return chosen


def span(edition: Edition, days: int = 14) -> tuple[date, date]:
    """First and last business date, both included; the last `days` by default. Half a choice means one day."""
    first, last = kpis.first_day(edition), edition.data_through
    default = (max(first, last - timedelta(days=days - 1)), last)

    def valid(found: Any) -> bool:
        return isinstance(found, tuple) and all(first <= one <= last for one in found)

    address.recall("span", default, _two_dates, valid)
    picked: Any = st.date_input(
        t("filter.span"), min_value=first, max_value=last, format=DATE_FORMAT, key="span", persist_state="session"
    )
    ends = [picked] if isinstance(picked, date) else list(picked or default)
    chosen = (ends[0], ends[-1])
    address.remember("span", [one.isoformat() for one in chosen], is_default=chosen == default)
    return chosen


def span_words(first: date, last: date) -> str:
    return (
        formats.day(first)
        if first == last
        else t("filter.span.words", first=formats.day(first), last=formats.day(last))
    )


def _one_date(words: Sequence[str]) -> date | None:
    try:
        return date.fromisoformat(words[0]) if words else None
    except ValueError:
        return None


def _two_dates(words: Sequence[str]) -> tuple[date, date] | None:
    found = [_one_date([word]) for word in words]
    if len(found) != 2 or found[0] is None or found[1] is None or found[0] > found[1]:
        return None
    return found[0], found[1]
