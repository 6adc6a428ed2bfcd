"""What `up` asks of the scheduler, with Airflow's answers as it gives them."""

from __future__ import annotations

import io

import pytest

from operations import scheduler_start
from operations.airflow_client import AirflowError
from operations.console import Console
from operations.up import BUILD, PUBLISH, UpOptions, _first_days


class Scheduler:
    """Airflow at the edge: every run it is asked for is done at once, unless people paused its DAG."""

    def __init__(self, *paused):
        self.paused, self.asked = set(paused), []

    def dags(self):
        return {dag_id: dag_id in self.paused for dag_id in DAGS}

    def unpause(self, dag_id):
        self.paused.discard(dag_id)

    def trigger(self, dag_id):
        self.asked.append(dag_id)

    def latest_runs(self):
        return [
            {"dag_id": d, "dag_run_id": "r", "state": "queued" if d in self.paused else "success"} for d in self.asked
        ]

    def returned(self, dag_id, run_id, task_id):
        return None

    def get(self, path):
        raise AirflowError("404")


class NoWaiting:
    def wait(self, seconds):
        pass


DAGS = ["land_trucks", "land_cameras", BUILD, PUBLISH]


@pytest.fixture
def first_days(home):
    for feed in ("trucks", "cameras"):
        (home.inbox / feed).mkdir(parents=True)
        (home.inbox / feed / f"{feed}_2026-11-22.csv").write_text("waits")

    def run(airflow):
        told = io.StringIO()
        options = UpOptions(timeout_s=0.2)
        code = _first_days(home, options, airflow, NoWaiting(), Console(told), ["trucks", "cameras"], DAGS)
        return code, told.getvalue()

    return run


def test_on_the_first_start_everything_that_waits_is_asked_for(first_days):
    airflow = Scheduler(*DAGS)
    first_days(airflow)
    assert airflow.asked == ["land_trucks", "land_cameras", BUILD]


def test_a_feed_that_people_paused_keeps_its_files_and_nobody_waits_for_it(home, first_days):
    first_days(Scheduler(*DAGS))
    home.published_file.parent.mkdir(parents=True, exist_ok=True)
    home.published_file.touch()
    airflow = Scheduler("land_trucks")
    code, told = first_days(airflow)
    assert (code, airflow.asked, airflow.paused) == (0, ["land_cameras"], {"land_trucks"})
    assert "paused in Airflow, and left so: trucks" in told


def test_a_build_that_people_paused_is_named_instead_of_waited_for(home, first_days):
    scheduler_start.unpause_new(home, Scheduler(), DAGS)
    airflow = Scheduler(BUILD)
    code, told = first_days(airflow)
    assert (code, airflow.asked) == (1, ["land_trucks", "land_cameras"])
    assert "paused in Airflow, and left so: the build" in told
    assert "no new edition" in told
