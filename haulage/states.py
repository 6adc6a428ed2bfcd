"""What one processed date leaves to the next: a state for each vehicle that has reported lately."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from haulage import layout as L
from haulage.legs import Leg
from haulage.tables import SCHEMA, arrow_table
from lake.engine import sql_name

DONE = ""  # the vehicle whose row says that a date was processed
_SMALLEST = 36  # numbers of the states that lakes may still hold: those before layout.LOST_T


@dataclass
class States:
    """Vectors of layout.STATE numbers by vehicle, and the legs that are under way."""

    numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    legs: dict[str, Leg] = field(default_factory=dict)

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[str, Sequence[float], str | None]], *, after: float = -math.inf) -> States:
        """Rows of `open_states` (vehicle, numbers, leg) of one date, of vehicles heard of after the instant `after`."""
        states = cls()
        for key, numbers, leg in rows:
            state = np.array(numbers, dtype=np.float64)
            if _SMALLEST <= state.size < L.STATE:  # of before numbers were added at the end: nothing is known of them
                state = np.append(state, np.full(L.STATE - state.size, np.nan))
            if state.size == L.STATE and state[L.REPORT_T] >= after:
                states.numbers[key] = state
                if leg is not None:
                    states.legs[key] = Leg.loads(leg)
        return states

    def matrix(self, vehicles: list[str]) -> NDArray[np.float64]:
        """The states of these vehicles (vehicles, STATE), a new one for those not known."""
        rows = np.tile(new_state(), (len(vehicles), 1))
        for number, key in enumerate(vehicles):
            if key in self.numbers:
                rows[number] = self.numbers[key]
        return rows

    def as_table(self, day: date) -> pa.Table:
        keys = sorted(self.numbers)
        return arrow_table(
            "open_states",
            {
                "processed_date": [day] * (len(keys) + 1),
                "vehicle_key": [DONE, *keys],
                "numbers": [[], *(self.numbers[key].tolist() for key in keys)],
                "leg": [None, *(self.legs[key].dumps() if key in self.legs else None for key in keys)],
            },
        )


def new_state() -> NDArray[np.float64]:
    """Of a vehicle that has never been heard of."""
    state = np.full(L.STATE, np.nan)
    state[[L.STOP_N, L.STOP_FOUND, L.LOAD, L.TURN, L.LEG]] = 0.0
    return state


def done_dates(con: duckdb.DuckDBPyConnection, warehouse: str) -> list[date]:
    """The processed dates, rising."""
    rows = con.execute(
        f"SELECT processed_date FROM {_table(warehouse)} WHERE vehicle_key = ? ORDER BY processed_date", [DONE]
    ).fetchall()
    return [day for (day,) in rows]


def states_before(con: duckdb.DuckDBPyConnection, warehouse: str, day: date, *, after: float) -> States:
    """The states that the last processed date before `day` left, of vehicles heard of after the instant `after`."""
    earlier = [done for done in done_dates(con, warehouse) if done < day]
    if not earlier:
        return States()
    rows = con.execute(
        f"SELECT vehicle_key, numbers, leg FROM {_table(warehouse)} WHERE processed_date = ? AND vehicle_key <> ?",
        [earlier[-1], DONE],
    ).fetchall()
    return States.of_rows(rows, after=after)


def _table(warehouse: str) -> str:
    return f"{sql_name(warehouse)}.{SCHEMA}.open_states"
