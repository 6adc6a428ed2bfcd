"""Puts a sample district into the inbox of a home that holds nothing yet."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

from lake.home import Home
from operations.components import PROJECT

SEED = 7


class SampleFailed(RuntimeError):
    """The sample district's generator ended with an error."""


def sample_command(out: Path, start: date, days: int, *, scale: str = "small", seed: int = SEED) -> tuple[str, ...]:
    """The generator's command line. A child process: the product imports nothing of it."""
    return (
        *(sys.executable, "-m", "sample_district", "--out", str(out), "--start", start.isoformat()),
        *("--days", str(days), "--scale", scale, "--seed", str(seed)),
    )


def holds_nothing(home: Home) -> bool:
    """True when no file waits in the inbox and none was ever landed."""
    return not any(_files(home.inbox)) and not any(_files(home.landing))


def start_sample(home: Home, start: date, days: int) -> subprocess.Popen[bytes]:
    """Starts making the sample beside the inbox, in `$YUNJIAN_HOME/sample`; see `finish_sample`."""
    home.logs.mkdir(parents=True, exist_ok=True)
    with (home.logs / "sample.log").open("wb") as sink:
        return subprocess.Popen(
            sample_command(_room(home), start, days),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def finish_sample(home: Home, sample: subprocess.Popen[bytes]) -> int:
    """Waits for the generator and moves its files into the inbox; returns their number. Raises SampleFailed.

    The answer key stays in `$YUNJIAN_HOME/sample/answer_key`.
    """
    if sample.wait() != 0:
        path = home.logs / "sample.log"
        end = "\n".join(path.read_text(errors="replace").splitlines()[-10:])
        raise SampleFailed(f"the sample district could not be made; see {path}\n{end}")
    (_room(home) / ".complete").touch()
    return move_sample(home)


def move_sample(home: Home) -> int:
    """Moves what a finished sample still holds into the inbox (a rename each: landing never sees half a file).

    Raises SampleFailed where a feed's folder in the inbox is a link.
    """
    room = _room(home)
    moved = 0
    if not (room / ".complete").exists():
        return moved
    for folder in sorted(path for path in room.iterdir() if path.is_dir() and path.name != "answer_key"):
        target = home.inbox / folder.name
        if target.is_symlink():  # landing takes nothing through a link; neither does this put anything through one
            raise SampleFailed(f"{target} is a link: the sample's files stay in {folder}")
        target.mkdir(parents=True, exist_ok=True)
        for file in sorted(_files(folder)):
            file.replace(target / file.name)
            moved += 1
        folder.rmdir()
    return moved


def _room(home: Home) -> Path:
    return home.root / "sample"


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
