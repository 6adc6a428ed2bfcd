"""Which fields of a file the scanner reads as what, derived from the file's contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.columns import Column
from ingestion.contracts import Contract
from ingestion.rules.times import FIXED_OFFSET_HOURS
from ingestion.scanning import layout as L

_HOUR_US = 3_600_000_000
_ANY_LENGTH = 1 << 40


@dataclass(frozen=True)
class Field:
    """A field of the file and what the scanner makes of it.

    zone: of an INSTANT, see layout. limit: bytes of a TEXT. column: the contract's, where the field alone gives its value.
    is_kept: whether anybody asks for the values once the scanner has seen that they can be read. is_left: of a TEXT, that nobody
    does before it is stored as it is given, so it may stay in the file until then. is_hashed: of such a text, that its hash is
    asked for.
    """

    name: str
    kind: int
    zone: int = L.OFFSET_NEEDED
    limit: int = _ANY_LENGTH
    column: str | None = None
    is_kept: bool = True
    is_left: bool = False
    is_hashed: bool = False


def plan_for(contract: Contract, names: Sequence[str]) -> list[Field]:
    """The fields in the order of the file; those that the contract does not know are passed over."""
    columns = {source: column for column in contract.columns for source in column.sources}
    asked = {contract.datum_column, *contract.require_any, *(name for group in contract.together for name in group)}
    return [
        _field(name, columns[name], asked=columns[name].name in asked, key=contract.key)
        if name in columns
        else Field(name, L.SKIP)
        for name in names
    ]


def _field(name: str, column: Column, *, asked: bool, key: Sequence[str]) -> Field:
    """What the scanner does not know itself stays text, and the rules read it."""
    if len(column.sources) != 1:
        return Field(name, L.TEXT)
    if column.logical_type == "string":
        rules = column.values or column.pattern or (column.min_length or 0) > 1 or column.synonyms
        kept = asked or bool(rules) or column.required or column.stored is not None
        as_given = column.treatment is None and column.geometry is None and column.default is None and not rules
        left = as_given and not asked
        limit = column.max_length or _ANY_LENGTH
        hashed = left and column.name in key
        return Field(name, L.TEXT, limit=limit, column=column.name, is_kept=kept, is_left=left, is_hashed=hashed)
    if column.default is None:
        match column.logical_type:
            case "number":
                return Field(name, L.REAL, column=column.name)
            case "integer":
                return Field(name, L.INTEGER, column=column.name)
            case "boolean":
                return Field(name, L.BOOLEAN, column=column.name)
            case "date":
                return Field(name, L.DATE, column=column.name)
            case "timestamp" if column.zone in FIXED_OFFSET_HOURS:
                return Field(name, L.INSTANT, FIXED_OFFSET_HOURS[column.zone] * _HOUR_US, column=column.name)
            case "timestamp" if (column.zone or "offset") == "offset":
                return Field(name, L.INSTANT, column=column.name)
    return Field(name, L.TEXT)
