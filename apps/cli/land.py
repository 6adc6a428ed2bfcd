from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from apps.cli.output import AsJson, report, table

COLUMNS = ["file", "status", "received", "accepted", "quarantined", "duplicate", "late", "reason"]


def land(
    feed: Annotated[str, typer.Argument(help="Feed, as `yunjian feeds` names it.")],
    files: Annotated[list[Path], typer.Argument(help="Files of that feed.", metavar="FILE...")],
    as_json: AsJson = False,
) -> None:
    """Land files: every row accepted, quarantined with its reason, or found a duplicate. Landing twice changes nothing.

    Exit 0 when every row is accounted for, 2 for a bad call or a refused file.

    Example: yunjian land truck_gps capture_2026-11-16.jtt808.gz --json
    """
    report(
        lambda: _land(feed, files),
        as_json=as_json,
        show=lambda result: table(result["files"], COLUMNS),
        exit_code=lambda result: 2 if any(file["status"] == "rejected" for file in result["files"]) else 0,
    )


def _land(feed: str, files: list[Path]) -> Mapping[str, Any]:
    from ingestion.landing import land_files
    from lake.home import Home

    return land_files(Home.current().ensure(), feed, files).as_json()
