"""Received bytes lie open while they are landed again: also when that is killed, where they are swept, for one account."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lake.home import Home
from lake.scratch import sweep
from pipeline.rebuild import rebuild
from tests.ingestion.landed import CAMERA_HEADER, CAMERAS, GOOD_CAMERA, NOW, land

PEOPLE = (
    "id_number,name,phone,sex,birth_date,household_type,township_code,community_code,registered_on,valid_until,status\n"
    "990117199001010011,Z,100,male,1990-01-01,registered,310117001,310117001001,2020-01-01,,active\n"
)
KILLED_WHILE_LANDING = """
import os, signal, sys
from pathlib import Path
from pipeline import rebuild, relanding
from lake.home import Home
relanding.land_file = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
home = Home.current()
relanding.reland(home, rebuild._prepare(home, Path(sys.argv[1]) if sys.argv[1:] else None), tell=print)
"""


@pytest.mark.parametrize("into", [False, True])
def test_what_a_killed_rebuild_leaves_of_persons_is_swept_with_the_installations_scratch(
    home: Home, tmp_path: Path, *, into: bool
) -> None:
    land(home, "population_records", "population_records_2026-11-22.csv", PEOPLE.encode(), now=NOW)
    place = tmp_path / "again"
    (place / "tmp").mkdir(parents=True)  # an empty data root, as `ensure` makes it
    arguments = [str(place)] if into else []
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_LANDING, *arguments], check=False, timeout=300)
    assert killed.returncode == -9
    everywhere = [path for root in (home.root, place) for path in root.rglob("population_records_*") if path.is_file()]
    (left,) = [path for path in everywhere if path.parent.parent.name == "tmp"]
    assert left.parent.parent == home.tmp
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    assert stat.S_IMODE(left.parent.stat().st_mode) == 0o700
    os.utime(left.parent, (0, 0))
    sweep(home, datetime.now(UTC) + timedelta(days=2))
    assert not left.exists()


def test_a_new_data_root_whose_scratch_is_in_use_is_refused(home: Home, tmp_path: Path) -> None:
    land(home, "cameras", CAMERAS, (CAMERA_HEADER + GOOD_CAMERA).encode())
    (tmp_path / "again" / "tmp" / "landing-1-x").mkdir(parents=True)
    with pytest.raises(ValueError, match="is not empty"):
        rebuild(home, into=tmp_path / "again", now=NOW, tell=lambda _: None)
