"""What the haulage feeds of a run share: sites, permits, places of illegal dumping, and terminals of the wrong datum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample_district.datum import Floats
from sample_district.disposal_permits import DisposalPermits, found_permits
from sample_district.district import District
from sample_district.seeding import random_stream
from sample_district.trucks import Trucks
from sample_district.waste_sites import WasteSites, found_sites, lonely_places

_DUMPS = 12


@dataclass(frozen=True)
class Haulage:
    """The same for every day of a run. `dumps` are places of no site; `is_wrong_datum` trucks send GCJ-02 degrees."""

    seed: int
    trucks: Trucks
    sites: WasteSites
    permits: DisposalPermits
    dumps: tuple[Floats, Floats]
    is_wrong_datum: NDArray[np.bool_]
    parts: int
    jtt808_parts: int
    fix_interval_s: int
    planted_a_day: int

    @classmethod
    def found(cls, district: District, trucks: Trucks) -> Haulage:
        seed, scale, start = district.seed, district.scale, district.fault_days.start
        sites = found_sites(seed, scale, district.terrain, district.cameras, trucks, start)
        rng = random_stream(seed, scale.name, "wrong datum terminals")
        honest = ~trucks.is_broken & (trucks.valid_until != np.datetime64("2026-02-28"))
        honest &= (trucks.approved_on < np.datetime64("2028-01-01")) & (trucks.part < scale.jtt808_parts)
        wrong = np.zeros(trucks.count, dtype=bool)
        wrong[rng.permutation(np.flatnonzero(honest))[: max(1, trucks.count // 100)]] = True
        return cls(
            seed=seed,
            trucks=trucks,
            sites=sites,
            permits=found_permits(seed, scale, district.cameras, trucks, sites, start),
            dumps=lonely_places(random_stream(seed, scale.name, "dumps"), district.terrain, sites, _DUMPS),
            is_wrong_datum=wrong,
            parts=scale.jtt808_parts + scale.csv_gps_parts,
            jtt808_parts=scale.jtt808_parts,
            fix_interval_s=scale.fix_interval_s,
            planted_a_day=max(1, min(12, trucks.count // 20)),
        )
