"""`python -m sample_district --out DIR --start 2026-11-16 --days 7 --scale small --seed 7`."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from sample_district.district import District
from sample_district.generator import generate
from sample_district.progress import Progress
from sample_district.scale import SCALES


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m sample_district", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write; each feed gets a folder in it")
    parser.add_argument("--start", type=date.fromisoformat, required=True, help="first business date, YYYY-MM-DD")
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--scale", choices=sorted(SCALES), default="small")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--map", type=Path, help="township polygons (GeoJSON, WGS-84) instead of the shipped map")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    given = parser.parse_args(arguments)
    if given.days < 1:
        parser.error("--days must be at least 1")
    if given.start < date(2026, 1, 1):
        parser.error("--start must not lie before 2026-01-01, the beginning of the synthetic district's history")
    if given.out.exists() and any(given.out.iterdir()):
        parser.error(f"{given.out} is not empty; name a new folder, so that no older file mixes with the answer key")
    try:
        district = District.found(given.seed, SCALES[given.scale], given.out, given.start, given.days, given.map)
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    generate(district, Progress(is_quiet=given.quiet))
    return 0


if __name__ == "__main__":
    sys.exit(main())
