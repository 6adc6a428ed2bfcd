"""Compiled: rows into their order, vehicle by vehicle and then by time, in linear time where they arrive nearly sorted."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True)
def vehicle_rows(vehicle, vehicles):  # type: ignore[no-untyped-def]
    """Where each vehicle's rows begin (vehicles + 1), and whether they lie together already."""
    starts = np.zeros(vehicles + 1, dtype=np.int64)
    together = True
    for row in range(vehicle.size):
        starts[vehicle[row] + 1] += 1
        if row and vehicle[row] < vehicle[row - 1]:
            together = False
    for v in range(vehicles):
        starts[v + 1] += starts[v]
    return starts, together


@njit(nogil=True)
def by_vehicle(vehicle, starts):  # type: ignore[no-untyped-def]
    """A stable permutation that brings each vehicle's rows together."""
    order = np.empty(vehicle.size, dtype=np.int64)
    free = starts.copy()
    for row in range(vehicle.size):
        v = vehicle[row]
        order[free[v]] = row
        free[v] += 1
    return order


@njit(nogil=True)
def unsorted_vehicles(t, starts):  # type: ignore[no-untyped-def]
    """The vehicles whose times do not strictly rise."""
    found = np.zeros(starts.size - 1, dtype=np.bool_)
    for v in range(starts.size - 1):
        for row in range(starts[v] + 1, starts[v + 1]):
            if t[row] <= t[row - 1]:
                found[v] = True
                break
    return found


@njit(nogil=True)
def out_of_order(line, file, skewed, starts, files):  # type: ignore[no-untyped-def]
    """Rows that arrived after a later one: of the same file, on a later line than a row with a later time."""
    late = np.zeros(line.size, dtype=np.bool_)
    first_line = np.zeros(files, dtype=np.int64)
    owner = np.full(files, -1, dtype=np.int64)
    for v in range(starts.size - 1):
        for row in range(starts[v + 1] - 1, starts[v] - 1, -1):
            if skewed[row]:
                continue
            f = file[row]
            if owner[f] != v or line[row] < first_line[f]:
                owner[f] = v
                first_line[f] = line[row]
            elif line[row] > first_line[f]:
                late[row] = True
    return late
