"""The environment variables every supervised process runs with."""

from __future__ import annotations

import os
from collections.abc import Mapping

from lake.home import Home

# Set in every process `yunjian up` starts and inherited by their children: how leftovers of a killed supervisor are found.
MARK = "YUNJIAN_SUPERVISED_HOME"


def component_environment(home: Home, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment (`base`, default this process's), pointed at `home`, with every telemetry switched off."""
    environment = dict(os.environ if base is None else base)
    # Airflow's processes import the same few thousand modules: let them share the compiled ones.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment | {
        "YUNJIAN_HOME": str(home.root),
        MARK: str(home.root),
        "AIRFLOW_HOME": str(home.airflow),
        "AIRFLOW_CONFIG": str(home.airflow / "airflow.cfg"),
        "PYTHONUNBUFFERED": "1",
        "DO_NOT_TRACK": "1",
        "SCARF_ANALYTICS": "false",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "GX_ANALYTICS_ENABLED": "false",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    }
