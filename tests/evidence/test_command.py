"""The command as people call it: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from apps.cli.main import app
from lake.home import Home
from tests.evidence.case_fixture import TRIP, entitle, entries

YUNJIAN = Path(sys.executable).parent / "yunjian"


def yunjian(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [YUNJIAN, *arguments],
        env=os.environ | {"YUNJIAN_HOME": str(home.root), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_pack_is_made_and_verified(case: Home, tmp_path: Path) -> None:
    refused = yunjian(case, "evidence", TRIP, "off_route", "--reason", "hearing of case 118", "--json")
    assert (refused.returncode, json.loads(refused.stdout)["kind"]) == (1, "NotEntitled")
    entitle(case)
    out = ["--out", str(tmp_path / "pack")]
    done = yunjian(case, "evidence", "--reason", "hearing of case 118", *out, TRIP, "off_route", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    paths = [file["path"] for file in result["files"]]
    assert [Path(path).parent for path in paths] == [tmp_path / "pack"] * 2
    whole = yunjian(case, "evidence", "verify", *paths, "--noted", result["register_hash"], "--json")
    assert (whole.returncode, json.loads(whole.stdout)["is_whole"]) == (0, True)
    assert [entry["outcome"] for entry in entries(case)] == ["refused", "handed_out"]
    (case.registers / "retrievals.jsonl").write_text("")
    broken = yunjian(case, "evidence", "verify", "--json")
    assert (broken.returncode, json.loads(broken.stdout)["is_whole"]) == (1, False)


def exit_code(*arguments: str) -> int:
    """Of the same call without a process of its own."""
    with pytest.raises(SystemExit) as stopped:
        app(list(arguments))
    return int(stopped.value.code or 0)


def test_a_bad_call_ends_with_2(case: Home) -> None:
    entitle(case)
    assert yunjian(case, "evidence", TRIP, "off_route").returncode == 2
    assert exit_code("evidence", TRIP, "off_route", "--reason", "short") == 2
    assert exit_code("evidence", "../x", "off_route", "--reason", "hearing of case 118") == 2
    assert exit_code("evidence", "verify", "/nowhere/at/all.pdf") == 2
