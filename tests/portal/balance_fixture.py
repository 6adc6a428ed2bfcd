"""The small district's mass balance: the month of the dates, and the one before, of which no receipts arrived.

Known exceptions: P-03 settles far less than it hauled, P-04 more; P-05 declares no volume and hauled nothing; waste was hauled from
S-9 without a permit; receipts are there for all but the last two of the dates.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from tests.portal.haulage_fixture import BEST, WORST

# permit, site, receiving site, company, declared, trips, received trips, receipts, settled m3
_PERMITS: tuple[tuple[str, str, str | None, str | None, float | None, int, int, int, float], ...] = (
    ("P-01", "S-1", "R-1", BEST, 20_000.0, 180, 179, 179, 2_506.0),
    ("P-02", "S-2", "R-1", BEST, 8_500.0, 96, 95, 96, 1_344.0),
    ("P-03", "S-3", "R-2", WORST, 12_000.0, 121, 70, 72, 1_008.0),
    ("P-04", "S-4", "R-2", "申松土方运输有限公司", 5_000.0, 60, 60, 71, 994.0),
    ("P-05", "S-5", "R-1", WORST, None, 0, 0, 0, 0.0),
    ("none", "S-9", None, None, None, 7, 0, 0, 0.0),
)
_CAPACITY = 14.0  # cubic metres


def mass_balance(dates: list[date], hostile: str = "") -> pl.DataFrame:
    month = dates[-1].replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    rows = [*_of_month(month, 1.0, hostile), *_of_month(before, 0.0, "")]
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"declared_m3": pl.Float64, "difference_share": pl.Float64})  # fmt: skip


def _of_month(month: date, settled: float, hostile: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for permit, site, receiving, carrier, declared, trips, received, receipts, volume in _PERMITS:
        hauled, paid = trips * _CAPACITY, volume * settled
        rows.append({
            "month": month, "permit_id": hostile if hostile and permit == "P-02" else permit, "site_id": hostile or site,
            "receiving_site_id": receiving, "carrier": hostile if hostile and permit == "P-01" else carrier,
            "declared_m3": declared, "trips": trips, "unmeasured_trips": 0, "hauled_m3": hauled, "received_trips": received,
            "received_m3": received * _CAPACITY, "receipts": round(receipts * settled), "unmeasured_receipts": 0, "receipts_m3": paid,
            "difference_m3": hauled - paid, "difference_share": (hauled - paid) / hauled if hauled else None,
        })  # fmt: skip
    rows.sort(key=lambda row: (-abs(row["difference_m3"]), row["permit_id"]))
    return [{**row, "difference_rank": rank} for rank, row in enumerate(rows, start=1)]


def accounting(dates: list[date]) -> pl.DataFrame:
    """The receipts' rows of `data_accounting`."""
    return pl.DataFrame(
        [{"feed": "settlement_receipts", "business_date": day, "received": 30, "accepted": 30, "quarantined": 0,
          "duplicate": 0, "late": 0, "files": 1} for day in dates[:-2]],
        schema={"feed": pl.String, "business_date": pl.Date, **dict.fromkeys(
            ("received", "accepted", "quarantined", "duplicate", "late", "files"), pl.Int64)},
    )  # fmt: skip
