"""Stops of tracks that are already clean, by this room's definition (`stop_kernel`), for whoever has only tracks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from haulage import kernel
from haulage import layout as L
from haulage.parameters import Parameters
from haulage.states import new_state


def find_stops(
    t: ArrayLike,
    lon: ArrayLike,
    lat: ArrayLike,
    starts: ArrayLike | None = None,
    *,
    radius_m: float | None = None,
    least_s: float | None = None,
    dark_gap_s: float | None = None,
) -> NDArray[np.float64]:
    """Stops as a matrix with the columns layout.S_..., by vehicle and begin.

    `t` in microseconds, not falling within a vehicle; `lon`, `lat` in degrees; `starts` (vehicles + 1) says where each
    vehicle's rows begin, None: one vehicle. What is not given is the contract's. See stop_kernel for the definition.
    """
    instants = np.ascontiguousarray(t, dtype=np.int64)
    rows = np.array([0, instants.size]) if starts is None else np.asarray(starts)
    changed = {"stop_radius_m": radius_m, "stop_min_s": least_s, "dark_gap_s": dark_gap_s}
    parameters = replace(Parameters.from_contract(), **{k: v for k, v in changed.items() if v is not None})
    states = np.tile(new_state(), (len(rows) - 1, 1))
    stops = np.empty((instants.size + len(rows), L.STOP))
    count = kernel.stops_of(
        rows.astype(np.int64),
        instants,
        np.ascontiguousarray(lon, dtype=np.float64),
        np.ascontiguousarray(lat, dtype=np.float64),
        parameters.vector(),
        states,
        stops,
    )
    return stops[:count].copy()
