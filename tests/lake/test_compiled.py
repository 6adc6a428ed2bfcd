"""Machine code is compiled once, by whichever process comes first, and anew when the source it rests on changes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lake.compiled import EntryPoint, source_digest

PROJECT = Path(__file__).parents[2]
SCRIPT = """
import sys
import numpy as np
from lake.compiled import EntryPoint

def made(source):
    @EntryPoint
    def total(values):
        source
        return np.sort(values)[0]
    return total

total = made(sys.argv[1])
assert total(np.arange(5.0)) == 0.0
print(sum(total._function.stats.cache_misses.values()), sum(total._function.stats.cache_hits.values()))
"""


def counts(folder: Path, *sources: str) -> list[str]:
    """Misses and hits of the cache in processes that start together, one for each source."""
    script = folder / "script.py"
    script.write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "NUMBA_CACHE_DIR": str(folder / "cache")}
    running = [
        subprocess.Popen([sys.executable, script, source], env=environment, stdout=subprocess.PIPE, text=True)
        for source in sources
    ]
    return sorted(process.communicate(timeout=120)[0].strip() for process in running)


def test_processes_that_start_together_compile_once(tmp_path: Path) -> None:
    assert counts(tmp_path, "same", "same") == ["0 1", "1 0"]


def test_another_source_is_compiled_anew(tmp_path: Path) -> None:
    assert counts(tmp_path, "one", "other") == ["1 0", "1 0"]


def test_the_digest_is_of_every_file_whatever_their_order(tmp_path: Path) -> None:
    one, two = tmp_path / "a.py", tmp_path / "b.py"
    one.write_text("x = 1\n")
    two.write_text("y = 2\n")
    before = source_digest([one, two])
    assert source_digest([two, one]) == before
    two.write_text("y = 3\n")
    assert source_digest([one, two]) != before


def test_arguments_of_other_types_are_taken_too() -> None:
    @EntryPoint
    def twice(value):  # type: ignore[no-untyped-def]
        return value + value

    assert (twice(2), twice(2.5)) == (4, 5.0)
