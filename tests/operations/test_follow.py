"""What is told of the scheduler's work, with Airflow's answers as it gives them."""

from __future__ import annotations

import io

import pytest

from operations.airflow_client import AirflowError
from operations.console import Console
from operations.follow import Follower


class Answers:
    """Airflow at the edge: the runs it reports at each look, what tasks returned, and queued asset events."""

    def __init__(self, looks, returned=None, due=(), paused=()):
        self.looks, self.values, self.due, self.paused = list(looks), returned or {}, list(due), paused

    def dags(self):
        return {dag_id: dag_id in self.paused for dag_id in ("land_trucks", "build_governance_kpis", "publish_edition")}

    def latest_runs(self):
        runs = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return [{"dag_id": dag_id, "dag_run_id": run_id, "state": state} for dag_id, run_id, state in runs]

    def returned(self, dag_id, run_id, task_id):
        return self.values.get((dag_id, task_id))

    def get(self, path):
        if path.startswith("/dags/build") and self.due:
            return {"queued_events": [self.due.pop()]}
        raise AirflowError("404")


class NoWaiting:
    def wait(self, seconds):
        pass


@pytest.fixture
def told():
    return io.StringIO()


def follower(answers, told):
    return Follower(answers, NoWaiting(), Console(told), ["trucks"])


def test_each_step_is_told_once_with_its_numbers(told):
    landed = {"received": 44, "accepted": 41, "quarantined": 2, "duplicate": 1, "late": 0, "status": "landed"}
    answers = Answers(
        [
            [("land_trucks", "r1", "running")],
            [("build_governance_kpis", "b1", "running"), ("land_trucks", "r1", "success")],
            [
                ("publish_edition", "p1", "queued"),
                ("build_governance_kpis", "b1", "success"),
                ("land_trucks", "r1", "success"),
            ],
            [
                ("publish_edition", "p1", "success"),
                ("build_governance_kpis", "b1", "success"),
                ("land_trucks", "r1", "success"),
            ],
        ],
        {
            ("land_trucks", "land_inbox"): {"feed": "trucks", "files": [landed | {"file": "a.csv"}]},
            ("build_governance_kpis", "build"): {"status": "passed", "dates": ["2026-11-16"]},
            ("publish_edition", "publish"): {"edition": "20261123T010546Z-0f0f0f0f", "status": "published"},
        },
    )
    assert follower(answers, told).follow(timeout_s=60)
    lines = [line.split("] ")[1] for line in told.getvalue().splitlines()]
    assert lines == [
        "landed trucks: 44 rows in 1 file, 41 accepted, 2 quarantined, 1 duplicate",
        "built the KPIs: passed, 1 business date",
        "published edition 20261123T010546Z-0f0f0f0f (published)",
    ]


def test_a_failed_run_is_told_with_the_refused_files(told):
    refused = {"file": "trucks_2026-11-16.csv", "status": "rejected", "reason": "not_utf8", "received": 0}
    answers = Answers(
        [[("land_trucks", "r1", "failed")]],
        {("land_trucks", "land_inbox"): {"feed": "trucks", "files": [refused]}},
    )
    watching = follower(answers, told)
    assert watching.follow(timeout_s=60)
    assert watching.failed == ["land_trucks"]
    assert "1 file refused, which marks the run failed:\n" in told.getvalue()
    assert "feed trucks, file trucks_2026-11-16.csv, date 2026-11-16: not_utf8" in told.getvalue()


def test_an_event_that_waits_for_the_build_is_waited_for(told):
    answers = Answers([[("land_trucks", "r1", "success")]], due=["event"])
    watching = follower(answers, told)
    watching.forget_finished()
    assert watching.follow(timeout_s=60)
    assert answers.due == []


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_paused_dag_is_not_waited_for_whatever_lies_before_it(told, state):
    looks = [[("build_governance_kpis", "b1", state), ("land_trucks", "r1", "success")]]
    assert not follower(Answers(looks), told).follow(timeout_s=0.01)
    assert follower(Answers(looks, due=["event"], paused=["build_governance_kpis"]), told).follow(timeout_s=60)


def test_runs_of_earlier_days_are_not_told_again(told):
    answers = Answers([[("publish_edition", "p1", "success")]])
    watching = follower(answers, told)
    watching.forget_finished()
    watching.follow(timeout_s=60)
    assert told.getvalue() == ""


def test_waiting_has_an_end(told):
    assert not follower(Answers([[("land_trucks", "r1", "running")]]), told).follow(timeout_s=0.01)
