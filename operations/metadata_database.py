"""Airflow's own database: made or migrated before the components start."""

from __future__ import annotations

import subprocess

from lake.home import Home
from operations.component_environment import component_environment
from operations.components import PROJECT, airflow


class MigrationFailed(RuntimeError):
    """`airflow db migrate` did not succeed."""


def start_migration(home: Home) -> subprocess.Popen[bytes]:
    """Starts the migration (3 s for a new database); it may run beside other preparations. See `finish_migration`."""
    home.logs.mkdir(parents=True, exist_ok=True)
    with (home.logs / "airflow_migration.log").open("wb") as sink:
        return subprocess.Popen(
            (*airflow(), "db", "migrate"),
            env=component_environment(home),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def finish_migration(home: Home, migration: subprocess.Popen[bytes]) -> None:
    """Waits for the migration. Raises MigrationFailed with the end of its log."""
    if migration.wait() != 0:
        path = home.logs / "airflow_migration.log"
        end = "\n".join(path.read_text(errors="replace").splitlines()[-10:])
        raise MigrationFailed(f"Airflow's database could not be prepared; see {path}\n{end}")
