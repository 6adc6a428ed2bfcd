"""`yunjian up` as a process of its own, watched from outside."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from lake.home import Home
from operations.airflow_client import AirflowClient
from operations.airflow_config import password

YUNJIAN = Path(sys.executable).parent / "yunjian"
ALLOWED = 4 * 2**30  # bytes of memory that a start may take


class Platform:
    """A platform on free ports; `start` returns when it says that it is ready."""

    def __init__(self, home: Home, days: int) -> None:
        self.home = home
        self.said: list[str] = []
        self.peak_bytes = 0  # of memory, of all its processes together
        self._days = days

    def start(self, timeout_s: float = 1200) -> None:
        self.said.clear()
        self.airflow_port, self.portal_port = free_port(), free_port()
        command = [YUNJIAN, "up", "--days", str(self._days)]
        command += ["--airflow-port", str(self.airflow_port), "--portal-port", str(self.portal_port)]
        self.process = subprocess.Popen(
            command,
            env={k: v for k, v in os.environ.items() if k != "YUNJIAN_THREADS"} | {"YUNJIAN_HOME": str(self.home.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        deadline = time.monotonic() + timeout_s
        while not any(line.startswith("Ctrl-C ends everything") for line in self.said):
            assert self.process.poll() is None, f"`yunjian up` ended:\n{self.text}"
            assert time.monotonic() < deadline, f"`yunjian up` is not ready:\n{self.text}"
            self.peak_bytes = max(self.peak_bytes, memory(self.processes()))
            time.sleep(3)
        self.airflow = AirflowClient(self.airflow_port, password(self.home))

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[float, list[psutil.Process]]:
        """Sends a signal; returns the seconds it took to end, and what of its processes still lives."""
        processes = self.processes()
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=60)
        seconds = time.monotonic() - started
        self._reader.join(timeout=5)
        return seconds, [process for process in processes if process.is_running()]

    def processes(self) -> list[psutil.Process]:
        """`yunjian up` and all its descendants."""
        try:
            top = psutil.Process(self.process.pid)
            return [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    @property
    def text(self) -> str:
        return "\n".join(self.said)

    def run(self, dag_id: str, timeout_s: float = 600) -> str:
        """Triggers a DAG through the API and waits for its end; returns the run's state."""
        return self.wait_for(dag_id, self.airflow.trigger(dag_id), timeout_s)

    def wait_for(self, dag_id: str, run_id: str, timeout_s: float = 600) -> str:
        deadline = time.monotonic() + timeout_s
        while (state := self._state(dag_id, run_id)) not in ("success", "failed"):
            assert time.monotonic() < deadline, f"{dag_id} {run_id} is still {state}"
            time.sleep(1)
        return state

    def wait_until_quiet(self, timeout_s: float = 600) -> None:
        """Waits until nothing runs and no asset event waits to start a run."""
        deadline = time.monotonic() + timeout_s
        still = 0
        while still < 3:
            assert time.monotonic() < deadline, "the scheduler does not come to rest"
            active = [run for run in self.airflow.latest_runs() if run["state"] in ("queued", "running")]
            still = 0 if active else still + 1
            time.sleep(1)

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
        found = self.airflow.get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {task["task_id"]: task for task in found}

    def log(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1) -> str:
        answer = self.airflow.get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}")
        return str(answer["content"])

    def _state(self, dag_id: str, run_id: str) -> str:
        return str(self.airflow.get(f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def memory(processes: list[psutil.Process]) -> int:
    """Bytes of all processes together; those of shared pages count once only where they would be too many otherwise.

    Resident sizes are read at once. Proportional ones have the kernel walk the page tables of thirty processes.
    """
    resident = sum(map(rss, processes))
    return resident if resident < ALLOWED else sum(map(pss, processes))


def rss(process: psutil.Process) -> int:
    """Resident set size in bytes: shared pages count in each process."""
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def pss(process: psutil.Process) -> int:
    """Proportional set size in bytes: shared pages count once over all processes."""
    try:
        match = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{process.pid}/smaps_rollup").read_text(), re.MULTILINE)
    except (OSError, ProcessLookupError):
        return 0
    return int(match.group(1)) * 1024 if match else 0
