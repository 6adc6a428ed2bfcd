"""SQL that turns what a source wrote into a clean value: text first, before any type is tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ingestion.columns import Column
from lake.engine import sql_name, sql_text

NUMERIC_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "U")


def is_text(source_type: str) -> bool:
    return source_type == "VARCHAR"


class Given(NamedTuple):
    """SQL of what a file gives for a column. `text` is exact: blank means missing, a missing value is the default.

    `quick` may still have blanks in it; casts do not mind them, and it costs nothing.
    """

    text: str
    quick: str
    type: str  # DuckDB type of both


def given_value(column: Column, present: Mapping[str, str], *, trims: bool) -> Given:
    """SQL of the column as the file gives it; NULL where nothing was given.

    `present` maps the file's columns to their types. Of several source names the first that is not empty counts.
    With `trims` blanks around the text go: people type CSV and spreadsheets.
    """
    found = [name for name in column.sources if name in present]
    if not found:
        missing = "NULL::VARCHAR" if column.default is None else sql_text(_default_text(column))
        return Given(missing, missing, "VARCHAR")
    types = {present[name] for name in found}
    kind = types.pop() if len(types) == 1 else "VARCHAR"
    if not is_text(kind) and _native(column, kind):
        value = _with_default(_first([sql_name(name) for name in found]), column)
        return Given(value, value, kind)
    texts = [_text(sql_name(name), present[name], trims=trims) for name in found]
    text = _with_default(_canonical(_first(texts), column), column)
    plain = len(found) == 1 and is_text(present[found[0]]) and column.default is None and not column.synonyms
    return Given(text, sql_name(found[0]) if plain else text, "VARCHAR")


def _text(name: str, source_type: str, *, trims: bool) -> str:
    if not trims:
        return f"nullif({name if is_text(source_type) else f'CAST({name} AS VARCHAR)'}, '')"
    if not is_text(source_type):
        return f"nullif(trim(CAST({name} AS VARCHAR)), '')"
    # The one blank of ASCII is the space, and '!' comes next to it: most texts need no look at each character.
    bare = f"{name} >= '!' AND NOT ends_with({name}, ' ') AND strlen({name}) = length({name})"
    return f"CASE WHEN {bare} THEN {name} ELSE nullif(trim({name}), '') END"


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
