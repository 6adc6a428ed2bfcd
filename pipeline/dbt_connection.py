"""How dbt's own DuckDB connection is opened: the plugin named in dbt_project/profiles.yml."""

from __future__ import annotations

import os
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin

from lake.extensions import extension_directory
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, attach
from lake.settings import MOST_THREADS, Settings
from pipeline.dbt_run import SNAPSHOT_VARIABLE


class Plugin(BasePlugin):
    """Opens both lakes of the current data root: the warehouse to write, bronze as of the pinned snapshot."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:  # noqa: ARG002
        settings = Settings.current()
        config.update(
            extension_directory=str(extension_directory()),
            autoinstall_known_extensions=False,
            allow_community_extensions=False,
            memory_limit=settings.memory_limit,
            threads=settings.threads or MOST_THREADS,
            temp_directory=str(Home.current().tmp / f"duckdb-{os.getpid()}-dbt"),
            preserve_insertion_order=False,  # a model has no order, and keeping one costs memory
        )

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        home = Home.current()
        attach(conn, home, WAREHOUSE)
        attach(conn, home, BRONZE, snapshot=int(os.environ[SNAPSHOT_VARIABLE]))
