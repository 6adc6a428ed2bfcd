import subprocess
import sys
from pathlib import Path

from lake.home import Home
from operations.components import airflow_components

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys, threading
from operations.warm_scheduler import import_ahead
import_ahead()
print("great_expectations" in sys.modules, "numba" in sys.modules, "polars" in sys.modules, threading.active_count())
"""


def test_what_is_slow_to_import_is_there_before_the_first_task_and_nothing_that_a_fork_would_break() -> None:
    told = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True", "True", "False", "1"]


def test_the_scheduler_is_airflows_own_with_its_options(home: Home) -> None:
    command = next(part.command for part in airflow_components(home) if part.name == "scheduler")
    told = subprocess.run([*command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "airflow scheduler" in told.stdout
    assert "--skip-serve-logs" in told.stdout
