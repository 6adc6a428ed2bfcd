"""Airflow's scheduler, with what tasks are slow to import already imported.

Its executor forks a process for every task. Great Expectations, pandas and numba take each of them four seconds to
import, for fourteen landings a day and every build; here they are imported once, and their memory is shared. Nothing
relies on it: under `airflow scheduler` itself tasks only start later.
"""

from __future__ import annotations

import importlib
import os
import sys

# Nothing that starts threads when it is imported, as polars (and so landing) does: a fork does not take them along.
MODULES = (
    "ingestion",  # which says how Arrow is to be loaded
    "great_expectations",
    "great_expectations.expectations",
    "pipeline.build",
    "pipeline.publish",
)


def import_ahead() -> None:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    for name in MODULES:
        importlib.import_module(name)


def main() -> None:
    """`python -m operations.warm_scheduler [OPTION...]`: the options of `airflow scheduler`."""
    from airflow.__main__ import main as airflow

    import_ahead()
    sys.argv = ["airflow", "scheduler", *sys.argv[1:]]
    airflow()


if __name__ == "__main__":
    main()
