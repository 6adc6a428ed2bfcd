"""The contract of the published tables, read from `published_tables.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

CONTRACT_FILE = Path(__file__).with_name("published_tables.yml")
EDITIONS = "editions"
RESTATEMENTS = "restatements"
HISTORY = "kpi_value_history"

_KINDS: Mapping[str, tuple[str, ...]] = {
    "text": ("VARCHAR", "ENUM"),
    "integer": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    "number": ("DOUBLE", "FLOAT", "DECIMAL"),
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP",),
    "boolean": ("BOOLEAN",),
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Part):
    """An SQL condition every row satisfies, and what to say of rows that do not."""

    holds: str
    says: str


class Explained(_Part):
    """Columns whose values must occur together in the table `by`."""

    columns: tuple[str, ...]
    by: str


class PublishedTable(_Part):
    """What one published table must look like; `columns` maps names to kinds of type.

    `filled` are columns that publication adds; a table `by_publication` is written by it altogether.
    """

    description: str = Field(pattern=r"^One row per ")
    columns: dict[str, str]
    key: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    explained: Explained | None = None
    filled: tuple[str, ...] = ()
    by_publication: bool = False


@cache
def published_tables() -> Mapping[str, PublishedTable]:
    """The published tables by name."""
    loaded = yaml.load(CONTRACT_FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return {name: PublishedTable.model_validate(table) for name, table in loaded["tables"].items()}


def built_tables() -> Mapping[str, PublishedTable]:
    """The published tables that a build makes in the warehouse."""
    return {name: table for name, table in published_tables().items() if not table.by_publication}


def written_tables() -> frozenset[str]:
    """The published tables that publication writes from the warehouse's bookkeeping: what was published when."""
    return frozenset(name for name, table in published_tables().items() if table.by_publication)


def is_of_kind(data_type: str, kind: str) -> bool:
    """Whether a DuckDB type ("DECIMAL(18,3)") is of a contract's kind; a whole number is a number too."""
    names = _KINDS[kind] + (_KINDS["integer"] if kind == "number" else ())
    return data_type.startswith(names)
