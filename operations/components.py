"""The long-running processes of a Yunjian home, each as the command that starts it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from lake.home import Home
from operations.airflow_config import LOOPBACK, metadata_connection
from operations.component_environment import component_environment

API_WAIT_S = 5
_CONNECTION = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Component:
    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    folder: Path = PROJECT


def airflow_components(home: Home) -> list[Component]:
    """API server, DAG processor, scheduler. No triggerer: no task of ours defers.

    The scheduler's log server is switched off: it would bind 0.0.0.0, and the API server reads the log files itself.
    """
    environment = component_environment(home)
    # The API server writes its access log from its event loop, and stands still while it waits for another writer: one
    # that may be a request of its own, which only the loop can end. All that wait then give up together, the scheduler
    # for good; so the server, whose clients ask again, gives up long before the others.
    impatient = {_CONNECTION: metadata_connection(home, wait_s=API_WAIT_S)} if _CONNECTION not in environment else {}
    return [
        Component("api-server", (*airflow(), "api-server"), environment | impatient),
        Component("dag-processor", (*airflow(), "dag-processor"), environment),
        Component("scheduler", (sys.executable, "-m", "operations.warm_scheduler", "--skip-serve-logs"), environment),
    ]


def docs_component(home: Home, port: int) -> Component:
    """The static pages about models and checked batches, for the portal's links."""
    home.docs.mkdir(parents=True, exist_ok=True)
    command = ("-m", "http.server", str(port), "--bind", LOOPBACK, "--directory", str(home.docs))
    return Component("docs", (sys.executable, *command), component_environment(home))


def portal_component(home: Home, port: int, docs_port: int) -> Component:
    command = (
        *(sys.executable, "-m", "streamlit", "run", str(PROJECT / "apps" / "streamlit" / "app.py")),
        *("--server.address", LOOPBACK, "--server.port", str(port), "--server.headless", "true"),
        *("--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none"),
    )
    environment = {**component_environment(home), "YUNJIAN_DOCS_URL": f"http://{LOOPBACK}:{docs_port}"}
    return Component("portal", command, environment)


def airflow() -> tuple[str, ...]:
    """Airflow's command line, of this very environment whatever the PATH says."""
    return (sys.executable, "-m", "airflow")
