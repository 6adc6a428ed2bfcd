from typing import Annotated

import typer


def up(
    days: Annotated[int, typer.Option(min=1, max=365, help="Days of the sample district, ending yesterday.")] = 7,
    airflow_port: Annotated[int | None, typer.Option(help="Default: the first free port from 8080.")] = None,
    portal_port: Annotated[int | None, typer.Option(help="Default: the first free port from 8501.")] = None,
    exit_when_ready: Annotated[bool, typer.Option(help="End everything once the first edition is open.")] = False,
) -> None:
    """Start the whole platform: Airflow, the first days through its scheduler, the portal. Ctrl-C ends it.

    An empty home gets a sample district first. A further `up` continues where the last one was.

    Example: yunjian up --days 7
    """
    from datetime import UTC, datetime

    from apps.cli.output import run_to_end
    from lake.home import Home
    from operations.up import UpOptions
    from operations.up import up as start

    options = UpOptions(days, airflow_port, portal_port, exit_when_ready)
    run_to_end(lambda: start(Home.current(), options, now=datetime.now(UTC)))
