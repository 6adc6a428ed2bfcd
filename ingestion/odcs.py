"""Reading an ODCS 3.1 file (through the standard's own model) into this product's contract."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml
from open_data_contract_standard.model import OpenDataContractStandard, SchemaProperty

from ingestion.columns import GEOMETRY_TYPES, LOGICAL_TYPES, Column, GeometryRule, LogicalType, Treatment

if TYPE_CHECKING:
    from ingestion.contracts import Contract


class BadContract(ValueError):
    """A contract file that cannot be used; the message names the file and the fault."""


def custom(properties: Iterable[Any] | None) -> dict[str, Any]:
    """ODCS customProperties as a mapping."""
    return {item.property: item.value for item in properties or ()}


def read_contract(path: Path, code_folders: Iterable[Path]) -> Contract:
    """The contract in an ODCS file; `code_folders` are searched for the code lists it names."""
    from ingestion.contracts import Contract

    try:
        # As the model's own `from_file`, but by libyaml: every process reads every contract.
        standard = OpenDataContractStandard(**yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader))
    except Exception as error:
        raise BadContract(f"{path.name} is not a readable ODCS contract: {error}") from error
    tables = standard.schema_ or []
    if len(tables) != 1 or not standard.name:
        raise BadContract(f"{path.name}: a feed's contract has a name and exactly one schema object")
    table, extras = tables[0], custom(standard.customProperties)
    landing = dict(extras.get("landing") or {})
    folders = list(code_folders)
    try:
        contract = Contract(
            feed=standard.name,
            version=str(standard.version),
            domain=standard.domain or "",
            description=(table.description or "").strip(),
            columns=tuple(_column(item, folders) for item in table.properties or ()),
            mode=landing.get("mode", "append"),
            business_date_column=_business_date(landing),
            formats=tuple(landing.get("formats") or ()),
            longitude=landing.get("longitude"),
            latitude=landing.get("latitude"),
            datum_column=landing.get("datum"),
            received_column=landing.get("received_at"),
            require_any=tuple(landing.get("require_any") or ()),
            together=_groups(landing.get("together")),
            ascending=_groups(landing.get("ascending")),
            grace_hours=float(landing.get("grace_hours", 6)),
            sort=tuple(landing.get("sort") or ()),
            gate=dict(landing.get("gate") or {}),
            schedule=str(extras.get("schedule") or ""),
            parameters=dict(extras.get("parameters") or {}),
            owner=(standard.team.name or "") if standard.team else "",
            retention_days=_retention_days(standard),
            path=path,
        )
        contract.check()
    except (BadContract, KeyError, TypeError, ValueError) as error:
        raise BadContract(f"{path.name}: {error}") from error
    return contract


def _business_date(landing: Mapping[str, Any]) -> str | None:
    name = str(landing.get("business_date", "file_name"))
    return None if name == "file_name" else name


def _groups(value: Iterable[Iterable[str]] | None) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(names) for names in value or ())


def _retention_days(standard: OpenDataContractStandard) -> int:
    days = {"d": 1, "day": 1, "days": 1, "m": 30, "month": 30, "y": 365, "year": 365}
    for item in standard.slaProperties or ():
        if item.property == "retention":
            return int(item.value) * days[item.unit or "d"]
    raise BadContract("slaProperties name no retention: how long may the rows be kept?")


def _column(item: SchemaProperty, code_folders: list[Path]) -> Column:
    if item.logicalType not in LOGICAL_TYPES or not item.name or not item.physicalType:
        raise BadContract(f"column {item.name}: needs a name, a physicalType and a logicalType of {LOGICAL_TYPES}")
    options, extras = dict(item.logicalTypeOptions or {}), custom(item.customProperties)
    source = extras.get("source") or item.name
    values = [str(entry.value) for entry in item.enum or ()] or [str(v) for v in extras.get("values") or ()]
    if extras.get("codes"):
        values = read_codes(str(extras["codes"]), code_folders)
    return Column(
        name=item.name,
        logical_type=cast(LogicalType, item.logicalType),
        physical_type=item.physicalType,
        description=(item.description or "").strip(),
        sources=(source,) if isinstance(source, str) else tuple(source),
        required=bool(item.required),
        key_position=item.primaryKeyPosition if item.primaryKey else None,
        classification=item.classification or "internal",
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        exclusive_minimum=options.get("exclusiveMinimum"),
        pattern=options.get("pattern"),
        min_length=options.get("minLength"),
        max_length=options.get("maxLength"),
        values=tuple(values),
        codes=extras.get("codes"),
        synonyms={str(k): str(v) for k, v in dict(extras.get("synonyms") or {}).items()},
        zone=extras.get("zone"),
        datum=extras.get("datum"),
        unit=extras.get("unit"),
        default=extras.get("default"),
        earliest=str(extras["earliest"]) if extras.get("earliest") else None,
        max_future_minutes=extras.get("maxFutureMinutes"),
        reasons=dict(extras.get("reasons") or {}),
        treatment=_treatment(extras.get("treatment")),
        geometry=_geometry(item, extras.get("geometry")),
    )


def _treatment(value: Mapping[str, Any] | None) -> Treatment | None:
    if value is None:
        return None
    if value.get("kind") not in ("hmac", "hmac_list", "drop", "birth_year"):
        raise BadContract(f"unknown treatment {value!r}")
    return Treatment(kind=value["kind"], stored_as=value.get("as"), normalise=value.get("normalise"))


def _geometry(item: SchemaProperty, value: Mapping[str, Any] | None) -> GeometryRule | None:
    if value is None:
        return None
    types, within = tuple(value["types"]), tuple(float(bound) for bound in value["within"])
    if item.logicalType != "string" or not types or not set(types) <= set(GEOMETRY_TYPES) or len(within) != 4:
        raise BadContract(f"column {item.name}: geometry is text of types among {GEOMETRY_TYPES}, within four bounds")
    return GeometryRule(types, (within[0], within[1], within[2], within[3]))


def read_codes(name: str, folders: Iterable[Path]) -> list[str]:
    """The codes of the list `name`: the `code` column of `<folder>/<name>.csv`, first folder that has it."""
    for folder in folders:
        file = folder / f"{name}.csv"
        if file.is_file():
            with file.open(encoding="utf-8-sig", newline="") as lines:
                return [row["code"] for row in csv.DictReader(lines)]
    raise BadContract(f"code list {name!r} is in none of the codes folders")
