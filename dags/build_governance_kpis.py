"""Builds the KPIs of the business dates that changed, whenever any feed has landed."""

from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any

from airflow.sdk import DAG, Asset, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from ingestion.contracts import all_contracts
from operations.airflow_config import WAREHOUSE_POOL
from operations.dag_docs import BUILD_DOC
from operations.failure_alert import alert

ANY_FEED = reduce(or_, (Asset(f"yunjian://bronze/{contract.feed}") for contract in all_contracts()))

with DAG(
    dag_id="build_governance_kpis",
    dag_display_name="Build governance KPIs",
    description="Bronze -> staging, marts and published tables, for the changed business dates",
    doc_md=BUILD_DOC,
    schedule=ANY_FEED,
    catchup=False,
    max_active_runs=1,
    tags=["build"],
    default_args={"owner": "data-platform", "on_failure_callback": alert},
):

    @task(
        pool=WAREHOUSE_POOL,
        outlets=[Asset("yunjian://warehouse/published")],
        retries=2,
        retry_delay=timedelta(seconds=30),
        retry_exponential_backoff=2.0,
        execution_timeout=timedelta(hours=3),
    )
    def build() -> dict[str, Any]:
        from lake.home import Home
        from pipeline.build import build as build_changed

        context = get_current_context()
        report = build_changed(Home.current(), run_id=context["run_id"]).as_json()
        if report["status"] == "failed":  # a verdict of dbt, which a retry would only repeat
            raise AirflowFailException("; ".join(f"{f['node']}: {f['message']}" for f in report["failures"]))
        # On a later try the first may have built everything and died before it could say so.
        if report["status"] == "unchanged" and context["ti"].try_number == 1:
            raise AirflowSkipException("no business date has changed since the last build")
        return report

    build()
