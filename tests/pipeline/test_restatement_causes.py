"""The cause of a restatement follows from what happened between the editions, with the evidence for it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion.contracts import CONTRACTS_FOLDER
from ingestion.replay import replay
from lake.commit import commit
from lake.home import Home
from lake.lakes import BRONZE
from pipeline.build import build
from pipeline.lineage import Lineage
from pipeline.publish import publish_edition
from pipeline.restate import approve_restatements, list_restatements
from tests.ingestion.landed import land
from tests.pipeline.district import CAMERAS, CLOSED, DAY, LATER, at, lakes, land_events, rebuilt, served

pytestmark = pytest.mark.timeout(900)
TOTAL = "kpi_code = 'incidents_total' AND area_code = '310117'"
RAISE = f"UPDATE warehouse.published.kpi_values SET value = value + 1, numerator = numerator + 1 WHERE {TOTAL}"


def restated(home: Home, *, now: datetime = LATER) -> tuple[str, dict[str, Any]]:
    """Cause and evidence of the district's incidents, after publishing."""
    published = publish_edition(home, now=now)
    assert published["status"] == "published", published
    ((cause, evidence),) = served(
        home, f"SELECT cause, evidence FROM restatements WHERE {TOTAL} AND edition = ?", published["edition"]
    )
    return str(cause), json.loads(evidence)


def test_a_file_that_arrived_after_the_edition_is_late_and_is_named(district: Home) -> None:
    report = land_events(district, "p02", [at(15, 3), at(17, 4)])
    assert build(district, now=LATER).status == "passed"  # by dbt itself; the tests below spare its seconds
    cause, evidence = restated(district)
    assert cause == "late_file"
    (file,) = evidence["files"]
    assert (file["feed"], file["file"], file["sha256"]) == ("detection_events", report.file, report.sha256)
    assert (file["new_rows"], file.get("replaced_rows")) == (2, None)
    assert served(district, f"SELECT numerator_delta, change FROM restatements WHERE {TOTAL}") == [(2.0, "value")]
    # Every figure that changed is in the ledger, and no other.
    listed = {row["kpi_code"] for row in list_restatements(district)}
    assert {"incidents_total", "incidents_illegal_parking"} <= listed
    assert "camera_coverage" not in listed


def test_a_newer_row_of_the_same_key_is_a_correction(district: Home) -> None:
    land_events(district, "p02", [at(9, 1, event_type="site_dust", received_at=f"{DAY}T20:00:00+08:00")])
    rebuilt(district, RAISE)
    cause, evidence = restated(district)
    assert cause == "correction"
    assert [(file["kind"], file["replaced_rows"]) for file in evidence["files"]] == [("correction", 1)]


def test_a_register_that_came_later_counts_for_the_dates_it_is_in_effect_on(district: Home) -> None:
    rows = CAMERAS + "31011700101320000002,310117001,121.2277,31.0322,WGS84,street,2024-01-01,\n"
    land(district, "cameras", f"cameras_{DAY}_p02.csv", rows.encode(), now=LATER)
    rebuilt(district, RAISE)
    cause, evidence = restated(district)
    assert (cause, [file["feed"] for file in evidence["files"]]) == ("late_file", ["cameras"])


def test_rows_accepted_after_a_mend_are_a_replay(
    district: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = CONTRACTS_FOLDER / "codes" / "event_types.csv"
    mended = tmp_path / "contracts"
    (mended / "codes").mkdir(parents=True)
    for file in CONTRACTS_FOLDER.glob("*.odcs.yaml"):
        (mended / file.name).write_text(file.read_text())
    for file in codes.parent.glob("*.csv"):
        (mended / "codes" / file.name).write_text(file.read_text())
    with (mended / "codes" / "event_types.csv").open("a") as file:
        columns = codes.read_text().splitlines()[0].count(",")
        file.write("no_such_type" + "," * columns + "\n")
    monkeypatch.setattr("ingestion.contracts.CONTRACTS_FOLDER", mended)
    assert replay(district, "detection_events", LATER)["accepted"] == 1
    rebuilt(district, RAISE, code_version="mended")
    cause, evidence = restated(district)
    assert cause == "replay"
    assert [file["kind"] for file in evidence["files"]] == ["replay"]
    assert evidence["code_version"][1] == "mended"


def test_another_version_of_the_rule_is_the_cause_whatever_else_arrived(district: Home) -> None:
    land_events(district, "p02", [at(15, 3)])
    columns = "kpi_code, name_zh, name_en, domain, unit, better, areas, variant"
    rebuilt(
        district,
        f"""INSERT INTO warehouse.published.kpi_definitions ({columns}, rule_version)
            SELECT {columns}, '2' FROM warehouse.published.kpi_definitions WHERE kpi_code = 'incidents_total'""",
        RAISE.replace("SET ", "SET rule_version = '2', "),
    )
    cause, evidence = restated(district)
    assert (cause, evidence["rule_version"]) == ("rule_change", ["1", "2"])


def test_a_rule_that_changed_under_its_old_version_does_not_go_unnoticed(district: Home) -> None:
    floor = "UPDATE warehouse.published.kpi_definitions SET coverage_floor = 0.7 WHERE kpi_code = 'incidents_total'"
    rebuilt(district, floor, RAISE, code_version="other")
    cause, evidence = restated(district)
    assert (cause, evidence["rule_changed"]) == ("rule_change", ["coverage_floor"])


def test_other_code_is_the_cause_when_no_row_and_no_rule_changed(district: Home) -> None:
    rebuilt(district, RAISE, code_version="other")
    cause, evidence = restated(district)
    assert cause == "code_change"
    assert evidence["code_version"][1] == "other"
    assert "files" not in evidence


def test_another_map_is_a_cause_of_its_own(district: Home) -> None:
    with lakes(district) as con, commit(con, BRONZE, author="test", message="map", extra={"action": "geography"}):
        con.execute("INSERT INTO bronze.geography_installs SELECT * FROM bronze.geography_installs LIMIT 1")
    rebuilt(district, RAISE)
    assert restated(district)[0] == "map_change"


def test_rows_of_another_date_explain_a_figure_that_looks_back(district: Home) -> None:
    earlier = DAY.replace("22", "20")
    record = at(9, 5) | {"detected_at": f"{earlier}T09:00:00+08:00"}
    land_events(district, "p02", [record])
    rebuilt(district, RAISE)
    cause, evidence = restated(district)
    assert (cause, evidence["files"][0]["business_date"]) == ("late_file", earlier)


def test_what_nothing_explains_says_so(district: Home) -> None:
    rebuilt(district, RAISE)
    assert restated(district)[0] == "unexplained"


def test_commits_that_have_expired_leave_the_time_of_landing(district: Home) -> None:
    land_events(district, "p02", [at(15, 3)])
    rebuilt(district, RAISE, "UPDATE warehouse.main.editions SET bronze_snapshot = NULL")
    cause, evidence = restated(district)
    assert cause == "late_file"
    assert [file["file"] for file in evidence["files"]] == [f"detection_events_{DAY}_p02.ndjson"]


def test_a_mart_that_names_its_rows_tells_which_flipped(district: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    table = "warehouse.marts.mart_parking_rows"
    row = "'incidents_total', '310117', DATE '" + DAY + "'"
    rows = f"SELECT {row}, unnest(['a', 'b']), true, true"
    with lakes(district) as con:
        con.execute(
            f"CREATE TABLE {table} (kpi_code VARCHAR, area_code VARCHAR, business_date DATE, row_id VARCHAR, "
            "is_in_numerator BOOLEAN, is_in_denominator BOOLEAN)"
        )
        con.execute(f"INSERT INTO {table} {rows}")
    rebuilt(district, RAISE, code_version="other")
    publish_edition(district, now=LATER)  # from here on the past of the mart is known
    manifest = district.root / "dbt" / "target" / "manifest.json"
    facts = json.loads(manifest.read_text())
    node = dict(facts["nodes"]["model.yunjian.mart_event_counts"])
    node |= {"name": "mart_parking_rows", "alias": "mart_parking_rows"}
    node["config"] = {**node["config"], "meta": {"kpi_rows": True}}
    facts["nodes"]["model.yunjian.mart_parking_rows"] = node
    manifest.write_text(json.dumps(facts))
    rebuilt(
        district,
        RAISE,
        f"UPDATE {table} SET is_in_numerator = false WHERE row_id = 'a'",
        f"INSERT INTO {table} SELECT {row}, 'c', true, true",
        code_version="third",
    )
    edition = publish_edition(district, now=LATER.replace(hour=9))["edition"]
    newest = next(row for row in list_restatements(district, kpi_code="incidents_total") if row["edition"] == edition)
    assert newest["rows_flipped"] == 2
    assert newest["row_ids"] == {
        "numerator_joined": ["c"],
        "numerator_left": ["a"],
        "denominator_joined": ["c"],
        "denominator_left": [],
    }


def test_a_rule_that_takes_another_measure_rests_on_the_feeds_of_that_measure(district: Home) -> None:
    columns = "name_zh, name_en, domain, unit, better, areas, variant"
    rebuilt(
        district,
        "DROP VIEW warehouse.marts.mart_kpi_definitions",
        """CREATE TABLE warehouse.marts.mart_kpi_definitions AS
           SELECT 'parking' AS kpi_code, '1' AS rule_version, 'incidents_illegal_parking' AS measure""",
        f"""INSERT INTO warehouse.published.kpi_definitions (kpi_code, rule_version, {columns})
            SELECT 'parking', '1', {columns} FROM warehouse.published.kpi_definitions WHERE kpi_code = 'incidents_total'""",
        f"""INSERT INTO warehouse.published.kpi_values
            SELECT * REPLACE ('parking' AS kpi_code) FROM warehouse.published.kpi_values WHERE {TOTAL}""",
    )
    publish_edition(district, now=LATER)
    trucks = (
        "plate_no,terminal_id,carrier,approved_on,valid_until\n沪A12345,013912345678,东明渣土,2026-01-01,2027-01-01\n"
    )
    assert land(district, "trucks", f"trucks_{DAY}.csv", trucks.encode(), now=LATER).accepted == 1
    rebuilt(district, "UPDATE warehouse.published.kpi_values SET value = 9 WHERE kpi_code = 'parking'")
    publish_edition(district, now=LATER.replace(hour=9))
    # A register of trucks arrived, which is nothing to parked cars: it is no explanation.
    assert served(district, "SELECT cause FROM restatements WHERE kpi_code = 'parking'") == [("unexplained",)]


def test_feeds_of_a_kpi_follow_from_the_models_it_is_made_of(district: Home) -> None:
    lineage = Lineage(district)
    with lakes(district) as con:
        feeds = lineage.feeds_by_measure(con)
    assert feeds["camera_coverage"] >= {"cameras", "camera_status"}
    assert "detection_events" in feeds["incidents_total"]
    assert "truck_gps" not in feeds["incidents_total"]
    # A KPI without a row yet (no truck has reported) is found by the models that name it.
    (mart,) = lineage.marts_naming("gps_completeness")
    assert lineage.feeds_of(mart) == {"truck_gps", "trucks"}


def test_a_pending_change_is_listed_approved_by_a_person_and_then_published(district: Home) -> None:
    land_events(district, "p02", [at(15, 3)])
    rebuilt(district, RAISE)
    publish_edition(district, now=CLOSED)
    shown = f"SELECT value, pending_value FROM kpi_values WHERE {TOTAL}"
    assert served(district, shown) == [(2.0, 3.0)]
    (pending,) = list_restatements(district, state="pending", month=CLOSED.date().replace(month=11))
    assert (pending["cause"], pending["as_published_value"], pending["now_value"]) == ("late_file", 2.0, 3.0)
    with pytest.raises(LookupError, match="names 0 pending"):
        approve_restatements(district, ["ffff"], approved_by="Wang Li", reason="seen", now=CLOSED)
    with pytest.raises(ValueError, match="say which"):
        approve_restatements(district, approved_by="Wang Li", reason="seen", now=CLOSED)
    with pytest.raises(ValueError, match="name and a reason"):
        approve_restatements(district, [pending["restatement_id"]], approved_by=" ", reason="seen", now=CLOSED)
    result = approve_restatements(
        district, [pending["restatement_id"][:6]], approved_by="Wang Li", reason="file found", now=CLOSED
    )
    assert result["publication"]["status"] == "published"
    assert served(district, shown) == [(3.0, None)]
    (approved,) = list_restatements(district, state="approved")
    assert (approved["approved_by"], approved["approval_reason"]) == ("Wang Li", "file found")
    assert list_restatements(district, state="pending") == []
    with pytest.raises(ValueError, match="no restatement is"):
        list_restatements(district, state="open")
