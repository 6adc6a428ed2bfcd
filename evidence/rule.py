"""The rule a finding was held against: its words in both languages, its law, its thresholds and the rulebook's entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import duckdb
import yaml

from ingestion.contracts import load_contract
from lake.lakes import WAREHOUSE
from lake.relations import table_names

_FILE: Final = Path(__file__).with_name("findings.yml")
_LAWS: Final = "legal_basis"


@dataclass(frozen=True)
class Threshold:
    """One parameter of a contract that the finding depends on."""

    name: str
    value: float
    meaning_zh: str
    meaning_en: str


@dataclass(frozen=True)
class Rule:
    """What a finding means. `rulebook` is the entry of kpi_definitions in effect on the date, empty where none is built."""

    finding: str
    name_zh: str
    name_en: str
    text_zh: str
    text_en: str
    legal_basis_zh: str
    legal_basis_en: str
    measure_unit: str
    measure_zh: str
    measure_en: str
    thresholds: tuple[Threshold, ...]
    kpi_code: str
    rulebook: dict[str, Any]


def known_findings() -> tuple[str, ...]:
    return tuple(sorted(_texts()["findings"]))


def rule_text(finding: str) -> str:
    """A finding's name in both languages; its code where it has none."""
    text = _texts()["findings"].get(finding)
    return f"{text['name_zh']} {text['name_en']}" if text else finding


def camera_domains() -> tuple[str, ...]:
    return tuple(_texts()["camera_domains"])


def rule_of(con: duckdb.DuckDBPyConnection, finding: str, day: date) -> Rule:
    """The rule of a finding on a business date. Raises LookupError for a finding that has none."""
    texts = _texts()
    text = texts["findings"].get(finding)
    if text is None:
        raise LookupError(f"no finding is called {finding!r}; there are {', '.join(known_findings())}")
    laws, law = texts[_LAWS], text.get("legal")
    parameters = load_contract("truck_gps").parameters
    return Rule(
        finding=finding,
        name_zh=text["name_zh"],
        name_en=text["name_en"],
        text_zh=text["rule_zh"],
        text_en=text["rule_en"],
        legal_basis_zh=laws["haulage"] + (laws[law] if law else ""),
        legal_basis_en=laws["haulage_en"] + (" " + laws[f"{law}_en"] if law else ""),
        measure_unit=text["measure"]["unit"],
        measure_zh=text["measure"]["zh"],
        measure_en=text["measure"]["en"],
        thresholds=tuple(
            Threshold(name, float(parameters[name]), *texts["parameters"][name])
            for name in text["parameters"]
            if name in parameters
        ),
        kpi_code=text["kpi_code"],
        rulebook=_rulebook(con, text["kpi_code"], day),
    )


def _rulebook(con: duckdb.DuckDBPyConnection, kpi_code: str, day: date) -> dict[str, Any]:
    if "kpi_definitions" not in table_names(con, WAREHOUSE, "published"):
        return {}
    wanted = ("kpi_code", "rule_version", "name_zh", "name_en", "formula_zh", "formula_en", "owner", "legal_basis")
    row = con.execute(
        f"""SELECT {", ".join(wanted)} FROM {WAREHOUSE}.published.kpi_definitions
            WHERE kpi_code = ? AND effective_from <= ? AND coalesce(effective_to, DATE '9999-12-31') >= ?
            ORDER BY rule_version DESC LIMIT 1""",
        [kpi_code, day, day],
    ).fetchone()
    return {} if row is None else dict(zip(wanted, row, strict=True))


@cache
def _texts() -> dict[str, Any]:
    texts: dict[str, Any] = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return texts
