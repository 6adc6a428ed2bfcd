"""One run of the generator: the district that stays the same for all its days, and where the files go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sample_district.cameras import Cameras, place_cameras
from sample_district.datum import Floats
from sample_district.event_rates import EventRate, base_rates, load_event_rates
from sample_district.fault_days import FaultDays
from sample_district.scale import Scale
from sample_district.terrain import Terrain


@dataclass(frozen=True)
class District:
    """What every feed of a run shares. `out` is the folder that holds one folder a feed."""

    seed: int
    scale: Scale
    out: Path
    fault_days: FaultDays
    terrain: Terrain
    cameras: Cameras
    rates: list[EventRate]
    base_rates: Floats

    @classmethod
    def found(cls, seed: int, scale: Scale, out: Path, start: date, days: int, map_file: Path | None) -> District:
        terrain = Terrain.load(map_file)
        cameras, rates = place_cameras(seed, scale, terrain), load_event_rates()
        base = base_rates(seed, scale, terrain, cameras, rates)
        return cls(seed, scale, out, FaultDays(start, days), terrain, cameras, rates, base)

    @property
    def days(self) -> list[date]:
        first = self.fault_days.start
        return [first + timedelta(days=index) for index in range(self.fault_days.days)]
