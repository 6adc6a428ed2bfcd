"""Another city's export as the feed `cases` itself: the shipped contract with the city's column names, zone and words."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestion import contracts
from ingestion.landing import land_files
from lake.home import Home
from lake.reader import query
from pipeline.build import build

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
PROJECT = Path(__file__).parents[2]
# What the city calls a column, its zone, its words; everything else of the contract stands.
SOURCES = {
    "case_id": "case_enquiry_id",
    "category_code": "type",
    "filed_at": "open_dt",
    "deadline_at": "target_dt",
    "closed_at": "closed_dt",
    "unit_code": "department",
}
WORDS = {
    "source": {"Constituent Call": "hotline", "City Worker App": "patrol"},
    # The city sets no target for requests of four of its types.
    "category_code": {
        "General Comments For a Program or Policy": "comment", "Needle Pickup": "untimed_request",
        "Misc. Snow Complaint": "untimed_request", "CE Collection": "random_garbage",
        "Sidewalk Cover / Manhole": "untimed_request", "Loud Parties/Music/People": "untimed_request",
        "Unsatisfactory Utilities - Electrical  Plumbing": "utilities", "Unsatisfactory Living Conditions": "living",
    },
}  # fmt: skip


def adopted(folder: Path) -> Path:
    """The product's contracts, that of the cases as the city writes them."""
    folder.mkdir()
    for path in contracts.CONTRACTS_FOLDER.iterdir():
        if path.name != "cases.odcs.yaml":
            (folder / path.name).symlink_to(path)
    contract = yaml.safe_load((contracts.CONTRACTS_FOLDER / "cases.odcs.yaml").read_text(encoding="utf-8"))
    for column in contract["schema"][0]["properties"]:
        more: list[dict[str, Any]] = column.setdefault("customProperties", [])
        for custom in more:
            if custom["property"] == "zone":
                custom["value"] = "America/New_York"
        if column["name"] in SOURCES:
            more.append({"property": "source", "value": SOURCES[column["name"]]})
        if column["name"] in WORDS:
            more.append({"property": "synonyms", "value": WORDS[column["name"]]})
    (folder / "cases.odcs.yaml").write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
    return folder


@pytest.mark.slow
def test_boston_s_cases_go_through_the_models_and_are_on_time_where_the_city_says_so(
    home: Home, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contracts, "CONTRACTS_FOLDER", adopted(tmp_path / "contracts"))
    export = tmp_path / "cases_2022-06-01.csv"
    export.write_bytes((shared_data / "real/boston_311_first_10.csv").read_bytes())
    (file,) = land_files(home, "cases", [export], now=NOW).files
    assert (file.status, file.received, file.accepted) == ("landed", 10, 10)
    report = build(home, now=NOW)
    assert report.status == "passed", report.failures
    judged = query(
        home,
        "SELECT case_id, deadline_basis, coalesce(is_on_time, deadline_at IS NULL OR deadline_date > DATE '2022-06-01') "
        "AS is_on_time FROM intermediate.int_cases",
    )["rows"]
    with export.open(encoding="utf-8", newline="") as text:
        city = {row["case_enquiry_id"]: row for row in csv.DictReader(text)}
    assert len(judged) == 10
    for row in judged:
        theirs = city[row["case_id"]]
        assert row["deadline_basis"] == ("given" if theirs["target_dt"] else "none"), row
        assert row["is_on_time"] == (theirs["ontime"] == "ONTIME"), row
    published = query(
        home,
        "SELECT filed, closed, open_cases FROM marts.mart_case_counts WHERE period = '30d' AND dimension = 'district' "
        "AND business_date = DATE '2022-06-01'",
    )["rows"]
    assert [(row["closed"], row["open_cases"]) for row in published] == [(0, 5)]
