"""Publishes an edition of the serving file after each build."""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Asset, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from operations.airflow_config import WAREHOUSE_POOL
from operations.dag_docs import PUBLISH_DOC
from operations.failure_alert import alert

with DAG(
    dag_id="publish_edition",
    dag_display_name="Publish an edition",
    description="Published tables -> the read-only file the portal serves, verified and swapped in",
    doc_md=PUBLISH_DOC,
    schedule=Asset("yunjian://warehouse/published"),
    catchup=False,
    max_active_runs=1,
    tags=["publish"],
    default_args={"owner": "data-platform", "on_failure_callback": alert},
):

    @task(
        pool=WAREHOUSE_POOL,
        outlets=[Asset("yunjian://published")],
        retries=2,
        retry_delay=timedelta(seconds=30),
        retry_exponential_backoff=2.0,
        execution_timeout=timedelta(hours=1),
    )
    def publish() -> dict[str, Any]:
        from lake.home import Home
        from pipeline.publish import publish_edition

        report = publish_edition(Home.current(), reason=f"scheduled: {get_current_context()['run_id']}")
        if report["status"] == "refused":
            raise AirflowFailException("edition refused, the former one still serves: " + "; ".join(report["problems"]))
        return report

    @task(
        pool=WAREHOUSE_POOL,
        retries=2,
        retry_delay=timedelta(seconds=30),
        retry_exponential_backoff=2.0,
        execution_timeout=timedelta(minutes=15),
    )
    def write_docs() -> str:
        from lake.home import Home
        from pipeline.docs import refresh_docs

        return refresh_docs(Home.current())

    publish() >> write_docs()
