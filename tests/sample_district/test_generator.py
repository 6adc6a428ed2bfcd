"""The run as a whole: its files, its bytes, its memory."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from sample_district.__main__ import main
from tests.sample_district.conftest import DAYS, Run, make_run

FEEDS = (
    "camera_status", "cameras", "cases", "detection_events", "disposal_permits", "night_work_permits",
    "population_records", "settlement_receipts", "terminal_events", "truck_gps", "trucks", "units", "waste_sites",
)  # fmt: skip
YEARLY = "work_calendar"


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    assert _digests(make_run(tmp_path / "again").out) == _digests(run.out)


def test_another_seed_gives_another_district(run: Run, tmp_path: Path) -> None:
    other = _digests(make_run(tmp_path / "other", seed=12, days=1).out)
    mine = _digests(run.out)
    same = [name for name, digest in other.items() if mine.get(name) == digest]
    # What is the same for everybody: the names of units, and the holidays.
    assert {name.split("/")[0] for name in same} == {"answer_key", "units", YEARLY}
    assert [name for name in same if name.startswith("answer_key")] == ["answer_key/README.md"]


def test_every_feed_has_a_file_of_every_day_and_nothing_else_is_written(run: Run) -> None:
    dates = {(entry["feed"], entry["file_date"]) for entry in run.files if entry["feed"] != YEARLY}
    assert len(dates) == len(FEEDS) * DAYS
    written = {path.name for feed in (*FEEDS, YEARLY) for path in (run.out / feed).iterdir()}
    assert written == {entry["file"] for entry in run.files}
    assert {path.name for path in run.out.iterdir()} == {*FEEDS, YEARLY, "answer_key"}


def test_the_answer_key_names_the_bytes_that_were_written(run: Run) -> None:
    for entry in run.files:
        content = (run.out / entry["feed"] / entry["file"]).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (entry["sha256"], entry["bytes"]), entry["file"]


def test_a_gzipped_file_carries_no_time(run: Run) -> None:
    packed = [path for path in run.out.rglob("*.gz") if path.name.endswith("p01.ndjson.gz")]
    assert packed
    assert all(path.read_bytes()[4:8] == b"\0\0\0\0" for path in packed)


def test_a_file_sent_again_has_the_bytes_of_the_first_and_an_unreadable_one_is_no_gzip(run: Run) -> None:
    digests = {entry["file"]: entry["sha256"] for entry in run.files}
    again = [fault for fault in run.faults if fault["fault"] == "file_sent_again"]
    assert [digests[fault["file"]] for fault in again] == [digests[fault["same_as"]] for fault in again] != []
    noise = [fault for fault in run.faults if fault["fault"] == "unreadable_file"]
    assert noise
    assert all((run.out / fault["feed"] / fault["file"]).read_bytes()[:2] != b"\x1f\x8b" for fault in noise)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--start", "2025-12-31"], "2026-01-01"),
        (["--start", "2026-11-16", "--days", "0"], "at least 1"),
        (["--start", "2026-11-16", "--map", "/nowhere.geojson"], "/nowhere.geojson"),
    ],
)
def test_a_bad_call_is_refused_with_its_reason(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--out", str(tmp_path / "out"), "--scale", "tiny", *arguments])
    assert stopped.value.code == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_with_files_is_not_written_into(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path), "--start", "2026-11-16", "--scale", "tiny"])
    assert "not empty" in capsys.readouterr().err


_DISTRICT_IN_MINIATURE = """
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from sample_district.district import District
from sample_district.generator import generate
from sample_district.progress import Progress
from sample_district.scale import SCALES

scale = replace(SCALES["district"], cameras=800, detections=40_000, trucks=30, residents=30_000)
generate(District.found(3, scale, Path(sys.argv[1]), date(2026, 11, 16), int(sys.argv[2]), None), Progress(is_quiet=True))
# ru_maxrss would count what the parent held before exec; VmHWM is this program's own peak.
print(next(int(line.split()[1]) // 1024 for line in open('/proc/self/status') if line.startswith('VmHWM')))
"""


def test_memory_does_not_grow_with_the_days(tmp_path: Path) -> None:
    """The district scale, its files and formats, with fewer cameras, trucks and people."""
    peaks = []
    for days in (1, 3):
        done = subprocess.run(
            [sys.executable, "-c", _DISTRICT_IN_MINIATURE, str(tmp_path / str(days)), str(days)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(done.stdout))
    assert peaks[1] < peaks[0] + 60, f"peak MiB after one day and after three: {peaks}"
    assert peaks[1] < 700
    names = {path.suffix for path in (tmp_path / "1").rglob("*.*") if path.is_file()}
    assert {".parquet", ".jtt808", ".txt", ".csv", ".ndjson", ".gz", ".json"} <= names
