from __future__ import annotations

import dataclasses

import yaml

from ingestion.contracts import all_contracts
from ingestion.dbt_sources import drift, render_parameters, render_sources


def test_the_dbt_sources_say_what_the_contracts_say() -> None:
    assert drift() == [], "run: python -m ingestion.dbt_sources"


def test_every_stored_column_of_every_contract_is_described() -> None:
    tables = {t["name"]: t for t in yaml.safe_load(render_sources(all_contracts()))["sources"][0]["tables"]}
    for contract in all_contracts():
        named = {column["name"] for column in tables[contract.feed]["columns"]}
        assert {column.name for column in contract.stored_columns} <= named
        assert tables[contract.feed]["description"].startswith("One row per ")
        assert all(column.get("description") for column in tables[contract.feed]["columns"])


def test_dropped_and_renamed_personal_columns_do_not_show_under_their_own_name() -> None:
    text = render_sources(all_contracts())
    for name in ("id_number", "phone", "plate_no", "terminal_id"):
        assert f"name: {name}\n" not in text


def test_a_changed_contract_changes_what_is_generated() -> None:
    contracts = all_contracts()
    events = next(c for c in contracts if c.feed == "detection_events")
    changed = dataclasses.replace(events, parameters={"incident_window_minutes": 45})
    others = [c for c in contracts if c is not events]
    assert render_parameters([changed, *others]) != render_parameters([events, *others])
