"""Retention, compaction and clean-up of both lakes, every night."""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task

from operations.airflow_config import WAREHOUSE_POOL
from operations.dag_docs import MAINTENANCE_DOC
from operations.dag_times import at
from operations.failure_alert import alert

with DAG(
    dag_id="lake_maintenance",
    dag_display_name="Lake maintenance",
    description="Deletes what its contract no longer allows to keep, merges small files, removes expired ones",
    doc_md=MAINTENANCE_DOC,
    schedule=at("30 3 * * *"),
    catchup=False,
    max_active_runs=1,
    tags=["maintenance"],
    default_args={"owner": "data-platform", "on_failure_callback": alert},
):

    @task(
        pool=WAREHOUSE_POOL,
        retries=2,
        retry_delay=timedelta(minutes=5),
        retry_exponential_backoff=2.0,
        execution_timeout=timedelta(hours=3),
    )
    def maintain() -> dict[str, Any]:
        from lake.home import Home
        from pipeline.maintenance import maintain_lakes

        return maintain_lakes(Home.current())

    maintain()
