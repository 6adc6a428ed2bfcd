"""One landing DAG a feed, from the contracts: a new contract is a new DAG, with nothing to write here."""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Asset, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from ingestion.contracts import Contract, all_contracts
from operations.airflow_config import BRONZE_POOL
from operations.dag_docs import landing_doc
from operations.dag_times import at
from operations.failure_alert import alert


def landing_dag(contract: Contract) -> DAG:
    with DAG(
        dag_id=f"land_{contract.feed}",
        dag_display_name=f"Land {contract.feed}",
        description=f"Inbox -> bronze.{contract.feed}",
        doc_md=landing_doc(contract),
        schedule=at(contract.schedule),
        catchup=False,  # each run lands whatever waits in the inbox: missed runs leave nothing behind
        max_active_runs=1,
        tags=["landing", contract.feed],
        default_args={"owner": contract.owner, "on_failure_callback": alert},
    ) as dag:

        @task(
            pool=BRONZE_POOL,
            outlets=[Asset(f"yunjian://bronze/{contract.feed}")],
            retries=3,
            retry_delay=timedelta(seconds=20),
            retry_exponential_backoff=2.0,
            max_retry_delay=timedelta(minutes=10),
            execution_timeout=timedelta(hours=3),
        )
        def land_inbox(feed: str) -> dict[str, Any]:
            """Lands every waiting file; one that is refused does not stop the others."""
            from lake.home import Home
            from pipeline.landing import land_inbox as land

            context = get_current_context()
            report = land(Home.current(), feed, run_id=context["run_id"])
            # On a later try the first may have landed everything and died before it could say so.
            if not report["files"] and context["ti"].try_number == 1:
                raise AirflowSkipException(f"{feed}: nothing waits in the inbox")
            return report

        # A task of its own: what has landed is announced (and built) although some file was refused.
        @task
        def report_refused(report: dict[str, Any]) -> None:
            """Fails, naming feed, file, date and reason, when a file was refused; a retry would not mend the file."""
            from pipeline.landing import refusals

            if refused := refusals(report):
                raise AirflowFailException("; ".join(refused))

        report_refused(land_inbox(contract.feed))
    return dag


for _contract in all_contracts():
    globals()[f"land_{_contract.feed}"] = landing_dag(_contract)
