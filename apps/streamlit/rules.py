"""The rule behind a number, as the rulebook (kpi_definitions) states it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Any

import streamlit as st

from apps.streamlit import address, formats
from apps.streamlit.wording import html_language, name_of, t, t_or


def dialog(definition: Mapping[str, Any]) -> None:
    """Opens the rule over the page."""
    st.dialog(t("rule.title"), width="medium")(_body)(definition)


def _body(definition: Mapping[str, Any]) -> None:
    st.html(markup(definition))
    st.page_link(
        "views/rulebook.py", label=t("rule.in_the_rulebook"), icon=":material/menu_book:",
        query_params=address.link(q=str(definition["kpi_code"])),
    )  # fmt: skip


def markup(definition: Mapping[str, Any]) -> str:
    """The rule's HTML; every text of the data is escaped."""
    rows = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(text)}</dd></div>" for label, text in facts(definition))
    return f'<div class="yj-rule" lang="{html_language()}"><h3>{escape(name_of(definition))}</h3><dl>{rows}</dl></div>'


def facts(definition: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the rulebook states of a rule, as label and text; what a rule does not have is left out."""
    unit = str(definition.get("unit") or "")
    target = definition.get("target")
    floor, small = definition.get("coverage_floor"), definition.get("small_count_threshold")
    better = "lower" if definition.get("better") == "lower" else "higher"
    stated = [
        (t("rule.formula"), name_of(definition, "formula") or t("rule.unstated")),
        (t("rule.numerator"), name_of(definition, "numerator")),
        (t("rule.denominator"), name_of(definition, "denominator")),
        (t("rule.variant"), str(definition.get("variant") or "")),
        (t("rule.example"), name_of(definition, "example")),
        (t("rule.unit"), "%" if formats.is_fraction(unit) else formats.unit_word(unit)),
        (t("rule.better"), t(f"rule.better.{better}")),
        (t("rule.target"), t("tile.target.none") if target is None else formats.with_unit(float(target), unit)),
        (t("rule.coverage_floor"), "" if floor is None else formats.percent(float(floor), 0)),
        (
            t("rule.small_count"),
            "" if small is None else t("rule.small_count.below", count=formats.number(float(small))),
        ),
        (t("rule.domain"), t_or(f"domain.{definition.get('domain')}", str(definition.get("domain") or ""))),
        (t("rule.owner"), str(definition.get("owner") or t("rule.unstated"))),
        (t("rule.legal_basis"), str(definition.get("legal_basis") or t("rule.unstated"))),
        (t("rule.version"), f"{definition.get('kpi_code')} · {definition.get('rule_version')}"),
        (t("rule.effective"), period(definition.get("effective_from"), definition.get("effective_to"))),
    ]
    return [(label, text) for label, text in stated if text]


def period(start: date | None, end: date | None) -> str:
    """The dates between which a rule is in force, in words."""
    first = formats.day(start) if start else t("rule.unstated")
    return (
        t("rule.effective.span", first=first, last=formats.day(end)) if end else t("rule.effective.since", first=first)
    )
