"""Settlement receipts: what receiving sites weighed, with missing, over-declared and forged ones among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from sample_district.calendar_day import DAY_MS, HOUR_MS, day_start_ms, local_iso, stamp
from sample_district.csv_faults import FieldFault
from sample_district.delivery import Delivery
from sample_district.district import District
from sample_district.haulage import Haulage
from sample_district.lines import Lines
from sample_district.register_rows import Row, bad_rows, csv_line
from sample_district.seeding import random_stream
from sample_district.track_faults import PartShifts
from sample_district.trip_orders import nth_here

FEED = "settlement_receipts"
_COLUMNS = ("receipt_id", "permit_id", "plate_no", "receiving_site_id", "weighed_at", "volume_m3", "mass_t")
_MISSING, _OVER_DECLARED = 20, 21  # kinds of planting, past those of trips
_FAULTS = (
    FieldFault("missing_receipt_number", "receipt_id", "", "required_missing"),
    FieldFault("volume_in_words", "volume_m3", "full load", "not_a_number"),
    FieldFault("a_ship_and_no_truck", "volume_m3", "4800.0", "out_of_range"),
    FieldFault("weighed_someday", "weighed_at", "someday", "not_a_timestamp", is_dated=False),
)
HONEST, OVER_DECLARED, FORGED = "honest", "over_declared", "without_delivery"


@dataclass(frozen=True)
class Receipt:
    """One receipt; `weighed_ms` since 1970 UTC, `haul` its row in the shifts' hauls."""

    permit: int
    truck: int
    site: int
    weighed_ms: int
    volume_m3: float
    mass_t: float
    kind: str
    haul: int


@dataclass(frozen=True)
class Settlement:
    """The receipts of the shifts that begin on a day, and the hauls that lack one though they were delivered."""

    receipts: list[Receipt]
    missing: list[int]


def settle(haulage: Haulage, planned: PartShifts) -> Settlement:
    """Receipts of one part's shifts. Who dumps a load may hand in a receipt for it all the same."""
    trucks, hauls, orders = haulage.trucks, planned.shifts.hauls, planned.shifts.orders
    rng = random_stream(haulage.seed, "receipts", planned.day, planned.part)
    share, density = rng.uniform(0.95, 1.0, hauls.truck.size), rng.uniform(1.35, 1.65, hauls.truck.size)
    wait = rng.uniform(60, 200, hauls.truck.size)
    works = planned.shifts.works[hauls.truck]
    permit = orders.permit[hauls.number, hauls.truck]
    goal = orders.destination[hauls.number, hauls.truck]
    delivered = [
        int(haul)
        for haul in np.flatnonzero(works & (permit >= 0) & (goal >= 0))
        if haulage.sites.is_filed(int(goal[haul]), planned.day)
    ]
    absent = _chosen(haulage, planned, delivered, _MISSING)
    over = _chosen(haulage, planned, [haul for haul in delivered if haul not in absent], _OVER_DECLARED)
    forged = np.flatnonzero(works & (permit >= 0) & (goal < 0))
    forged = forged[random_stream(haulage.seed, "forged receipts", planned.day, planned.part).random(forged.size) < 0.6]
    receipts = []
    for haul in [*delivered, *forged.tolist()]:
        if haul in absent:
            continue
        kind = FORGED if goal[haul] < 0 else OVER_DECLARED if haul in over else HONEST
        truck = int(planned.mine[hauls.truck[haul]])
        factor = {HONEST: share[haul], OVER_DECLARED: 1.6, FORGED: 1.0}[kind]
        volume = round(float(trucks.capacity_m3[truck] * factor), 2)
        site = int(haulage.permits.receiver[permit[haul]]) if kind == FORGED else int(goal[haul])
        at_ms = int((hauls.arrived_s[haul] + wait[haul]) // 1 * 1000)
        mass = round(volume * float(density[haul]), 2)
        receipts.append(Receipt(int(permit[haul]), truck, site, at_ms, volume, mass, kind, haul))
    return Settlement(receipts, sorted(absent))


def _chosen(haulage: Haulage, planned: PartShifts, hauls: list[int], kind: int) -> set[int]:
    wanted = nth_here(haulage, kind, planned.day, planned.part, haulage.parts)
    rng = random_stream(haulage.seed, "receipt faults", kind, planned.day, planned.part)
    return {hauls[int(place)] for place in rng.permutation(len(hauls))[:wanted]}


def weighed_on(receipts: list[Receipt], day: date) -> list[Receipt]:
    """Those of the Shanghai date, in the order of their weighing."""
    start = day_start_ms(day)
    return sorted(
        (receipt for receipt in receipts if start <= receipt.weighed_ms < start + DAY_MS),
        key=lambda receipt: (receipt.weighed_ms, receipt.truck),
    )


def write_receipts(district: District, haulage: Haulage, day: date, receipts: list[Receipt]) -> list[Delivery]:
    """The day's file; on one day of the run the evening's receipts come two days late."""
    rows = [_row(haulage, day, number, receipt) for number, receipt in enumerate(receipts, start=1)]
    evening = day_start_ms(day) + 18 * HOUR_MS
    prompt, deliveries = rows, []
    if day == district.fault_days.late_file:
        prompt = [row for row, receipt in zip(rows, receipts, strict=True) if receipt.weighed_ms < evening]
        held = rows[len(prompt) :]
        arrival = day_start_ms(day + timedelta(days=2)) + 12 * HOUR_MS
        late = Delivery(FEED, f"{FEED}_{day}_p01late_r{stamp(arrival)}.csv", "csv", day, csv_line(_COLUMNS))
        late.count_good(day, len(held), late=len(held))
        late.note_fault("late_file", len(held), verdict="accepted", late=len(held))
        late.write_lines(district.out, Lines.of_list(csv_line(row) for row in held), [])
        deliveries.append(late)
    delivery = Delivery(FEED, f"{FEED}_{day}_p01.csv", "csv", day, csv_line(_COLUMNS))
    lines = Lines.of_list(csv_line(row) for row in prompt)
    delivery.count_good(day, lines.count)
    rng = random_stream(district.seed, FEED, "faults", day)
    delivery.write_lines(district.out, lines, bad_rows(rng, _COLUMNS, prompt, _FAULTS, day, lines))
    for kind in (OVER_DECLARED, FORGED):
        count = sum(receipt.kind == kind for receipt in receipts)
        delivery.note_fault(f"receipt_{kind}", count, verdict="accepted")
    return [*deliveries, delivery]


def _row(haulage: Haulage, day: date, number: int, receipt: Receipt) -> Row:
    return (
        f"JS-{day:%Y%m%d}-{number:05d}",
        haulage.permits.permit_id(receipt.permit),
        str(haulage.trucks.plate_no[receipt.truck]),
        haulage.sites.site_id(receipt.site),
        local_iso(receipt.weighed_ms)[:19].replace("T", " "),
        f"{receipt.volume_m3:.2f}",
        f"{receipt.mass_t:.2f}",
    )
