"""SQL that turns what a source wrote into a clean value: text first, before any type is tried."""

from __future__ import annotations

from collections.abc import Mapping

from ingestion.columns import Column
from lake.engine import sql_name, sql_text

NUMERIC_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "U")


def is_text(source_type: str) -> bool:
    return source_type == "VARCHAR"


def raw_value(column: Column, present: Mapping[str, str], *, trims: bool) -> tuple[str, str]:
    """SQL of the column as the file gives it, and its DuckDB type; NULL where nothing was given.

    `present` maps the file's columns to their types. Of several source names the first that is not empty counts.
    An empty text is a missing value, and a missing value is the contract's default. With `trims` blanks around the
    text go: people type CSV and spreadsheets.
    """
    found = [name for name in column.sources if name in present]
    if not found:
        return _missing(column)
    types = {present[name] for name in found}
    kind = types.pop() if len(types) == 1 else "VARCHAR"
    if not is_text(kind) and not _native(column, kind):
        kind = "VARCHAR"
    if not is_text(kind):
        given = _first([sql_name(name) for name in found])
        return (_with_default(given, column), kind)
    texts = [_text(sql_name(name), present[name], trims=trims) for name in found]
    return _with_default(_canonical(_first(texts), column), column), "VARCHAR"


def _missing(column: Column) -> tuple[str, str]:
    if column.default is None:
        return "NULL::VARCHAR", "VARCHAR"
    return f"{sql_text(_default_text(column))}", "VARCHAR"


def _text(name: str, source_type: str, *, trims: bool) -> str:
    text = name if is_text(source_type) else f"CAST({name} AS VARCHAR)"
    return f"nullif(trim({text}), '')" if trims else f"nullif({text}, '')"


def _first(values: list[str]) -> str:
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


def _canonical(text: str, column: Column) -> str:
    """Synonyms of the allowed values become the value they mean; identities are written one way."""
    if column.synonyms:
        cases = " ".join(f"WHEN {sql_text(k)} THEN {sql_text(v)}" for k, v in column.synonyms.items())
        text = f"CASE {text} {cases} ELSE {text} END"
    return text


def _with_default(value: str, column: Column) -> str:
    return value if column.default is None else f"coalesce({value}, {sql_text(_default_text(column))})"


def _default_text(column: Column) -> str:
    return str(column.default).lower() if isinstance(column.default, bool) else str(column.default)


def _native(column: Column, source_type: str) -> bool:
    """Whether a typed source (Parquet, a decoder) already has the kind of value the contract wants."""
    match column.logical_type:
        case "number" | "integer":
            return source_type.startswith(NUMERIC_TYPES)
        case "boolean":
            return source_type == "BOOLEAN"
        case "timestamp" | "date":
            return source_type.startswith("TIMESTAMP") or source_type == "DATE"
        case _:
            return False
