"""Follows the scheduler from landing to publication and says what it did."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from operations.airflow_client import AirflowClient, AirflowError
from operations.console import Console
from operations.supervisor import Supervisor

BUILD, PUBLISH = "build_governance_kpis", "publish_edition"
_COUNTS = ("received", "accepted", "quarantined", "duplicate", "late")
_ACTIVE = {"queued", "running"}


class Follower:
    """Reports each run of the landing, build and publication DAGs once, when it ends."""

    def __init__(self, airflow: AirflowClient, supervisor: Supervisor, console: Console, feeds: list[str]) -> None:
        self._airflow = airflow
        self._supervisor = supervisor
        self._console = console
        self._landing = {f"land_{feed}" for feed in feeds}
        self._told: set[tuple[str, str]] = set()
        self._paused: set[str] = set()
        self.failed: list[str] = []

    def forget_finished(self) -> None:
        """Runs that ended before now are history: only what follows is told."""
        self._told |= {_key(run) for run in self._airflow.latest_runs() if run["state"] not in _ACTIVE}

    def follow(self, *, timeout_s: float, landing_only: bool = False) -> bool:
        """Returns True when no run is active or due any more, False after `timeout_s`.

        A paused DAG is not waited for: what it has to do lies there until people unpause it.
        """
        self._paused = {dag_id for dag_id, paused in self._airflow.dags().items() if paused}
        deadline = time.monotonic() + timeout_s
        still = 0
        while time.monotonic() < deadline:
            # Two quiet looks in a row: a run can end between the look at it and the look at what it starts.
            still = still + 1 if not self._look(landing_only) else 0
            if still == 2:
                return True
            self._supervisor.wait(1.0)
        return False

    def _look(self, landing_only: bool) -> bool:
        """Tells of runs that have ended; True while any is active or due."""
        watched = self._landing if landing_only else {*self._landing, BUILD, PUBLISH}
        runs = [run for run in self._airflow.latest_runs() if run["dag_id"] in watched]
        for run in reversed(runs):
            if run["state"] not in _ACTIVE and _key(run) not in self._told:
                self._told.add(_key(run))
                self._tell(run["dag_id"], run)
        due = not landing_only and any(self._is_due(dag_id) for dag_id in (BUILD, PUBLISH))
        return due or any(run["state"] in _ACTIVE and run["dag_id"] not in self._paused for run in runs)

    def _is_due(self, dag_id: str) -> bool:
        if dag_id in self._paused:
            return False
        try:
            return bool(self._airflow.get(f"/dags/{dag_id}/assets/queuedEvents")["queued_events"])
        except AirflowError:
            return False  # 404: none is queued

    def _tell(self, dag_id: str, run: Mapping[str, Any]) -> None:
        run_id = run["dag_run_id"]
        if dag_id.startswith("land_"):
            feed = dag_id.removeprefix("land_")
            report = self._airflow.returned(dag_id, run_id, "land_inbox")
            if report is None and run["state"] == "success":
                return
            text = f"landed {feed}: {_landed(report)}" if report else f"landing {feed}"
        elif dag_id == BUILD:
            report = self._airflow.returned(dag_id, run_id, "build")
            if report is None and run["state"] == "success":
                return
            text = f"built the KPIs: {_built(report)}" if report else "building the KPIs"
        else:
            report = self._airflow.returned(dag_id, run_id, "publish")
            text = f"published edition {report['edition']} ({report['status']})" if report else "publishing an edition"
        refused = _refused(report)
        if run["state"] != "success":
            self.failed.append(dag_id)
            text += (
                f"; {_count(len(refused), 'file')} refused, which marks the run failed:"
                if refused
                else f"; the run FAILED: see its log in Airflow ({dag_id}, {run_id})"
            )
        self._console.say("\n         ".join([text, *refused]))


def _key(run: Mapping[str, Any]) -> tuple[str, str]:
    return run["dag_id"], run["dag_run_id"]


def _landed(report: Mapping[str, Any]) -> str:
    files = report["files"]
    if not files:
        return "nothing was left to land"
    total = {name: sum(file.get(name) or 0 for file in files) for name in _COUNTS}
    parts = [f"{total['received']:,} rows in {_count(len(files), 'file')}", f"{total['accepted']:,} accepted"]
    parts += [f"{total[name]:,} {name}" for name in ("quarantined", "duplicate", "late") if total[name]]
    return ", ".join(parts)


def _built(report: Mapping[str, Any]) -> str:
    dates = report.get("dates")
    return f"{report['status']}" + (f", {_count(len(dates), 'business date')}" if dates else "")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _refused(report: Mapping[str, Any] | None) -> list[str]:
    from pipeline.landing import refusals

    return refusals(report) if report and "files" in report else []
