"""One typed query from a contract and the shape of a file: values as the lake keeps them, and what each row fails."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise

from ingestion.columns import LIST_SEPARATOR, Column, Treatment
from ingestion.contracts import Contract
from ingestion.rules.checks import Check, checks_of, surely_good
from ingestion.rules.texts import Given, given_value
from ingestion.rules.times import calendar_date, instant
from lake.engine import sql_name, sql_text

SHANGHAI_HOURS = 8  # a business date is the date in Asia/Shanghai
DATUM = "_datum"
BAD_ROW = "row"  # field of a failure that belongs to no single column


@dataclass(frozen=True)
class SourceShape:
    """What a reader found in a file: its columns with their DuckDB types, and how its values are to be taken."""

    columns: Mapping[str, str]
    trims: bool = False
    naive_times_are_utc: bool = False
    clean_texts: bool = False  # no text holds a control character, or is longer than its column allows
    has_line: bool = False  # a column `_line` numbers the rows; otherwise their order does
    has_refusals: bool = False  # columns `_refused_rule`, `_refused_field`, `_refused_reason`


@dataclass(frozen=True)
class FileFacts:
    """What is known of a file before its rows are: instants in UTC without zone, as the lake stores them."""

    now: datetime
    file_received: datetime | None = None
    file_date: date | None = None
    expired_dates: Sequence[date] = field(default_factory=tuple)


@dataclass(frozen=True)
class ColumnRules:
    """SQL of one column: its raw text with its name (of texts only), its typed value with its name, and `surely_good`."""

    raw: str | None
    value: str
    good: str


@dataclass(frozen=True)
class CompiledRules:
    """`typed(relation)` and `explained(relation)` are SELECT statements; a failure is the 1-based index of a check.

    typed: what the reader says of a row (`carried_columns`), `_fault` (0: none, else the first failing check),
    `_source` (a refused row as the file gives it, JSON), `_date` (business date of a good row), `_datum` when rows name
    one, and the stored columns, those with an identity still in clear. Columns that the file does not have are in
    `constants` instead: why store the same nothing for every row?
    columns: of each column alone; `together`: what must hold beside them for a row to be surely good.
    explained, for the refused rows of `typed`: `_line`, `_fault`, `_faults` (every failing check), `_date` (NULL when
    the time itself cannot be read or believed).
    """

    checks: tuple[Check, ...]
    constants: Mapping[str, str]
    columns: Mapping[str, ColumnRules]
    together: tuple[str, ...]
    date: str
    _good: str
    _raws: str
    _values: str
    _typed: str
    _undating: tuple[int, ...]  # the checks after which a row has no believable time
    _carried: str
    _source: str
    _shape: SourceShape

    def typed(self, relation: str) -> str:
        return (
            f"SELECT {self._carried}_fault, CASE WHEN _fault > 0 THEN {self._source} END AS _source, "
            f"CASE WHEN _fault = 0 THEN {self.date} END AS _date{self._typed} "
            f"FROM (SELECT *, {self._first_fault()} AS _fault FROM ({self.layers(relation)}))"
        )

    def explained(self, relation: str) -> str:
        every = ", ".join(f"CASE WHEN {check.fails} THEN {i} END" for i, check in enumerate(self.checks, 1))
        undated = f"list_has_any(_faults, {list(self._undating)}::INTEGER[])"
        return (
            f"SELECT _line, _fault, _faults, CASE WHEN NOT {undated} THEN {self.date} END AS _date FROM (SELECT *, "
            f"{self._first_fault()} AS _fault, list_filter([{every}]::INTEGER[], f -> f IS NOT NULL) AS _faults "
            f"FROM ({self.layers(self._given_again(relation))}))"
        )

    def _given_again(self, refused: str) -> str:
        """The source columns of refused rows, out of their `_source`."""
        schema = sql_text(json.dumps(dict(self._shape.columns), ensure_ascii=False))
        columns = "".join(f", given.{sql_name(name)} AS {sql_name(name)}" for name in self._shape.columns)
        rule = ", _refused_rule" if self._shape.has_refusals else ""
        return f"(SELECT _line{rule}{columns} FROM (SELECT *, from_json(_source, {schema}) AS given FROM {refused}))"

    def layers(self, relation: str) -> str:
        """The relation with each column's raw and typed value, which the checks are written over."""
        return f"SELECT *, {self._values} FROM (SELECT {self._raws} FROM {relation})"

    def _first_fault(self) -> str:
        cases = " ".join(f"WHEN {check.fails} THEN {i}" for i, check in enumerate(self.checks, 1))
        return f"CAST(CASE WHEN {self._good} THEN 0 {cases} ELSE 0 END AS SMALLINT)"


def compile_rules(contract: Contract, shape: SourceShape, facts: FileFacts) -> CompiledRules:
    """Compile the contract's columns, checks and treatments for a file of this shape."""
    raws, values, checks, good, together = [], [], [], [], []
    columns = {}
    received = contract.received_column
    now = _timestamp(facts.now)
    reference = _timestamp(facts.file_received or facts.now)
    if received is not None:
        reference = f"coalesce({value_name(received)}, {reference})"
    if shape.has_refusals:
        checks.append(Check(BAD_ROW, "refused_by_reader", "", "_refused_rule IS NOT NULL"))
        together.append("_refused_rule IS NULL")
    if contract.require_any:
        missing = " AND ".join(f"{raw_name(name)} IS NULL" for name in contract.require_any)
        checks.append(Check(contract.require_any[0], "required_missing", "required_missing", missing))
        together.append(f"NOT ({missing})")
    for column in contract.columns:
        given = given_value(column, shape.columns, trims=shape.trims)
        if column.logical_type == "string":
            raws.append(f"{given.text} AS {raw_name(column.name)}")
            given = Given(raw_name(column.name), raw_name(column.name), given.type)
        value = value_name(column.name)
        values.append(f"{_typed_value(contract, column, given, naive_is_utc=shape.naive_times_are_utc)} AS {value}")
        latest = now if column.name == received else reference  # no row vouches for its own received time
        checks += checks_of(column, given, value, latest)
        good.append(surely_good(column, given, value, latest, clean=shape.clean_texts))
        columns[column.name] = ColumnRules(raws[-1] if column.logical_type == "string" else None, values[-1], good[-1])
    for check in _group_checks(contract):
        checks.append(check)
        together.append(f"({check.fails}) IS NOT TRUE")
    business_date = _business_date(contract, facts)
    if facts.expired_dates:
        listed = ", ".join(f"DATE {sql_text(day.isoformat())}" for day in facts.expired_dates)
        checks.append(Check("business_date", "date_expired", "date_expired", f"{business_date} IN ({listed})"))
        together.append(f"{business_date} NOT IN ({listed})")
    constants = _constants(contract, shape, facts)
    return CompiledRules(
        checks=tuple(checks),
        constants=constants,
        columns=columns,
        together=tuple(together),
        date=business_date,
        _good=" AND ".join([*together, *good]),
        _raws=", ".join(["*", *raws]),
        _values=", ".join(values),
        _typed="".join(
            f", {value} AS {sql_name(name)}" for name, value in kept_values(contract, facts, constants).items()
        ),
        _undating=tuple(i for i, check in enumerate(checks, 1) if check.field == contract.business_date_column),
        _carried=", ".join([*carried_columns(shape), ""]),
        _source=_source_text(shape),
        _shape=shape,
    )


def _group_checks(contract: Contract) -> Iterator[Check]:
    """What columns must say together: all or none of a group given; each value no less than the one before it."""
    for group in contract.together:
        given = " OR ".join(f"{value_name(name)} IS NOT NULL" for name in group)
        for name in group:
            fails = f"{value_name(name)} IS NULL AND ({given})"
            yield Check(name, "required_missing", "required_missing", fails)
    for group in contract.ascending:
        for lower, upper in pairwise(group):
            yield Check(upper, "period_reversed", "period_reversed", f"{value_name(upper)} < {value_name(lower)}")


def carried_columns(shape: SourceShape) -> list[str]:
    """The reader's own columns, which `typed` keeps beside the values."""
    refusal = ["_refused_rule", "_refused_field", "_refused_reason", "_raw"]
    return (["_line"] if shape.has_line else []) + (refusal if shape.has_refusals else [])


def _source_text(shape: SourceShape) -> str:
    packed = ", ".join(f"{sql_name(name)} := {sql_name(name)}" for name in shape.columns)
    return f"CAST(to_json(struct_pack({packed})) AS VARCHAR)" if packed else "'{}'"


def _typed_value(contract: Contract, column: Column, given: Given, *, naive_is_utc: bool) -> str:
    # TRY around arithmetic with times: DuckDB raises at the ends of its calendar, and one line would end the file.
    match column.logical_type:
        case "string":
            if column.geometry is not None:
                datum = "NULL" if contract.datum_column is None else raw_name(contract.datum_column)
                return f"{column.geometry.function}({given.text}, {datum})"
            if not column.values:
                return given.text
            return f"TRY_CAST({given.text} AS ENUM({', '.join(sql_text(code) for code in column.values)}))"
        case "timestamp":
            return f"TRY({instant(column, given, naive_is_utc=naive_is_utc)})"
        case "date":
            return f"TRY({calendar_date(given)})"
        case _:
            return f"TRY_CAST({given.quick} AS {column.physical_type})"


def kept_values(contract: Contract, facts: FileFacts, constants: Mapping[str, str]) -> dict[str, str]:
    """The stored columns out of the typed values; identities stay in clear until they are pseudonymised."""
    kept = {}
    if contract.datum_column is not None and DATUM not in constants:
        kept[DATUM] = value_name(contract.datum_column)
    for column in contract.columns:
        stored = column.stored
        if stored is None or stored.name in constants:
            continue
        value = value_name(column.name)
        if column.geometry is not None:
            value = f"{value}.wkt"
        elif column.treatment is not None and column.treatment.kind == "birth_year":
            value = f"CAST(year({value}) AS INTEGER)"
        elif column.treatment is not None and column.treatment.kind == "hmac_list":
            value = _listed(column.treatment, value)
        elif column.treatment is not None:
            value = _normalised(column.treatment, value)
        elif column.name == contract.received_column and facts.file_received is not None:
            value = f"coalesce({value}, {_timestamp(facts.file_received)})"
        kept[stored.name] = value
    return kept


def _normalised(treatment: Treatment, value: str) -> str:
    """SQL of an identity written the one way it is pseudonymised."""
    match treatment.normalise:
        case "upper":
            return f"upper({value})"
        case "strip_leading_zeros":
            return f"coalesce(nullif(ltrim({value}, '0'), ''), left({value}, 1))"
        case _:
            return value


def _listed(treatment: Treatment, value: str) -> str:
    """SQL of a list of identities: blanks and repeats gone, each written the one way, in order."""
    mark = sql_text(LIST_SEPARATOR)
    each = f"list_transform(string_split({value}, {mark}), part -> {_normalised(treatment, 'trim(part)')})"
    return f"array_to_string(list_sort(list_distinct(list_filter({each}, part -> part <> ''))), {mark})"


def _constants(contract: Contract, shape: SourceShape, facts: FileFacts) -> dict[str, str]:
    """SQL of the stored columns that this file does not have, so that every row says the same."""
    found = {}
    for column in contract.columns:
        if any(source in shape.columns for source in column.sources):
            continue
        given = given_value(column, shape.columns, trims=shape.trims)
        stored = column.stored
        if column.name == contract.datum_column:
            found[DATUM] = f"CAST({given.text} AS VARCHAR)"
        elif stored is not None and column.name == contract.received_column and facts.file_received is not None:
            found[stored.name] = _timestamp(facts.file_received)
        elif stored is not None and (column.default is None or column.treatment is None):
            found[stored.name] = f"CAST({given.text} AS {stored.type})"
    return found


def _business_date(contract: Contract, facts: FileFacts) -> str:
    if contract.business_date_column is None:
        if facts.file_date is None:
            raise ValueError(f"{contract.feed}: a file dated by its name needs a file date")
        return f"DATE {sql_text(facts.file_date.isoformat())}"
    return f"TRY(CAST({value_name(contract.business_date_column)} + INTERVAL {SHANGHAI_HOURS} HOUR AS DATE))"


def _timestamp(instant_utc: datetime) -> str:
    return f"TIMESTAMP {sql_text(instant_utc.strftime('%Y-%m-%d %H:%M:%S.%f'))}"


def raw_name(name: str) -> str:
    """What a column's raw text is called in `layers`."""
    return sql_name(f"raw {name}")


def value_name(name: str) -> str:
    """What a column's typed value is called in `layers`."""
    return sql_name(f"value {name}")
