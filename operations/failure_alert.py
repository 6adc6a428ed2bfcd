"""What happens when a task has failed for good: one line that says where, what and which run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

log = structlog.get_logger("yunjian.alert")


def alert(context: Mapping[str, Any]) -> None:
    """Airflow's on_failure_callback. The exception's text names feed, file, date and reason where there are any."""
    task = context["ti"]
    dag_id = str(task.dag_id)
    log.error(
        "task failed",
        dag=dag_id,
        task=task.task_id,
        run=context.get("run_id"),
        feed=dag_id.removeprefix("land_") if dag_id.startswith("land_") else None,
        tries=task.try_number,
        reason=str(context.get("exception") or "unknown"),
    )
