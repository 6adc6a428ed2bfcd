"""The true fleet figures of one business date."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from sample_district.calendar_day import day_start_ms
from sample_district.detection_truth import DISTRICT_CODE
from sample_district.positions import Fixes
from sample_district.spoiled_fixes import PLANTED_NAMES
from sample_district.terrain import Terrain, metres_between

_LONGEST_STEP_S = 300


class GpsTruth:
    """Adds up the parts of a day; a truck belongs to one part."""

    def __init__(self, terrain: Terrain) -> None:
        self.terrain = terrain
        self.positions = self.positioned = self.drift = self.working = 0
        self.planted = np.zeros(len(PLANTED_NAMES), dtype=np.int64)
        self.reporting: set[int] = set()
        self.night_km_by_truck: dict[int, float] = {}
        self.night_km_by_area = np.zeros(len(terrain.codes))

    def add(self, fixes: Fixes, day: date) -> None:
        """Counts accepted, distinct reports (sorted by truck and time)."""
        self.positions += fixes.count
        self.positioned += int(fixes.is_positioned.sum())
        self.drift += int(fixes.is_drift.sum())
        self.working += int(fixes.is_working.sum())
        self.planted += np.bincount(fixes.planted, minlength=len(PLANTED_NAMES))
        self.reporting.update(np.unique(fixes.truck).tolist())
        if fixes.count < 2:
            return
        hour = (fixes.at_s * 1000 - day_start_ms(day)) // 3_600_000
        is_night = (hour >= 22) | (hour < 6)
        step = np.diff(fixes.at_s)
        both = (fixes.truck[1:] == fixes.truck[:-1]) & is_night[1:] & is_night[:-1] & (step <= _LONGEST_STEP_S)
        x, y = fixes.true_x, fixes.true_y
        km = metres_between(x[:-1][both], y[:-1][both], x[1:][both], y[1:][both]) / 1000
        area = self.terrain.areas_of(x[1:][both], y[1:][both])
        trucks, place = np.unique(fixes.truck[1:][both], return_inverse=True)
        self.night_km_by_truck.update(zip(trucks.tolist(), np.bincount(place, km, trucks.size).tolist(), strict=True))
        self.night_km_by_area += np.bincount(area[area >= 0], km[area >= 0], len(self.terrain.codes))

    def as_json(self, approved: set[int]) -> dict[str, Any]:
        """`approved`: trucks whose approval covers the day (indexes of the fleet)."""
        return {
            "trucks_approved": len(approved),
            "trucks_approved_and_reporting": len(approved & self.reporting),
            "trucks_reporting": len(self.reporting),
            "positions_accepted": self.positions,
            "positions_with_fix": self.positioned,
            "positions_while_working": self.working,
            "planted_drift": self.drift,
            "planted_fixes": dict(zip(PLANTED_NAMES[1:], self.planted[1:].tolist(), strict=True)),
            "planted_drift_rate": round(self.drift / self.positions, 8) if self.positions else None,
            "drift_or_no_satellites": self.drift + self.positions - self.positioned,
            "night_km": {
                "all_driven": round(sum(self.night_km_by_truck.values()), 3),
                "driven_by_approved": round(
                    sum(km for truck, km in self.night_km_by_truck.items() if truck in approved), 3
                ),
                "inside": {
                    DISTRICT_CODE: round(float(self.night_km_by_area.sum()), 3),
                    **{
                        code: round(float(km), 3)
                        for code, km in zip(self.terrain.codes, self.night_km_by_area, strict=True)
                    },
                },
            },
        }
