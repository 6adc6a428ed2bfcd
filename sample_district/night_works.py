"""Night construction: sites that may work at night and sites that may not, what cameras saw there, and the verdicts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample_district.calendar_day import HOUR_MS, SHANGHAI_MS, day_start_ms, local_iso
from sample_district.detections import Detections
from sample_district.district import District
from sample_district.haulage import Haulage
from sample_district.incident_fold import incident_of
from sample_district.register_rows import Row
from sample_district.seeding import random_stream
from sample_district.terrain import METRES_PER_LAT, METRES_PER_LON

NIGHT_CONSTRUCTION = "night_construction"
# What each night site has, in turn: a permit, none, one that ended, one until midnight only.
PERMITTED, WITHOUT, ENDED, UNTIL_MIDNIGHT = range(4)
_NEAR_M = 800.0


@dataclass
class NightWorks:
    """The night-work permits of a run, the detections planted on each day, and each day's verdicts."""

    district: District
    haulage: Haulage
    verdicts: dict[date, list[dict[str, Any]]] = field(default_factory=dict)

    def rows(self) -> list[Row]:
        """The register; it also holds permits of sites that no camera watches."""
        first = self.district.fault_days.start
        since, until = first - timedelta(days=60), first + timedelta(days=200)
        sites = self.haulage.sites
        rows: list[Row] = []

        def add(site: int, ends: date, hour_from: int, hour_until: int) -> None:
            number = f"YJSG-2026-{len(rows) + 1:05d}"
            rows.append((number, sites.site_id(site), str(since), str(ends), str(hour_from), str(hour_until)))

        for place, site in enumerate(sites.night.tolist()):
            if place % 4 == PERMITTED:
                add(site, until, 20, 6)
            elif place % 4 == ENDED:
                add(site, first - timedelta(days=10), 20, 6)
            elif place % 4 == UNTIL_MIDNIGHT:
                add(site, until, 20, 24)
        for site in range(0, self.haulage.trucks.sites[0].size, 2):
            add(site, until - timedelta(days=site % 90), 21, 5)
        return rows

    def planted(self, day: date, dark: NDArray[np.bool_]) -> list[tuple[int, int]]:
        """(camera, instant) of the day's planted detections: legal ones and illegal ones, each at lit cameras."""
        rng = random_stream(self.district.seed, "night construction", day)
        rows = []
        for place, site in enumerate(self.haulage.sites.night[:8].tolist()):
            camera = int(self.haulage.sites.camera[site])
            for hour in (1, 22):
                at = day_start_ms(day) + hour * HOUR_MS + int(rng.integers(0, HOUR_MS // 2))
                if not dark[camera, hour] and (hour == 22 or place % 4 in (WITHOUT, UNTIL_MIDNIGHT)):
                    rows += [(camera, at), (camera, at + 400_000)]
        return rows

    def judge(self, seen: Detections, day: date) -> None:
        """Adds the verdicts of one node's detections: one entry an incident, by its first detection."""
        types = [rate.event_type for rate in self.district.rates]
        seen = seen.where(seen.event_type == types.index(NIGHT_CONSTRUCTION))
        if not seen.count:
            return
        incident = incident_of(seen.camera, seen.event_type, seen.detected_ms, seen.track)
        order = np.argsort(seen.detected_ms, kind="stable")
        _, first = np.unique(incident[order], return_index=True)
        told = self.verdicts.setdefault(day, [])
        for index in order[np.sort(first)]:
            told.append(self._verdict(int(seen.camera[index]), int(seen.detected_ms[index])))

    def _verdict(self, camera: int, at_ms: int) -> dict[str, Any]:
        sites, cameras = self.haulage.sites, self.district.cameras
        own = np.flatnonzero(sites.camera == camera)
        hour = (at_ms + SHANGHAI_MS) // HOUR_MS % 24
        verdict, site, is_sure = "unknown_site", None, True
        if own.size:
            site = sites.site_id(int(own[0]))
            which = int(np.flatnonzero(sites.night == own[0])[0]) % 4
            may = (which == PERMITTED and (hour >= 20 or hour < 6)) or (which == UNTIL_MIDNIGHT and hour >= 20)
            verdict = "permitted" if may else "unpermitted"
        else:
            apart = np.hypot(
                (sites.x - cameras.longitude[camera]) * METRES_PER_LON,
                (sites.y - cameras.latitude[camera]) * METRES_PER_LAT,
            )
            is_sure = bool((apart - sites.radius_m).min() > _NEAR_M)
        return {
            "camera_id": str(cameras.camera_id[camera]),
            "first_at": local_iso(at_ms),
            "area_code": self.district.terrain.codes[int(cameras.area[camera])],
            "site_id": site,
            "verdict": verdict,
            "is_sure": is_sure,
        }

    def as_json(self, day: date) -> dict[str, Any]:
        told = self.verdicts.pop(day, [])
        counts = Counter(entry["verdict"] for entry in told)
        return {"counts": dict(sorted(counts.items())), "incidents": told}
