from __future__ import annotations

import os
from pathlib import Path

import pytest

from ingestion import bronze_tables
from ingestion.bronze_tables import ensure_bronze_tables, feed_columns
from ingestion.contracts import CONTRACTS_FOLDER, BadContract, UnknownFeed, all_contracts, load_contract
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, attach
from tests.ingestion.made_contracts import changed, with_columns

EXAMPLES = CONTRACTS_FOLDER.parent / "examples" / "feeds"


def test_the_core_feeds_have_contracts_that_fit_together() -> None:
    feeds = {contract.feed: contract for contract in all_contracts()}
    assert set(feeds) >= {"detection_events", "truck_gps", "population_records", "cameras", "camera_status", "trucks"}
    for contract in feeds.values():
        contract.check()
        assert contract.owner and contract.schedule and contract.retention_days > 0 and contract.description


def test_no_identity_is_stored_under_its_own_name() -> None:
    for contract in all_contracts():
        stored = {column.source: column for column in contract.stored_columns}
        for column in contract.columns:
            if column.treatment is not None and column.treatment.kind in ("hmac", "hmac_list"):
                assert stored[column.name].name != column.name and stored[column.name].type == "VARCHAR"
    assert {c.name for c in load_contract("population_records").stored_columns}.isdisjoint(
        {"name", "phone", "id_number"}
    )
    assert load_contract("population_records").has_personal_data and not load_contract("cameras").has_personal_data


def test_further_folders_add_feeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUNJIAN_CONTRACTS", os.pathsep.join([str(EXAMPLES)]))
    assert load_contract("bus_positions").key == ("vehicle_key", "reported_at")
    assert load_contract("property_requests").column("request_id").sources == ("unique_key",)


def test_an_unknown_feed_lists_the_known_ones() -> None:
    with pytest.raises(UnknownFeed, match=r"no contract for the feed 'nothing'.*cameras"):
        load_contract("nothing")


def test_a_contract_that_cannot_work_is_refused_with_its_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_key(contract: dict) -> None:
        del contract["schema"][0]["properties"][0]["primaryKey"]

    def no_retention(contract: dict) -> None:
        contract["slaProperties"] = [p for p in contract["slaProperties"] if p["property"] != "retention"]

    def strange_column(contract: dict) -> None:
        contract["customProperties"][0]["value"]["longitude"] = "nowhere"

    def strange_geometry(contract: dict) -> None:
        value = {"types": ["POINT"], "within": [119, 29, 123, 33]}
        contract["schema"][0]["properties"][0]["customProperties"] = [{"property": "geometry", "value": value}]

    def strange_group(contract: dict) -> None:
        contract["customProperties"][0]["value"]["together"] = [["camera_id", "elsewhere"]]

    monkeypatch.setenv("YUNJIAN_CONTRACTS", str(tmp_path))
    for change, fault in (
        (no_key, "primary key"),
        (no_retention, "retention"),
        (strange_column, "nowhere"),
        (strange_geometry, "geometry is text of types"),
        (strange_group, "elsewhere"),
        (with_columns("_row"), "_row is taken"),
        (with_columns("rowid"), "rowid is taken"),
        (with_columns("_refused_rule"), "_refused_rule is taken"),
    ):
        changed(tmp_path, "odd", change)
        with pytest.raises(BadContract, match=fault):
            all_contracts()


def test_a_broken_contract_stops_its_own_feed_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUNJIAN_CONTRACTS", str(tmp_path))
    (tmp_path / "odd.odcs.yaml").write_text("schema: [", encoding="utf-8")
    assert load_contract("cameras").feed == "cameras"
    for feed in ("odd", "nothing"):
        with pytest.raises(BadContract, match="odd"):
            load_contract(feed)


def test_a_feed_named_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(tmp_path, "cameras", lambda contract: None)
    monkeypatch.setenv("YUNJIAN_CONTRACTS", str(tmp_path))
    with pytest.raises(BadContract, match="already has"):
        all_contracts()


def test_a_column_added_to_a_contract_is_added_to_its_table(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUNJIAN_CONTRACTS", str(tmp_path))
    changed(tmp_path, "masts", lambda contract: None)
    with open_engine(home) as con:
        attach(con, home, BRONZE)
        ensure_bronze_tables(con, [load_contract("masts")])
        ensure_bronze_tables(con, [load_contract("masts")])
        changed(tmp_path, "masts", with_columns("height"))
        ensure_bronze_tables(con, [load_contract("masts")])
        found = dict(
            con.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'masts'").fetchall()
        )
        assert found == feed_columns(load_contract("masts"))


def test_tables_that_are_made_are_known_by_the_catalog_of_the_lake(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_engine(home) as con:
        attach(con, home, BRONZE)
        ensure_bronze_tables(con, all_contracts())
        monkeypatch.delattr(bronze_tables, "_existing")
        ensure_bronze_tables(con, all_contracts())
        ensure_bronze_tables(con, [load_contract("cameras")])


def test_a_column_of_another_type_or_no_longer_in_the_contract_is_refused(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUNJIAN_CONTRACTS", str(tmp_path))
    changed(tmp_path, "masts", with_columns("height"))
    with open_engine(home) as con:
        attach(con, home, BRONZE)
        ensure_bronze_tables(con, [load_contract("masts")])
        changed(tmp_path, "masts", lambda contract: None)
        with pytest.raises(ValueError, match="height"):
            ensure_bronze_tables(con, [load_contract("masts")])
        con.execute("ALTER TABLE bronze.quarantine ALTER line TYPE HUGEINT")
        with pytest.raises(ValueError, match="quarantine"):
            ensure_bronze_tables(con, [load_contract("cameras")])
