"""`yunjian up`: the whole platform on this machine, from an empty home to an open portal, until it is told to stop."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType
from zoneinfo import ZoneInfo

from lake.home import Home
from operations import instance, metadata_database, sample_inbox, scheduler_start
from operations.airflow_client import AirflowClient
from operations.airflow_config import LOOPBACK, USER, password, passwords_file, write_config
from operations.components import airflow_components, docs_component, portal_component
from operations.console import Console
from operations.follow import BUILD, PUBLISH, Follower
from operations.ports import choose_port
from operations.supervisor import Supervisor, end_processes

MAINTENANCE = "lake_maintenance"


@dataclass(frozen=True)
class UpOptions:
    days: int = 7
    airflow_port: int | None = None
    portal_port: int | None = None
    exit_when_ready: bool = False
    timeout_s: float = 1800


class StopRequested(BaseException):
    """Ctrl-C, or a request of the system to end. Not an Exception: nothing on the way may swallow it."""


def up(home: Home, options: UpOptions, *, now: datetime, console: Console | None = None) -> int:
    """Runs until stopped; returns the exit code: 0, or 1 when the first build or edition failed and it had to be ready.

    Raises AlreadyRunning, PortTaken, ComponentDied, NotReady, SampleFailed or MigrationFailed, with nothing left running.
    """
    console = console or Console()
    home.ensure()
    ready = False
    try:
        with _stop_signals(), instance.only_instance(home), Supervisor(home.logs / "up.log") as supervisor:
            code = _start(home, options, now, console, supervisor)
            ready = True
            if options.exit_when_ready:
                return code
            console.plain("Ctrl-C ends everything; a further `up` continues where this one was.")
            while True:
                supervisor.wait(3600)
    except StopRequested:
        console.say("stopped: every process has ended")
        return 0 if ready else 130


def product_dags() -> list[str]:
    """The DAGs this installation has: one a contract, and the three of the product itself."""
    return [*(f"land_{feed}" for feed in _feeds()), BUILD, PUBLISH, MAINTENANCE]


def _start(home: Home, options: UpOptions, now: datetime, console: Console, supervisor: Supervisor) -> int:
    _end_leftovers(home, console)
    airflow_port = choose_port(options.airflow_port, 8080, option="--airflow-port")
    portal_port = choose_port(options.portal_port, 8501, option="--portal-port", avoid=frozenset({airflow_port}))
    docs_port = choose_port(None, 8601, option="", avoid=frozenset({airflow_port, portal_port}))
    write_config(home, airflow_port)
    _record(home, airflow_port, portal_port, supervisor)
    console.say(f"home {home.root}, logs in {home.logs}")
    migration = metadata_database.start_migration(home)
    _offer_sample(home, options.days, now, console)
    metadata_database.finish_migration(home, migration)
    for component in airflow_components(home):
        supervisor.start(component)
        _record(home, airflow_port, portal_port, supervisor)
    console.say("starting Airflow: API server, DAG processor, scheduler")
    airflow = AirflowClient(airflow_port, password(home))
    scheduler_start.wait_until_healthy(airflow, supervisor)
    scheduler_start.make_pools(airflow)
    feeds, dag_ids = _feeds(), product_dags()
    scheduler_start.wait_for_dags(airflow, supervisor, dag_ids)
    console.say(f"Airflow is healthy and has read {len(dag_ids)} DAGs")
    supervisor.start(docs_component(home, docs_port))
    supervisor.start(portal_component(home, portal_port, docs_port))
    _record(home, airflow_port, portal_port, supervisor)
    code = _first_days(home, options, airflow, supervisor, console, feeds, dag_ids)
    _print_addresses(home, airflow_port, portal_port, docs_port, console)
    return code


def _record(home: Home, airflow_port: int, portal_port: int, supervisor: Supervisor) -> None:
    instance.record(home, instance.Instance(os.getpid(), airflow_port, portal_port, supervisor.sessions))


def _offer_sample(home: Home, days: int, now: datetime, console: Console) -> None:
    if sample_inbox.holds_nothing(home):
        # The last whole day of the district is yesterday there.
        start = now.astimezone(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=days)
        console.say(f"the inbox is empty: making a sample district, {days} days from {start}")
        files = sample_inbox.finish_sample(home, sample_inbox.start_sample(home, start, days))
        console.say(f"{files} sample files wait in {home.inbox}")
    else:
        sample_inbox.move_sample(home)


def _first_days(
    home: Home,
    options: UpOptions,
    airflow: AirflowClient,
    supervisor: Supervisor,
    console: Console,
    feeds: list[str],
    dag_ids: list[str],
) -> int:
    """Lets the scheduler land what waits, build and publish; 0, or 1 when a build or publication failed."""
    follower = Follower(airflow, supervisor, console, feeds)
    follower.forget_finished()
    # On the very first start the build waits until all feeds have landed; else each of them would start one.
    scheduler_start.unpause_new(home, airflow, [dag_id for dag_id in dag_ids if dag_id not in (BUILD, PUBLISH)])
    waiting = _not_paused(airflow, {f"land_{feed}": feed for feed in feeds if _waits(home, feed)}, console)
    if waiting:
        console.say(f"the scheduler lands {', '.join(waiting)}")
    for feed in waiting:
        airflow.trigger(f"land_{feed}")
    quiet = follower.follow(timeout_s=options.timeout_s, landing_only=True)
    due = scheduler_start.unpause_new(home, airflow, [BUILD, PUBLISH]) or not home.published_file.exists()
    if due and _not_paused(airflow, {BUILD: "the build"}, console):
        console.say("the scheduler builds the KPIs and publishes them")
        airflow.trigger(BUILD)
    if not (quiet and follower.follow(timeout_s=options.timeout_s)):
        console.say("runs are still active after the wait; follow them in Airflow")
        return 1
    if home.published_file.exists() and not {BUILD, PUBLISH} & set(follower.failed):
        return 0
    console.say("no new edition: see the failed runs above, and `yunjian doctor`")
    return 1


def _not_paused(airflow: AirflowClient, wanted: Mapping[str, str], console: Console) -> list[str]:
    """The names of the DAGs (dag_id -> name) that may run; says of the others that people paused them."""
    paused = airflow.dags()
    held = [name for dag_id, name in wanted.items() if paused.get(dag_id)]
    if held:
        console.say(f"paused in Airflow, and left so: {', '.join(held)}")
    return [name for name in wanted.values() if name not in held]


def _waits(home: Home, feed: str) -> bool:
    from ingestion.inbox import pending

    return bool(pending(home, feed))


def _feeds() -> list[str]:
    from ingestion.contracts import all_contracts

    return [contract.feed for contract in all_contracts()]


def _end_leftovers(home: Home, console: Console) -> None:
    left = instance.leftovers(home)
    if left:
        console.say(f"ending {len(left)} processes an earlier start left behind")
        end_processes(left)


def _print_addresses(home: Home, airflow_port: int, portal_port: int, docs_port: int, console: Console) -> None:
    console.say("ready")
    console.plain(
        f"\n  Portal   http://{LOOPBACK}:{portal_port}\n"
        f"  Airflow  http://{LOOPBACK}:{airflow_port}   user {USER}   password {password(home)}"
        f"   (kept in {passwords_file(home)})\n"
        f"  Docs     http://{LOOPBACK}:{docs_port}/dbt/   models; /data_docs/   checked batches\n"
    )


@contextmanager
def _stop_signals() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP raise StopRequested once; while everything is being ended they are ignored."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def request(_number: int, _frame: FrameType | None) -> None:
        for other in numbers:
            signal.signal(other, signal.SIG_IGN)
        raise StopRequested

    former = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        if former[number] is not signal.SIG_IGN or number != signal.SIGHUP:  # nohup stays nohup
            signal.signal(number, request)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
