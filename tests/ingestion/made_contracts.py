"""Contracts made for a test out of the cameras' own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ingestion.contracts import CONTRACTS_FOLDER


def changed(folder: Path, feed: str, change: Callable[[dict[str, Any]], None]) -> None:
    """A copy of a product contract under another name, changed."""
    contract = yaml.safe_load((CONTRACTS_FOLDER / "cameras.odcs.yaml").read_text(encoding="utf-8"))
    contract["name"] = feed
    change(contract)
    (folder / f"{feed}.odcs.yaml").write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")


def with_columns(*names: str) -> Callable[[dict[str, Any]], None]:
    """The change that adds text columns of these names."""

    def change(contract: dict[str, Any]) -> None:
        contract["schema"][0]["properties"] += [
            {"name": name, "logicalType": "string", "physicalType": "VARCHAR", "description": "Text."} for name in names
        ]

    return change
