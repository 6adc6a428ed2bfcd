from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Scale(StrEnum):
    small = "small"
    district = "district"


def sample(
    out: Annotated[Path, typer.Option(help="Folder to write OUT/<feed>/<files> and OUT/answer_key/ into.")],
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First business date.")],
    days: Annotated[int, typer.Option(min=1, help="Number of days.")] = 7,
    scale: Annotated[
        Scale, typer.Option(help="small: for a laptop. district: 48,000 cameras, 17 million rows a day.")
    ] = (Scale.small),
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 7,
) -> None:
    """Write a synthetic district, with planted faults and the key to them.

    Example: yunjian sample --out build/sample --start 2026-11-16 --days 2 --scale small --seed 7
    """
    import subprocess

    from operations.sample_inbox import sample_command

    command = sample_command(out.absolute(), start.date(), days, scale=scale.value, seed=seed)
    raise typer.Exit(subprocess.run(command, check=False).returncode)
