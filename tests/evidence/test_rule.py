"""Every finding that dbt can make has words, a law, numbers of the contract and an entry in the rulebook."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
import yaml

from evidence.rule import known_findings
from evidence.sightings import event_names
from ingestion.contracts import load_contract

PROJECT = Path(__file__).parents[2]
TEXTS = yaml.safe_load((PROJECT / "evidence" / "findings.yml").read_text(encoding="utf-8"))


def test_the_findings_are_those_that_dbt_makes() -> None:
    sql = (PROJECT / "dbt_project" / "models" / "intermediate" / "int_trip_findings.sql").read_text(encoding="utf-8")
    assert set(known_findings()) == set(re.findall(r"'(\w+)' as finding", sql))


def test_every_threshold_is_a_parameter_of_the_contract_and_has_words() -> None:
    named = {name for text in TEXTS["findings"].values() for name in text["parameters"]}
    assert named <= set(load_contract("truck_gps").parameters)
    assert named == set(TEXTS["parameters"])
    assert all(len(words) == 2 and all(words) for words in TEXTS["parameters"].values())


@pytest.mark.parametrize("finding", known_findings())
def test_a_finding_has_both_languages_and_its_rule_is_in_the_rulebook(finding: str) -> None:
    text = TEXTS["findings"][finding]
    for field in ("name", "rule"):
        assert re.search("[\u4e00-\u9fff]", text[f"{field}_zh"])
        assert not re.search("[\u4e00-\u9fff]", text[f"{field}_en"])
    with (PROJECT / "dbt_project" / "seeds" / "kpi_definitions.csv").open(encoding="utf-8", newline="") as file:
        assert text["kpi_code"] in {row["kpi_code"] for row in csv.DictReader(file)}


def test_camera_events_have_names() -> None:
    assert event_names()["truck_uncovered"] == ("渣土车未密闭", "Uncovered truck")
