"""The DAGs as Airflow reads them, in a process of its own: Airflow takes its configuration when it is first imported."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from lake.home import Home
from operations.airflow_config import write_config
from operations.component_environment import component_environment

READ = """
import json, sys
from datetime import UTC, datetime
import time_machine
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction
from airflow.dag_processing.dagbag import DagBag
before = set(sys.modules)
bag = DagBag(sys.argv[1])
heavy = sorted({"duckdb", "pandas", "polars", "great_expectations", "dbt", "geopandas", "pyarrow"} & (set(sys.modules) - before))
def uris(node):
    parts = getattr(node, "objects", None)
    return [node.uri] if parts is None else [uri for part in parts for uri in uris(part)]
def condition(timetable):
    assets = getattr(timetable, "asset_condition", None)
    return sorted(uris(assets)) if getattr(assets, "objects", None) or hasattr(assets, "uri") else []
def first_run(dag):
    "As the scheduler reckons it for a DAG that is new at 03:40 in Shanghai, soon after the times of all of them."
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    with time_machine.travel(datetime(2026, 11, 22, 19, 40, tzinfo=UTC), tick=False):
        restriction = TimeRestriction(earliest=None, latest=None, catchup=False)
        found = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    return found and found.run_after.isoformat()
def describe(dag):
    return {
        "first_run": first_run(dag),
        "cron": getattr(dag.timetable, "expression", None),
        "timezone": str(getattr(dag.timetable, "timezone", None)),
        "assets": condition(dag.timetable),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "doc": dag.doc_md or "",
        "tasks": {t.task_id: {
            "pool": t.pool, "slots": t.pool_slots, "retries": t.retries, "owner": t.owner,
            "backoff": t.retry_exponential_backoff, "timeout": bool(t.execution_timeout),
            "outlets": [o.uri for o in t.outlets], "alerts": bool(t.on_failure_callback),
            "downstream": sorted(t.downstream_task_ids)} for t in dag.tasks},
    }
print(json.dumps({"errors": bag.import_errors, "heavy": heavy, "dags": {k: describe(d) for k, d in bag.dags.items()}}))
"""


@pytest.fixture(scope="session")
def read_dags(tmp_path_factory):
    """A function: reads dags/ with further environment variables, and returns what Airflow made of it."""

    def read(**further: str):
        home = Home(tmp_path_factory.mktemp("dags") / "var").ensure()
        write_config(home, 18080)
        from operations.airflow_config import DAGS_FOLDER

        done = subprocess.run(
            [sys.executable, "-c", READ, str(DAGS_FOLDER)],
            env=component_environment(home) | further,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return read


@pytest.fixture(scope="session")
def bag(read_dags):
    return read_dags()


@pytest.fixture(scope="session")
def dags(bag):
    return bag["dags"]
