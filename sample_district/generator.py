"""Writes a run: every day's files of every feed, then the answer key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sample_district.answer_key import AnswerKey
from sample_district.camera_days import CameraDays
from sample_district.case_days import CaseDays
from sample_district.delivery import Delivery
from sample_district.detection_day import DetectionDays
from sample_district.district import District
from sample_district.gps_day import GpsDays
from sample_district.haul_days import HaulDays
from sample_district.haulage import Haulage
from sample_district.outages import plan_outages
from sample_district.population_day import PopulationDays
from sample_district.progress import Progress
from sample_district.truck_register import write_truck_register
from sample_district.trucks import found_trucks
from sample_district.waste_days import WasteDays


def generate(district: District, progress: Progress) -> None:
    """Writes `<out>/<feed>/...` and `<out>/answer_key/`. Equal arguments give equal bytes."""
    key = AnswerKey(district)
    days = _Days(district)
    for delivery in days.cases.write_calendar():
        key.note(delivery)
        progress.note(delivery)
    for day in district.days:
        for delivery in days.write(day, key):
            key.note(delivery)
            progress.note(delivery)
    for day, cases in days.cases.truths().items():
        key.note_kpis(day, cases=cases)
    key.write()


class _Days:
    def __init__(self, district: District) -> None:
        self.district = district
        hauls = HaulDays(Haulage.found(district, found_trucks(district.seed, district.scale, district.terrain)))
        self.waste = WasteDays(district, hauls)
        self.cameras, self.detections = CameraDays(district), DetectionDays(district, self.waste)
        self.gps, self.population = GpsDays(district, hauls), PopulationDays(district)
        self.cases = CaseDays(district)

    def write(self, day: date, key: AnswerKey) -> Iterator[Delivery]:
        district = self.district
        outages = plan_outages(
            district.seed, district.scale, district.terrain, district.cameras, day, district.fault_days
        )
        trucks = self.gps.trucks
        yield from self.cameras.write(day, outages)
        yield write_truck_register(district, trucks, day)
        yield from self.detections.write(day, outages.dark)
        yield from self.cases.write(day, self.detections.found)
        yield from self.waste.write(day)
        yield from self.gps.write(day)
        yield from self.population.write(day)
        approved = {int(index) for index in trucks.approved(day).nonzero()[0]}
        assert self.detections.truth and self.gps.truth and self.population.truth
        key.note_kpis(
            day,
            events=self.detections.truth.as_json(),
            cameras=self.cameras.truth,
            fleet=self.gps.truth.as_json(approved),
            population=self.population.truth.as_json(),
        )
        for told, truth in self.waste.truths(day, is_last=day == district.fault_days.last):
            key.write_trips(told, truth)
