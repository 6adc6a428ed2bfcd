"""From a figure to its rule, rows, files and editions."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from ingestion.contracts import load_contract
from lake.home import Home
from pipeline.explain import explain
from pipeline.publish import publish_edition
from tests.pipeline.district import DAY, LATER, at, lakes, land_events, rebuilt, served
from tests.pipeline.test_restatement_causes import RAISE

pytestmark = pytest.mark.timeout(900)
D = date.fromisoformat(DAY)


def layers(answer: dict[str, Any]) -> dict[str, int]:
    return {layer["model"]: layer["rows"] for layer in answer["layers"]}


def test_a_figure_leads_to_its_rule_rows_files_and_edition(district: Home) -> None:
    answer = explain(district, "incidents_illegal_parking", "310117", D)
    assert (answer["figure"]["value"], answer["figure"]["status"], answer["figure"]["coverage"]) == (2.0, "ok", 1.0)
    assert answer["rule"]["formula_zh"] and answer["rule"]["formula_en"] and answer["rule"]["owner"]
    ((edition, snapshot),) = served(district, "SELECT edition, bronze_snapshot FROM editions")
    assert (answer["edition"]["edition"], answer["as_of"]["bronze"]) == (edition, snapshot)
    counts = layers(answer)
    assert (counts["kpi_values"], counts["mart_kpi_values"], counts["mart_event_counts"]) == (1, 1, 1)
    assert (counts["mart_kpi_measures"], counts["mart_kpi_incidents"]) == (1, 1)
    assert (counts["int_incidents"], counts["stg_detection_events"], counts["stg_cameras"]) == (2, 2, 1)
    assert "mart_fleet" not in counts, "no truck is behind an incident"
    files = {source["feed"]: source for source in answer["sources"]}
    events = files["detection_events"]
    assert (events["rows"], events["first_line"], events["last_line"]) == (2, 1, 2)
    assert events["file"] == f"detection_events_{DAY}_p01.ndjson"
    assert len(events["sha256"]) == 64
    assert {"cameras", "camera_status"} <= files.keys()
    assert answer["rows"] is None
    assert json.dumps(answer, default=str)


def test_it_is_the_state_of_the_edition_and_not_of_what_landed_since(district: Home) -> None:
    land_events(district, "p02", [at(15, 3)])
    answer = explain(district, "incidents_total", "310117", D)
    assert [s["file"] for s in answer["sources"] if s["feed"] == "detection_events"] == [
        f"detection_events_{DAY}_p01.ndjson"
    ]
    rebuilt(district, RAISE)
    publish_edition(district, now=LATER)
    answer = explain(district, "incidents_total", "310117", D)
    assert len([s for s in answer["sources"] if s["feed"] == "detection_events"]) == 2
    assert [step["value"] for step in answer["history"]] == [2.0, 3.0]
    (restatement,) = answer["restatements"]
    assert (restatement["cause"], restatement["as_published_value"]) == ("late_file", 2.0)


def test_persons_are_counted_and_never_named(district: Home) -> None:
    answer = explain(district, "residents_total", "310117", D, with_rows=True)
    assert answer["figure"]["status"] == "no_data"
    assert answer["rows"] == []
    assert {source["feed"] for source in answer["sources"]} <= {"population_records"}
    text = json.dumps(explain(district, "trucks_reporting_rate", "310117", D, with_rows=True), default=str)
    assert "_key" not in text


def test_rows_that_may_be_shown_are_named_with_file_and_line_to_those_entitled(district: Home) -> None:
    table = "warehouse.marts.mart_parking_rows"
    with lakes(district) as con:
        con.execute(
            f"""CREATE TABLE {table} AS
                SELECT 'incidents_total' AS kpi_code, '310117' AS area_code, business_date, event_id AS row_id,
                       true AS is_in_numerator, false AS is_in_denominator, 'detection_events' AS feed,
                       business_date AS told_on
                FROM bronze.detection_events
                UNION ALL SELECT 'incidents_total', '310117', DATE '{DAY}', 'p1', true, false, 'population_records',
                                 DATE '{DAY}'"""
        )
    rebuilt(district, RAISE)
    publish_edition(district, now=LATER)
    manifest = district.root / "dbt" / "target" / "manifest.json"
    facts = json.loads(manifest.read_text())
    node = dict(facts["nodes"]["model.yunjian.mart_event_counts"])
    node |= {"name": "mart_parking_rows", "alias": "mart_parking_rows"}
    node["config"] = {**node["config"], "meta": {"kpi_rows": True}}
    facts["nodes"]["model.yunjian.mart_parking_rows"] = node
    manifest.write_text(json.dumps(facts))
    assert explain(district, "incidents_total", "310117", D)["rows"] is None
    rows = explain(district, "incidents_total", "310117", D, with_rows=True)["rows"]
    # The rows of a feed with personal data are left out, whatever a mart says.
    assert load_contract("population_records").has_personal_data
    assert [(row["row_id"], row["line"]) for row in rows] == [("e1", 1), ("e2", 2)]
    assert {row["file"] for row in rows} == {f"detection_events_{DAY}_p01.ndjson"}


@pytest.mark.parametrize(
    ("kpi", "area", "day", "says"),
    [
        ("incidents", "310117", D, "no KPI is called 'incidents'"),
        ("incidents_total", "310118", D, "no area has the code '310118'"),
        ("gps_completeness", "310117001", D, "is not published for 310117001"),
        ("incidents_total", "310117", D.replace(day=1), f"figures from {DAY} to {DAY}"),
    ],
)
def test_what_is_not_there_is_told_apart(district: Home, kpi: str, area: str, day: date, says: str) -> None:
    with pytest.raises(LookupError, match=says):
        explain(district, kpi, area, day)


def test_before_the_first_edition_there_is_nothing_to_explain(home: Home) -> None:
    with pytest.raises(LookupError, match="nothing has been published"):
        explain(home, "incidents_total", "310117", D)
