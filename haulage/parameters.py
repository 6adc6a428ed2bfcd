"""What is measured by: the owner's parameters of the feed `truck_gps`, and what follows from the devices."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.contracts import load_contract

_SECOND = 1_000_000.0


@dataclass(frozen=True)
class Parameters:
    """Those of the contract by their names there (units in the names); below them those of this room, with reasons."""

    expected_interval_s: float
    max_gap_s: float
    max_speed_kmh: float
    region_min_longitude: float
    region_max_longitude: float
    region_min_latitude: float
    region_max_latitude: float
    stop_radius_m: float
    stop_min_s: float
    corridor_m: float
    overspeed_kmh: float
    dark_gap_s: float
    trip_end_after_s: float

    # A load sensor flickers while the body is tipped: a new state counts once it has been reported for so long.
    load_sure_s: float = 60
    # A truck that shunts within its construction site has not left with a load.
    leave_m: float = 500
    # A sensor that has not said "full" for so long is taken for broken, and the sites tell the legs.
    sensor_memory_s: float = 3 * 86_400
    # A power-off or antenna alarm belongs to a gap that begins so near to it.
    alarm_near_s: float = 120
    # Satellite scatter between two fixes a second apart is no speed.
    jump_slack_m: float = 30
    stuck_speed_kmh: float = 10
    stuck_mileage_km: float = 0.3
    # A report from the future, or received a month after its clock's time (blind areas last hours): the clock is wrong.
    clock_ahead_s: float = 300
    clock_behind_s: float = 30 * 86_400
    # A vehicle that has been silent for so long begins anew.
    forget_after_s: float = 7 * 86_400

    @classmethod
    def from_contract(cls, **changed: float) -> Parameters:
        """The contract's values. Raises KeyError when the contract lacks one."""
        stated: dict[str, Any] = dict(load_contract("truck_gps").parameters)
        needed = [f.name for f in fields(cls) if f.default is MISSING]
        return cls(**{**{name: float(stated[name]) for name in needed}, **changed})

    def vector(self) -> NDArray[np.float64]:
        """As `layout.P_...` names them: seconds as microseconds, km/h as metres per microsecond where distances meet times."""
        return np.array(
            [
                self.max_speed_kmh / 3.6 / _SECOND,
                self.stop_radius_m,
                self.stop_min_s * _SECOND,
                self.corridor_m,
                self.overspeed_kmh,
                self.dark_gap_s * _SECOND,
                self.trip_end_after_s * _SECOND,
                self.expected_interval_s * _SECOND,
                self.max_gap_s * _SECOND,
                self.load_sure_s * _SECOND,
                self.leave_m,
                self.sensor_memory_s * _SECOND,
                self.alarm_near_s * _SECOND,
                self.jump_slack_m,
                self.stuck_speed_kmh,
                self.stuck_mileage_km,
            ]
        )
