"""What dbt knows of bronze, written from the contracts: `python -m ingestion.dbt_sources [--check]`.

Two generated files, held to the contracts by a drift test: the source YAML (tables, columns, descriptions, personal-data
class) and the seed of the contracts' parameters.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from ingestion.bronze_tables import BOOKKEEPING_TABLES
from ingestion.contracts import CONTRACTS_FOLDER, Contract, all_contracts

PROJECT = Path(__file__).parents[1]
SOURCES_FILE = PROJECT / "dbt_project" / "models" / "staging" / "_bronze__sources.yml"
PARAMETERS_FILE = PROJECT / "dbt_project" / "seeds" / "contract_parameters.csv"

_PROVENANCE = {
    "business_date": "Date the row counts for, in Asia/Shanghai.",
    "_file_sha256": "SHA-256 of the received file the row came from; see `landing_files`.",
    "_line": "Line (or row) of that file, from 1.",
}
_BOOKKEEPING = {
    "landing_files": "One row per received file: what it was and how its rows were accounted for.",
    "landing_accounting": "One row per received file and business date: received = accepted + quarantined + duplicate.",
    "quarantine": "One row per refused row, with its raw content (sealed where the feed has personal data) and the reason.",
    "batch_gates": "One row per expectation checked on one received file.",
    "expired_dates": "One row per feed and business date whose rows retention has deleted.",
}
_GEOGRAPHY = {
    "geography_townships": "One row per township of the installed map.",
    "geography_cells": "One row per grid cell that lies in one township.",
    "geography_edges": "One row per border edge that an exact test in a border cell needs.",
    "geography_installs": "One row per map ever installed.",
}


def render_sources(contracts: Sequence[Contract]) -> str:
    """The dbt source YAML of all bronze tables."""
    tables: list[dict[str, Any]] = [_feed(contract) for contract in contracts]
    for name, columns in BOOKKEEPING_TABLES.items():
        described = [{"name": column, "data_type": kind.lower()} for column, kind in columns.items()]
        tables.append({"name": name, "description": _BOOKKEEPING[name], "columns": described})
    tables += [{"name": name, "description": text} for name, text in _GEOGRAPHY.items()]
    document = {
        "version": 2,
        "sources": [
            {
                "name": "bronze",
                "description": "Typed rows as landed, read at the snapshot the build pinned.",
                "database": "bronze",
                "schema": "main",
                "tables": tables,
            }
        ],
    }
    head = "# Generated from data_contracts/ by `python -m ingestion.dbt_sources`; edit the contracts instead.\n"
    return head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def render_parameters(contracts: Sequence[Contract]) -> str:
    """The seed CSV of the contracts' parameters: feed, parameter, value."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["feed", "parameter", "value"])
    for contract in contracts:
        lines.writerows([contract.feed, name, value] for name, value in contract.parameters.items())
    return text.getvalue()


def _feed(contract: Contract) -> dict[str, Any]:
    columns = [
        {
            "name": column.name,
            "description": column.description,
            "data_type": column.type.lower(),
            "config": {"meta": {"classification": column.classification}},
        }
        for column in contract.stored_columns
    ]
    columns += [{"name": name, "description": text} for name, text in _PROVENANCE.items()]
    return {
        "name": contract.feed,
        "description": contract.description,
        "config": {"meta": {"contract_version": contract.version, "owner": contract.owner}},
        "columns": columns,
    }


def drift() -> list[str]:
    """The generated files that do not say what the product's own contracts say."""
    return [str(path.relative_to(PROJECT)) for path, text in _expected().items() if _differs(path, text)]


def write() -> None:
    """Write both generated files."""
    for path, text in _expected().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _expected() -> dict[Path, str]:
    # Trial contracts named in YUNJIAN_CONTRACTS are not part of the project's own models.
    contracts = [contract for contract in all_contracts() if contract.path.parent == CONTRACTS_FOLDER]
    return {SOURCES_FILE: render_sources(contracts), PARAMETERS_FILE: render_parameters(contracts)}


def _differs(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") != text


def main(arguments: Sequence[str]) -> int:
    """`--check` only reports drift (exit 1); otherwise the files are written."""
    if "--check" not in arguments:
        write()
        return 0
    stale = drift()
    for path in stale:
        print(f"{path} does not match data_contracts/; mend: python -m ingestion.dbt_sources", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
