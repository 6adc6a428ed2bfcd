"""Every version of every rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from apps.streamlit.edition import Edition

_VERSIONS = """
SELECT * FROM kpi_definitions
ORDER BY domain, kpi_code, effective_from NULLS FIRST, rule_version
"""

_COMPARISONS = """
SELECT kpi_code, business_date, rule_version, is_in_force, value, numerator, denominator, coverage, status
FROM rule_comparisons WHERE area_code = $area AND business_date BETWEEN $first AND $last
ORDER BY kpi_code, business_date DESC, rule_version
"""

Rule = Mapping[str, Any]


def versions(edition: Edition) -> dict[str, list[Rule]]:
    """kpi_code -> its versions, oldest first: the columns of kpi_definitions, also those a later rulebook adds."""
    found: dict[str, list[Rule]] = {}
    for row in edition.rows(_VERSIONS).iter_rows(named=True):
        found.setdefault(str(row["kpi_code"]), []).append(row)
    return found


def comparisons(edition: Edition, area: str, first: date, last: date) -> pl.DataFrame:
    """What each version of a rule with several gives for the same days of an area, newest day first.

    Columns: kpi_code, business_date, rule_version, is_in_force, value, numerator, denominator, coverage, status.
    """
    return edition.rows(_COMPARISONS, {"area": area, "first": first, "last": last})


def standing(rule: Rule, day: date) -> str:
    """`in_force`, `ended` or `coming` on a day."""
    if rule["effective_from"] and rule["effective_from"] > day:
        return "coming"
    return "ended" if rule["effective_to"] and rule["effective_to"] < day else "in_force"


def valid_on(rules: Sequence[Rule], day: date) -> Rule:
    """The version in force on `day`; where there is none the last that ended, else the first to come."""
    for wanted in ("in_force", "ended"):
        found = [rule for rule in rules if standing(rule, day) == wanted]
        if found:
            return found[-1]
    return rules[0]
