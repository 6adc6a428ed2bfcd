"""What was hauled, received and settled under each permit since the month began, as far as the run tells."""

from __future__ import annotations

from datetime import date
from typing import Any

from sample_district.haulage import Haulage
from sample_district.trip_receipts import Receipt
from sample_district.trip_truth import Trip

_ZERO = {
    "trips": 0, "hauled_m3": 0.0, "received_trips": 0, "received_m3": 0.0, "uncertain_trips": 0, "uncertain_m3": 0.0,
    "receipts": 0, "receipts_m3": 0.0,
}  # fmt: skip


class MassBalance:
    """Adds up dates in order; a new month begins at zero."""

    def __init__(self, haulage: Haulage) -> None:
        self.haulage = haulage
        self._sums: dict[tuple[str, int], dict[str, Any]] = {}

    def add_trips(self, day: date, trips: list[Trip]) -> None:
        """Trips whose load was seen from site to unloading count; of the others nobody can know what they hauled."""
        for trip in trips:
            if trip.permit < 0 or trip.loaded_on != day:
                continue
            sums = self._of(day, trip.permit)
            volume = trip.facts["capacity_m3"]
            is_sure = trip.seen == "whole" and trip.facts["is_registered"] and not trip.facts["is_wrong_datum"]
            name = "" if is_sure else "uncertain_"
            sums[f"{name}trips"] += 1
            sums["hauled_m3" if is_sure else "uncertain_m3"] += volume
            if is_sure and trip.destination == self.haulage.permits.receiver[trip.permit]:
                sums["received_trips"] += 1
                sums["received_m3"] += volume

    def add_receipts(self, day: date, receipts: list[Receipt]) -> None:
        for receipt in receipts:
            sums = self._of(day, receipt.permit)
            sums["receipts"] += 1
            sums["receipts_m3"] += receipt.volume_m3

    def as_json(self, day: date) -> dict[str, Any]:
        """The month so far, receipts included up to the same date."""
        month = f"{day:%Y-%m}"
        permits, sites = self.haulage.permits, self.haulage.sites
        found = {
            permits.permit_id(index): {
                "site_id": sites.site_id(int(permits.site[index])),
                "receiving_site_id": sites.site_id(int(permits.receiver[index])),
                "declared_m3": float(permits.volume_m3[index]),
                **{name: round(value, 2) for name, value in sums.items()},
            }
            for (of_month, index), sums in sorted(self._sums.items())
            if of_month == month
        }
        return {"month": month, "through": day.isoformat(), "permits": found}

    def _of(self, day: date, permit: int) -> dict[str, Any]:
        return self._sums.setdefault((f"{day:%Y-%m}", permit), dict(_ZERO))
