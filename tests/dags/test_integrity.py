"""The laws every DAG of the folder keeps."""

import importlib.util
from pathlib import Path

import pytest

from operations.airflow_config import DAGS_FOLDER
from operations.up import product_dags


def test_every_dag_file_can_be_read(bag):
    assert bag["errors"] == {}


def test_reading_the_dags_imports_nothing_heavy(bag):
    assert bag["heavy"] == []


def test_the_dags_that_up_waits_for_are_the_dags_there_are(dags):
    assert sorted(dags) == sorted(product_dags())


def test_one_run_at_a_time_and_none_for_the_past(dags):
    for dag_id, dag in dags.items():
        assert dag["max_active_runs"] == 1, dag_id
        assert dag["catchup"] is False, dag_id


def test_what_was_due_before_a_dag_was_there_is_not_made_up_for(dags):
    timed = {dag_id: dag["first_run"] for dag_id, dag in dags.items() if dag["cron"]}
    assert timed["lake_maintenance"] == "2026-11-23T19:30:00+00:00"
    assert {first[:10] for first in timed.values()} == {"2026-11-23"}


def test_every_dag_is_documented_and_says_that_a_re_run_is_safe(dags):
    for dag_id, dag in dags.items():
        assert "Re-run, clear, backfill: safe" in dag["doc"], dag_id


def test_every_task_has_an_owner_and_tells_of_its_failure(dags):
    for dag_id, dag in dags.items():
        for task_id, task in dag["tasks"].items():
            assert task["owner"] not in ("", "airflow"), f"{dag_id}.{task_id}"
            assert task["alerts"], f"{dag_id}.{task_id}"


def test_every_task_that_writes_a_lake_holds_its_pool_and_retries_with_backoff(dags):
    for dag_id, dag in dags.items():
        for task_id, task in dag["tasks"].items():
            if task_id == "report_refused":  # reads a report; a retry would not mend the file
                continue
            pool = "bronze_writer" if dag_id.startswith("land_") else "warehouse_writer"
            assert (task["pool"], task["slots"]) == (pool, 1), f"{dag_id}.{task_id}"
            assert task["retries"] >= 2, f"{dag_id}.{task_id}"
            assert task["backoff"], f"{dag_id}.{task_id}"
            assert task["timeout"], f"{dag_id}.{task_id}"


@pytest.mark.parametrize("path", sorted(DAGS_FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_no_dag_file_is_named_like_an_importable_package(path: Path):
    # Airflow puts dags/ on the path: a file named like a package would be imported in its place.
    spec = importlib.util.find_spec(path.stem)
    assert spec is None or Path(spec.origin or "").parent == DAGS_FOLDER


@pytest.mark.parametrize("path", sorted(DAGS_FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_a_dag_file_stays_thin(path: Path):
    assert len(path.read_text().splitlines()) <= 100
