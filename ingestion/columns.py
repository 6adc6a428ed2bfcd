"""One column of a contract: what the source sends, what must hold of it, and what the lake keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

LogicalType = Literal["string", "number", "integer", "boolean", "timestamp", "date"]
LOGICAL_TYPES: tuple[LogicalType, ...] = ("string", "number", "integer", "boolean", "timestamp", "date")
PERSONAL_CLASSES = ("personal", "sensitive")
LIST_SEPARATOR = ";"
GEOMETRY_TYPES = ("LINESTRING", "POLYGON", "MULTIPOLYGON")
# What may be wrong with a geometry, in the order it is looked at (ingestion/geometry_text.py); all one reason.
GEOMETRY_RULES = (
    "geometry_too_large",  # bytes
    "geometry_unreadable",  # neither WKT nor GeoJSON
    "geometry_wrong_type",  # a geometry, but none of the wanted types
    "geometry_too_many_vertices",
    "geometry_empty",
    "geometry_not_finite",  # NaN or infinity
    "geometry_out_of_region",
    "geometry_not_simple",  # self-crossing, a hole outside, a line of one place (OGC 06-103r4 validity)
)
GEOMETRY_INVALID = "geometry_invalid"
# Names that landing gives to what it carries beside a row's columns, and DuckDB to a row's place.
RESERVED = ("_line", "_row", "_date", "_fault", "_faults", "_source", "_raw", "rowid")
RESERVED_PREFIX = "_refused_"


@dataclass(frozen=True)
class Treatment:
    """What is kept of a personal column: `hmac` (keyed pseudonym), `drop` (nothing) or `birth_year`.

    `hmac_list` is for several identities in one text, joined by `LIST_SEPARATOR`: their pseudonyms, each the same as
    `hmac` gives, sorted and joined likewise.
    """

    kind: Literal["hmac", "hmac_list", "drop", "birth_year"]
    stored_as: str | None = None
    normalise: Literal["strip_leading_zeros", "upper"] | None = None


@dataclass(frozen=True)
class GeometryRule:
    """What a column of geometry text must be: one of `types` (WKT names), within west, south, east, north (WGS-84 degrees)."""

    types: tuple[str, ...]
    within: tuple[float, float, float, float]

    @property
    def function(self) -> str:
        """Name of the SQL function that judges and converts it, the same for the same rule."""
        return "geometry_" + sha256(repr((self.types, self.within)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class StoredColumn:
    """A column of the feed's bronze table, after treatment."""

    name: str
    type: str  # DuckDB type
    description: str
    classification: str
    source: str  # name of the contract column it comes from


@dataclass(frozen=True)
class Column:
    """A column as the contract describes it. Times are checked in UTC; `earliest` is an ISO date."""

    name: str
    logical_type: LogicalType
    physical_type: str
    description: str = ""
    sources: tuple[str, ...] = ()  # names in the file, the first one preferred
    required: bool = False
    key_position: int | None = None
    classification: str = "internal"
    minimum: float | int | None = None
    maximum: float | int | None = None
    exclusive_minimum: float | int | None = None
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    values: tuple[str, ...] = ()  # allowed values: inline, or the codes of a code list
    codes: str | None = None
    synonyms: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    datum: str | None = None
    unit: str | None = None
    default: Any = None
    earliest: str | None = None
    max_future_minutes: int | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    treatment: Treatment | None = None
    geometry: GeometryRule | None = None

    @property
    def is_personal(self) -> bool:
        return self.classification in PERSONAL_CLASSES

    @property
    def stored(self) -> StoredColumn | None:
        """What bronze keeps of this column; None when it is dropped."""
        treatment = self.treatment
        if treatment is None:
            name, kind = self.name, self.physical_type
        elif treatment.kind == "drop":
            return None
        elif treatment.kind in ("hmac", "hmac_list"):
            name, kind = treatment.stored_as or f"{self.name}_key", "VARCHAR"
        else:
            name, kind = treatment.stored_as or f"{self.name}_year", "INTEGER"
        return StoredColumn(name, kind, self.description, self.classification, self.name)

    def reason(self, rule: str) -> str:
        """The reason code a failure of `rule` is reported with."""
        return self.reasons.get(rule, GEOMETRY_INVALID if rule in GEOMETRY_RULES else rule)
