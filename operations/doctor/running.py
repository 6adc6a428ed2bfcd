"""What runs: writer locks, leftover processes, ports, Airflow's health and its failed runs."""

from __future__ import annotations

from lake.home import Home
from lake.lakes import LAKES
from lake.writer_lock import holder
from operations.airflow_client import AirflowClient
from operations.airflow_config import password
from operations.doctor.finding import Finding, note, ok, wrong
from operations.instance import leftovers, running_instance
from operations.ports import is_free
from pipeline.landing import refusals


def writer_locks(home: Home) -> Finding:
    held = {name: who for name in LAKES if (who := holder(home, name))}
    if held:
        return note("; ".join(f"{name}: {who}" for name, who in held.items()))
    return ok("free")


def leftover_processes(home: Home) -> Finding:
    left = leftovers(home)
    if left:
        pids = " ".join(str(process.pid) for process in left)
        return wrong(f"{len(left)} processes of an earlier start still run", f"yunjian up ends them, or: kill {pids}")
    return ok("none")


def ports(home: Home) -> Finding:
    running = running_instance(home)
    if running is None:
        taken = [port for port in (8080, 8501) if not is_free(port)]
        if taken:
            return note(
                f"in use by another program: {', '.join(map(str, taken))}; `yunjian up` takes the next free ones"
            )
        return ok("8080 and 8501 are free")
    silent = [port for port in (running.airflow_port, running.portal_port) if is_free(port)]
    if silent:
        return wrong(
            f"nothing listens on {', '.join(map(str, silent))}", f"see {home.logs / 'up.log'}; restart `yunjian up`"
        )
    return ok(f"Airflow on {running.airflow_port}, portal on {running.portal_port}")


def airflow(home: Home) -> Finding:
    running = running_instance(home)
    if running is None:
        return note("not running: `yunjian up` starts it")
    client = AirflowClient(running.airflow_port, password(home))
    health = client.health()
    ill = [
        f"{name} {health.get(name)}"
        for name in ("metadatabase", "scheduler", "dag_processor")
        if health.get(name) != "healthy"
    ]
    if ill:
        return wrong(", ".join(ill), f"see {home.logs / 'up.log'}; restart `yunjian up`")
    if errors := client.import_errors():
        return wrong(f"DAG files that cannot be read: {', '.join(errors)}", "Airflow's first page shows the traceback")
    latest: dict[str, dict[str, str]] = {}
    for run in client.latest_runs():
        latest.setdefault(run["dag_id"], run)
    failed = sorted(dag_id for dag_id, run in latest.items() if run["state"] == "failed")
    refused = [line for dag_id in failed for line in _refused(client, dag_id, latest[dag_id]["dag_run_id"])]
    broken = [dag_id for dag_id in failed if not _refused(client, dag_id, latest[dag_id]["dag_run_id"])]
    if broken:
        return wrong(
            f"the latest run failed of {', '.join(broken)}",
            f"read the log at {client.address} (the failed task names the cause), mend it, clear the task",
        )
    if refused:
        return note(
            f"healthy; refused files: {'; '.join(refused)}",
            "ask the source for a correct file, and put it into the inbox under a name of its own",
        )
    return ok(f"healthy at {client.address}")


def _refused(client: AirflowClient, dag_id: str, run_id: str) -> list[str]:
    """The refused files of a landing run that failed for nothing else."""
    report = client.returned(dag_id, run_id, "land_inbox") if dag_id.startswith("land_") else None
    return refusals(report) if report else []
