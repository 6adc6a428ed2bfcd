"""Compiled: values put into a longer row."""

from __future__ import annotations

from numba import njit


@njit(nogil=True)
def put(row, at, values):  # type: ignore[no-untyped-def]
    """`row[at : at + len(values)] = values`, which numba would take seconds to compile."""
    for i in range(values.size):
        row[at + i] = values[i]
