"""Arms of one piece of work, side by side: interleaved, each run a process of its own, medians, results compared.

Seconds are measured inside the child around the work alone (imports are not the work); peak memory is that of the child
and whatever it starts (`memory.py`). Machines are shared and noisy: read the ratios, not the seconds.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.memory import PeakMemory

#: An arm does its work on `data` (read only) in an empty `room`, and answers what is compared with the other arms.
Arm = Callable[[Path, Path], Mapping[str, Any]]


@dataclass(frozen=True)
class Work:
    """One line of the table: `arms[0]` is ours, the last one the measure it is held against."""

    name: str
    title: str
    goal: str
    rows: int
    prepare: Callable[[Path, int], None]
    arms: Mapping[str, Arm]
    compare: tuple[str, ...] = ()  # keys of the answers that must be equal in all arms that give them
    at_most: float | None = None  # goal for seconds(first arm) / seconds(last arm)
    memory_gib: float | None = None  # goal for the first arm's peak


@dataclass(frozen=True)
class Run:
    seconds: float
    peak_gib: float
    answer: Mapping[str, Any]


def run_arm(work: Work, arm: str, data: Path) -> None:
    """The child's side: does the work once and prints one JSON line."""
    with tempfile.TemporaryDirectory(dir=data.parent, prefix="room-") as room:
        function = work.arms[arm]
        warm = getattr(function, "warm", None)
        if warm is not None:
            warm()
        deliver = getattr(function, "deliver", None)
        if deliver is not None:
            deliver(data, Path(room))
        with PeakMemory() as peak:
            begin = time.perf_counter()
            answer = dict(function(data, Path(room)))
            seconds = float(answer.pop("seconds", time.perf_counter() - begin))
    print(json.dumps({"seconds": seconds, "peak_gib": peak.gib, "answer": answer}, default=str))


def measure(work: Work, runs: int, rows: int, keep: Path | None = None) -> dict[str, list[Run]]:
    """Interleaves the arms `runs` times (A B A B ...); the data set is made once."""
    place = Path(tempfile.mkdtemp(prefix=f"bench-{work.name}-", dir=keep))
    try:
        data = place / "data"
        data.mkdir()
        work.prepare(data, rows)
        results: dict[str, list[Run]] = {arm: [] for arm in work.arms}
        for turn in range(runs):
            for arm in work.arms:
                results[arm].append(_child(work, arm, data))
                last = results[arm][-1]
                print(
                    f"  {work.name} {turn + 1}/{runs} {arm}: {last.seconds:.2f} s, {last.peak_gib:.2f} GiB",
                    file=sys.stderr,
                )
        return results
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _child(work: Work, arm: str, data: Path) -> Run:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "arm", work.name, arm, str(data)],
        capture_output=True,
        text=True,
        env={**os.environ, "YUNJIAN_LOG_LEVEL": "error"},
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{work.name}/{arm} failed:\n{done.stderr[-3000:]}")
    line = json.loads(done.stdout.strip().splitlines()[-1])
    return Run(line["seconds"], line["peak_gib"], line["answer"])


def report(work: Work, results: Mapping[str, list[Run]], rows: int) -> tuple[str, bool]:
    """A few lines of Markdown, and whether answers agree and the goals are met."""
    medians = {arm: statistics.median(run.seconds for run in runs) for arm, runs in results.items()}
    peaks = {arm: max(run.peak_gib for run in runs) for arm, runs in results.items()}
    first, last = next(iter(medians)), list(medians)[-1]
    ratios = [a.seconds / b.seconds for a, b in zip(results[first], results[last], strict=True)]
    ratio = statistics.median(ratios)
    differing = [
        key
        for key in work.compare
        if len({json.dumps(run.answer[key]) for runs in results.values() for run in runs if key in run.answer}) > 1
    ]
    fine = not differing
    lines = [f"### {work.title} ({rows:,} rows)", "", "| arm | median s | rows/s | peak GiB |", "|---|---|---|---|"]
    lines += [f"| {arm} | {medians[arm]:.2f} | {rows / medians[arm]:,.0f} | {peaks[arm]:.2f} |" for arm in work.arms]
    lines += ["", f"Goal: {work.goal}."]
    if len(medians) > 1:
        lines.append(f"{first} / {last}: **{ratio:.2f}** (runs {', '.join(f'{r:.2f}' for r in ratios)}).")
        if work.at_most is not None:
            met = ratio <= work.at_most
            fine &= met
            lines.append(f"Goal of at most {work.at_most:g}: {'met' if met else 'MISSED'}.")
    if work.memory_gib is not None:
        met = peaks[first] <= work.memory_gib
        fine &= met
        lines.append(f"Goal of {work.memory_gib:g} GiB: {'met' if met else 'MISSED'}.")
    if work.compare:
        lines.append("Answers compared: " + (f"DIFFER in {', '.join(differing)}." if differing else "equal."))
    for arm, runs in results.items():
        extra = {k: v for k, v in runs[-1].answer.items() if k not in work.compare}
        if extra:
            lines.append(f"{arm}: " + ", ".join(f"{key} {value}" for key, value in extra.items()) + ".")
    return "\n".join(lines) + "\n", fine
