"""Brings a freshly started Airflow to the point where its DAGs run: healthy, pools made, DAGs read and unpaused."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable

from lake.home import Home
from operations.airflow_client import AirflowClient
from operations.airflow_config import POOLS
from operations.supervisor import Supervisor

_COMPONENTS = ("metadatabase", "scheduler", "dag_processor")


class NotReady(RuntimeError):
    """A component did not come up in time."""


def wait_until_healthy(airflow: AirflowClient, supervisor: Supervisor, *, timeout_s: float = 240) -> None:
    """Raises NotReady after `timeout_s`, or ComponentDied as soon as a component ends."""
    deadline = time.monotonic() + timeout_s
    while True:
        health = airflow.health()
        if all(health.get(component) == "healthy" for component in _COMPONENTS):
            return
        if time.monotonic() > deadline:
            raise NotReady(f"Airflow is not healthy after {timeout_s:.0f} s: {health or 'no answer'}; see logs/up.log")
        supervisor.wait(0.5)


def make_pools(airflow: AirflowClient) -> None:
    for name, description in POOLS.items():
        airflow.ensure_pool(name, 1, description)


def wait_for_dags(
    airflow: AirflowClient, supervisor: Supervisor, expected: Iterable[str], timeout_s: float = 120
) -> None:
    """Waits until the DAG processor has read every expected DAG. Raises NotReady, with Airflow's import errors."""
    wanted = set(expected)
    deadline = time.monotonic() + timeout_s
    while missing := wanted - airflow.dags().keys():
        if time.monotonic() > deadline:
            errors = "\n".join(f"{file}: {trace}" for file, trace in airflow.import_errors().items())
            raise NotReady(f"DAGs not read after {timeout_s:.0f} s: {', '.join(sorted(missing))}\n{errors}".rstrip())
        supervisor.wait(0.5)


def unpause_new(home: Home, airflow: AirflowClient, dag_ids: Iterable[str]) -> list[str]:
    """Unpauses the DAGs this home has not run before, and leaves those that people paused; returns the former."""
    path = home.airflow / "introduced_dags.json"
    known = set(json.loads(path.read_text())) if path.exists() else set()
    new = sorted(set(dag_ids) - known)
    for dag_id in new:
        airflow.unpause(dag_id)
    path.write_text(json.dumps(sorted(known | set(new))))
    return new
