"""The checks of one column, in the order they are reported: present, readable, within its bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ingestion.columns import GEOMETRY_RULES, Column
from ingestion.rules.texts import Given, is_text
from lake.engine import sql_text


@dataclass(frozen=True)
class Check:
    """A condition that is TRUE for a row that fails it (NULL and FALSE pass)."""

    field: str
    rule: str
    reason: str
    fails: str  # SQL over the raw and typed values


_ANY_LENGTH = 1 << 40
_NUL = "contains({}, chr(0))"  # no page shows it, and PostgreSQL has no text with it

UNREADABLE = {
    "number": "not_a_number",
    "integer": "not_a_number",
    "boolean": "not_a_boolean",
    "timestamp": "not_a_timestamp",
    "date": "not_a_date",
}


def checks_of(column: Column, given: Given, value: str, reference: str) -> Iterator[Check]:
    """The checks of `column`; `value` names its typed value, `reference` is the instant "now" means for a row."""
    for rule, fails in _rules(column, given.text, value, given.type, reference):
        yield Check(column.name, rule, column.reason(rule), fails)


def surely_good(column: Column, given: Given, value: str, reference: str, *, clean: bool = False) -> str:
    """SQL that is TRUE only for values that pass every check of `column`, and cheap: one look settles most rows.

    Where it is not TRUE the checks themselves decide, so it may be too strict but never too kind. Of numbers and times it is TRUE
    for all between two of which it is. `clean`: whoever read the
    texts has seen that they hold no control character and are not too long.
    """
    conditions = []
    match column.logical_type:
        case "string" if column.geometry is not None:
            conditions.append(f"{value}.wkt IS NOT NULL")
        case "string" if column.values:
            conditions.append(f"{value} IS NOT NULL")
        case "string":
            if clean:
                conditions.append(f"{given.text} IS NOT NULL")
            else:
                conditions.append(f"strlen({given.text}) <= {int(column.max_length or _ANY_LENGTH)}")
                conditions.append(f"NOT {_NUL.format(given.text)}")
            if column.min_length is not None and column.min_length > 1:
                conditions.append(f"length({given.text}) >= {int(column.min_length)}")
            if column.pattern is not None:
                conditions.append(_matches(given.text, column.pattern))
        case "number":
            # NaN is greater than any number, so a range on both sides needs no look at finiteness.
            both = column.minimum is not None and column.maximum is not None
            conditions += [f"NOT {bound}" for bound in _bounds(column, value)]
            conditions += [] if both else [f"isfinite({value}::DOUBLE)"]
            conditions += [] if column.exclusive_minimum is None else [f"NOT ({_not_above(column, value)})"]
        case "integer":
            conditions.append(f"TRY_CAST({given.quick} AS DOUBLE) = {value}")
            conditions += [f"NOT {bound}" for bound in _bounds(column, value)]
            conditions += [] if column.exclusive_minimum is None else [f"NOT ({_not_above(column, value)})"]
        case "timestamp" | "date":
            conditions.append(_four_digit_year(column, value))
            conditions += [f"NOT ({fails})" for _, fails in _time_rules(column, value, reference)]
        case _:
            conditions.append(f"{value} IS NOT NULL")
    holds = " AND ".join(conditions)
    return f"({holds})" if column.required else f"({given.quick} IS NULL OR ({holds}))"


def _rules(column: Column, raw: str, value: str, source_type: str, reference: str) -> Iterator[tuple[str, str]]:
    if column.required:
        yield "required_missing", f"{raw} IS NULL"
    match column.logical_type:
        case "string":
            yield from _string_rules(column, raw, value)
        case "number" | "integer":
            yield from _number_rules(column, raw, value, source_type)
        case "timestamp" | "date":
            unreadable = UNREADABLE[column.logical_type]
            yield unreadable, f"{raw} IS NOT NULL AND ({value} IS NULL OR NOT {_four_digit_year(column, value)})"
            yield from _time_rules(column, value, reference)
        case _:
            yield UNREADABLE[column.logical_type], f"{raw} IS NOT NULL AND {value} IS NULL"


def _string_rules(column: Column, raw: str, value: str) -> Iterator[tuple[str, str]]:
    if column.geometry is not None:
        yield from ((rule, f"{value}.rule = {sql_text(rule)}") for rule in GEOMETRY_RULES)
        return
    if column.values:
        yield "unknown_code", f"{raw} IS NOT NULL AND {value} IS NULL"
        return
    yield "nul_character", _NUL.format(raw)
    if column.max_length is not None:
        # Bytes first: a text has at most as many characters as bytes, and counting bytes is free.
        limit = int(column.max_length)
        yield "too_long", f"strlen({raw}) > {limit} AND length({raw}) > {limit}"
    if column.min_length is not None and column.min_length > 1:
        yield "too_short", f"length({raw}) < {int(column.min_length)}"
    if column.pattern is not None:
        yield "pattern_mismatch", f"NOT {_matches(raw, column.pattern)}"


def _matches(raw: str, pattern: str) -> str:
    return f"regexp_matches({raw}, {sql_text(pattern)})"


def _number_rules(column: Column, raw: str, value: str, source_type: str) -> Iterator[tuple[str, str]]:
    if is_text(source_type):
        number = f"TRY_CAST({raw} AS DOUBLE)"
        if column.logical_type == "integer":
            yield "not_finite", f"{value} IS NULL AND NOT isfinite({number})"
            # DuckDB rounds '1.7' to 2: a fraction is not an integer.
            yield "not_a_number", f"{raw} IS NOT NULL AND ({value} IS NULL OR {number} <> {value})"
        else:
            yield "not_a_number", f"{raw} IS NOT NULL AND {value} IS NULL"
    elif column.logical_type == "integer":
        yield "not_a_number", f"{raw} IS NOT NULL AND ({value} IS NULL OR {raw} <> {value})"
    else:
        yield "not_a_number", f"{raw} IS NOT NULL AND {value} IS NULL"
    if column.logical_type == "number":
        yield "not_finite", f"NOT isfinite({value}::DOUBLE)"
    if bounds := _bounds(column, value):
        yield "out_of_range", f"({' OR '.join(bounds)})"
    if column.exclusive_minimum is not None:
        yield "not_above_minimum", _not_above(column, value)


def _bounds(column: Column, value: str) -> list[str]:
    bounds = []
    if column.minimum is not None:
        bounds.append(f"({value} < {_number(column.minimum)})")
    if column.maximum is not None:
        bounds.append(f"({value} > {_number(column.maximum)})")
    return bounds


def _not_above(column: Column, value: str) -> str:
    assert column.exclusive_minimum is not None
    return f"{value} <= {_number(column.exclusive_minimum)}"


def _four_digit_year(column: Column, value: str) -> str:
    """SQL of whether a time lies in the years 1 to 9999: ISO 8601 knows no others, and DuckDB knows infinities beside.

    Of Shanghai, which is eight hours ahead: a business date of the year 10000 is none that anybody could count by.
    """
    kind, last = ("TIMESTAMP", " 15:59:59.999999") if column.logical_type == "timestamp" else ("DATE", "")
    return f"({value} BETWEEN {kind} '0001-01-01' AND {kind} '9999-12-31{last}')"


def _time_rules(column: Column, value: str, reference: str) -> Iterator[tuple[str, str]]:
    kind = "TIMESTAMP" if column.logical_type == "timestamp" else "DATE"
    if column.earliest is not None:
        yield "time_too_old", f"{value} < {kind} {sql_text(column.earliest)}"
    if column.max_future_minutes is not None:
        latest = f"TRY({reference} + INTERVAL {int(column.max_future_minutes)} MINUTE)"
        yield "time_in_future", f"{value} > {latest if kind == 'TIMESTAMP' else f'CAST({latest} AS DATE)'}"


def _number(bound: float) -> str:
    return repr(float(bound)) if isinstance(bound, float) else str(int(bound))
