"""Where cases come from: the first detections of incidents, patrols, the hotline, uploads; and the backlog at the start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from sample_district.case_clock import Rule, WorkCalendar
from sample_district.case_lives import PATROL_CATEGORIES, Case, live, unit_of
from sample_district.datum import as_reported
from sample_district.detection_lines import event_ids
from sample_district.detections import Detections
from sample_district.district import District
from sample_district.incident_fold import incident_of
from sample_district.seeding import random_stream

BACKLOG_DAYS = 20
_SOURCES, _SHARES = ("patrol", "hotline", "upload"), (0.5, 0.38, 0.12)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - Shanghai's wall clock, without zone
# Cameras whose view misleads the algorithm: most of what they report is none.
MISLEADING_EVERY = 23


@dataclass(frozen=True)
class Found:
    """The first detection of an incident: what a case of an algorithm starts from."""

    event_id: str
    camera: int
    category: str
    seen: datetime
    longitude: float
    latitude: float


def found_in(district: District, day: date, part: int, seen: Detections) -> list[Found]:
    """A share of the incidents of one node's day; a misleading camera's all."""
    if not seen.count:
        return []
    incident = incident_of(seen.camera, seen.event_type, seen.detected_ms, seen.track)
    order = np.lexsort((seen.number, seen.detected_ms))
    _, first = np.unique(incident[order], return_index=True)
    firsts = np.sort(order[first])
    rng = random_stream(district.seed, district.scale.name, "cases seen", day, part)
    wanted = int(district.scale.cases * 0.6 / district.scale.native_parts)
    chosen = np.sort(rng.permutation(firsts)[:wanted])
    ids = event_ids(day, part, seen.number[chosen])
    return [
        Found(
            ids[place],
            int(seen.camera[index]),
            district.rates[int(seen.event_type[index])].event_type,
            _EPOCH + timedelta(milliseconds=int(seen.detected_ms[index]), hours=8),
            float(seen.longitude[index]),
            float(seen.latitude[index]),
        )
        for place, index in enumerate(chosen)
    ]


class Intake:
    """Makes the cases of each day; numbers are those of the case system."""

    def __init__(self, district: District, calendar: WorkCalendar, rules: dict[str, list[Rule]]) -> None:
        self.district, self.calendar, self.rules = district, calendar, rules

    def backlog(self) -> list[Case]:
        """Cases of the days before the run, which the first export tells; none of them has a detection."""
        first = self.district.fault_days.start
        days = [first - timedelta(days=number) for number in range(BACKLOG_DAYS, 0, -1)]
        return [case for day in days for case in self.of_day(day, [])]

    def of_day(self, day: date, found: list[Found]) -> list[Case]:
        """The cases filed from what was found on the day; a few of the last hour are filed after midnight."""
        rng = random_stream(self.district.seed, self.district.scale.name, "cases", day)
        others = max(6, int(self.district.scale.cases * 0.4))
        cases = [self._seen(rng, day, number, item) for number, item in enumerate(found, start=1)]
        cases += [self._told(rng, day, len(found) + number) for number in range(1, others + 1)]
        return cases

    def _seen(self, rng: np.random.Generator, day: date, number: int, item: Found) -> Case:
        cameras, terrain = self.district.cameras, self.district.terrain
        township = terrain.codes[int(cameras.area[item.camera])]
        reported = item.seen.replace(microsecond=0) + timedelta(seconds=int(rng.integers(20, 600)))
        misleading = item.camera % MISLEADING_EVERY == 7
        return self._filed(
            rng, day, number, "ai_camera", item.event_id, item.category, township,
            item.longitude, item.latitude, reported, 0.75 if misleading else 0.1,
        )  # fmt: skip

    def _told(self, rng: np.random.Generator, day: date, number: int) -> Case:
        terrain = self.district.terrain
        source = str(rng.choice(_SOURCES, p=_SHARES))
        category = str(rng.choice([*PATROL_CATEGORIES, "random_garbage", "street_occupation", "illegal_parking"]))
        people = np.array([township.population_share for township in terrain.townships])
        area = int(rng.choice(len(terrain.codes), p=people / people.sum()))
        x, y = terrain.places_in(area, 1, rng)
        # Some of the hotline's cases name no township.
        township = "" if source == "hotline" and rng.random() < 0.05 else terrain.codes[area]
        opens, length = (8, 10) if source == "patrol" else (0, 24)
        reported = datetime.combine(day, datetime.min.time()) + timedelta(
            seconds=opens * 3600 + int(rng.integers(0, length * 3600))
        )
        return self._filed(rng, day, number, source, "", category, township, float(x[0]), float(y[0]), reported, 0.02)

    def _filed(
        self,
        rng: np.random.Generator,
        day: date,
        number: int,
        source: str,
        event_id: str,
        category: str,
        township: str,
        longitude: float,
        latitude: float,
        reported: datetime,
        false_alarms: float,
    ) -> Case:
        filed = reported + timedelta(seconds=int(rng.integers(60, 7200 if source == "hotline" else 1800)))
        datum = "GCJ02" if source in ("patrol", "upload") else "WGS84"
        x, y = as_reported(np.array([longitude]), np.array([latitude]), datum)
        case = Case(
            case_id=f"SJ{day:%Y%m%d}-{number:06d}",
            source=source,
            event_id=event_id,
            category=category,
            township=township,
            community=f"{township}{int(rng.integers(1, 20)):03d}" if township else "",
            longitude=round(float(x[0]), 6),
            latitude=round(float(y[0]), 6),
            datum=datum,
            reported=reported,
            filed=filed,
            dispatched=filed + timedelta(seconds=int(rng.integers(120, 1800))),
            unit=unit_of(category, township),
        )
        return live(case, rng, self.calendar, self.rules, false_alarms)
