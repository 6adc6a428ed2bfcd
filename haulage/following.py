"""Vehicles followed through a date by the compiled code, on all cores; and legs measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from haulage import kernel
from haulage import layout as L
from haulage.fixes import Fixes
from haulage.parameters import Parameters
from haulage.permits import Routes
from haulage.sites import Sites

Matrix = NDArray[np.float64]
Result = TypeVar("Result")


@dataclass
class Followed:
    """`rules` by row; `states` by vehicle as the date leaves them; stops, legs, gaps (columns: layout), vehicles rising."""

    rules: NDArray[np.uint8]
    states: Matrix
    stops: Matrix
    legs: Matrix
    gaps: Matrix


def follow(
    fixes: Fixes, states: Matrix, day_end: float, sites: Sites, parameters: Parameters, threads: int
) -> Followed:
    """`states` (vehicles, STATE) as the date before left them; not changed. `day_end` in microseconds."""
    states = states.copy()
    rules = np.zeros(fixes.rows, dtype=np.uint8)
    numbers = parameters.vector()

    def one(first: int, last: int) -> tuple[Matrix, Matrix, Matrix]:
        room = int(fixes.starts[last] - fixes.starts[first]) + 2 * (last - first)
        found = [np.empty((room, width)) for width in (L.STOP, L.LEG_COLUMNS, L.GAP)]  # untouched pages cost nothing
        counts = kernel.follow(
            first, last, fixes.starts, day_end, fixes.t, fixes.lon, fixes.lat, fixes.speed, fixes.mileage, fixes.load,
            fixes.flags, rules, fixes.alarms, fixes.alarm_starts, states, sites.fences, numbers, *found,
        )  # fmt: skip
        stops, legs, gaps = (matrix[:count].copy() for matrix, count in zip(found, counts, strict=True))
        return stops, legs, gaps

    parts = _shared(one, _cuts(fixes.starts, threads))
    stops, legs, gaps = (np.concatenate(matrices) for matrices in zip(*parts, strict=True))
    return Followed(rules, states, stops, legs, gaps)


def measure(
    fixes: Fixes,
    rules: NDArray[np.uint8],
    jobs: NDArray[np.int64],
    turns: NDArray[np.int64],
    carried_alarms: NDArray[np.float64],
    measured: Matrix,
    routes: Routes,
    parameters: Parameters,
    threads: int,
) -> Matrix:
    """Legs measured in place (`measured`); returns what each was at its turn (NaN where it has none). See leg_kernel."""
    vertices, route_starts = routes.packed()
    at_turn = np.full(measured.shape, np.nan)
    numbers = parameters.vector()

    def one(first: int, last: int) -> None:
        kernel.measure_jobs(
            jobs[first:last], turns[first:last], fixes.t, fixes.lon, fixes.lat, fixes.speed, fixes.flags, fixes.line,
            rules, fixes.alarms, fixes.alarm_starts, carried_alarms[first:last], vertices, route_starts, numbers,
            measured[first:last], at_turn[first:last],
        )  # fmt: skip

    _shared(one, _cuts(np.arange(len(jobs) + 1), threads))
    return at_turn


def _cuts(starts: NDArray[np.int64], parts: int) -> list[tuple[int, int]]:
    """Runs of vehicles with about as many rows each; at least one run."""
    wanted = np.linspace(0, int(starts[-1]), parts + 1)[1:-1]
    at = [0, *np.searchsorted(starts, wanted).tolist(), len(starts) - 1]
    return [(first, last) for first, last in pairwise(at) if last > first] or [(0, len(starts) - 1)]


def _shared(work: Callable[[int, int], Result], cuts: Sequence[tuple[int, int]]) -> list[Result]:
    if len(cuts) == 1:
        return [work(*cuts[0])]
    with ThreadPoolExecutor(len(cuts)) as pool:
        return [future.result() for future in [pool.submit(work, *cut) for cut in cuts]]
