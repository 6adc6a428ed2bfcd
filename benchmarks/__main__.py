"""`python -m benchmarks run [NAME ...]`: every arm side by side in one run; prints Markdown, exits 1 on a missed goal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, help=__doc__)


@app.command()
def run(
    names: Annotated[list[str] | None, typer.Argument(help="Works to measure; all of them when none is named.")] = None,
    runs: Annotated[int, typer.Option(help="Interleaved runs of every arm.")] = 5,
    scale: Annotated[float, typer.Option(help="Share of the full row count, for a quick look.")] = 1.0,
    room: Annotated[
        Path | None, typer.Option(help="Folder for data sets (several GB); a temporary one by default.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the Markdown here, too.")] = None,
) -> None:
    """Measure works side by side and print a report."""
    import structlog

    from benchmarks.arena import measure, report
    from benchmarks.works import ALL

    # What preparing a data set says is progress: the report alone goes to standard output.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    fine, parts = True, []
    for name in names or list(ALL):
        work = ALL[name]
        rows = max(1000, int(work.rows * scale))
        text, met = report(work, measure(work, runs, rows, keep=room), rows)
        print(text, flush=True)
        parts.append(text)
        fine &= met
    if out:
        out.write_text("\n".join(parts))
    raise typer.Exit(0 if fine else 1)


@app.command(hidden=True)
def arm(name: str, label: str, data: Path) -> None:
    """One run of one arm; used by `run`."""
    from benchmarks.arena import run_arm
    from benchmarks.works import ALL

    run_arm(ALL[name], label, data)


if __name__ == "__main__":
    app()
