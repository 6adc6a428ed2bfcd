"""The small district's waste haulage: trips and their verdicts, the KPIs made from them, dumps, night work, cleaned tracks.

Known exceptions: no positions were processed on the sixth day; on the ninth too few trips could be judged (withheld); 松土运输 is
the worst company, 小雨运输 has too few trips to be ranked, of 远山运输 too little can be judged; 小昆山镇's night work is dark on
the last three days; no register of night-work permits was in effect on the first day.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from tests.portal.district import DISTRICT, TOWNSHIPS

BEST, WORST, SMALL, UNSEEN = "茸城渣土运输有限公司", "松土运输有限公司", "小雨运输有限公司", "远山运输有限公司"
UNTRACKED, UNJUDGED = 5, 8  # places among the dates
FINDINGS = ("unpermitted_site", "unfiled_receiving_site", "off_route", "out_of_hours", "expired_permit", "unregistered_truck",
            "suspected_dump", "terminal_dark", "overspeed", "uncovered_or_spilling", "no_permit")  # fmt: skip
# company, trips a day, share of violations, share not judged
_CARRIERS = ((BEST, 16, 0.03, 0.05), ("申松土方运输有限公司", 12, 0.08, 0.06), (WORST, 9, 0.35, 0.08), (SMALL, 1, 0.0, 0.0),
             (UNSEEN, 5, 0.1, 0.75))  # fmt: skip
_FLOOR = 0.6
# code, domain, unit, better, target, zh, en
HAULAGE_KPIS: tuple[tuple[str, str, str, str, float | None, str, str], ...] = (
    ("waste_trips", "waste_trucks", "trips", "lower", None, "渣土车重载趟次", "Trips of loaded waste trucks"),
    ("waste_conformance_rate", "waste_trucks", "ratio", "higher", 0.95, "渣土运输合规率", "Conformance of waste trips"),
    ("waste_dark_hours", "waste_trucks", "h", "lower", 0.0, "渣土车重载失联时长", "Hours of loaded trucks without position"),
    ("waste_suspected_dumps", "waste_trucks", "trips", "lower", 0.0, "疑似偷倒趟次", "Suspected dumps"),
    ("night_construction_unpermitted", "construction", "incidents", "lower", 0.0, "无证夜间施工事件数", "Night construction without a permit"),
    ("waste_receipt_gap_share", "waste_trucks", "ratio", "lower", 0.05, "消纳结算缺口率", "Hauled waste without a receipt"),
)  # fmt: skip
_CLEANED = (("kept", 911_000), ("no_fix", 21_000), ("encrypted", 800), ("out_of_region", 420), ("repeated", 35_100),
            ("clock_skew", 3_100), ("jump", 2_050), ("stuck", 9_700), ("wrong_datum", 1_300), ("out_of_order", 5_400))  # fmt: skip


def waste_trips(dates: list[date], hostile: str = "") -> pl.DataFrame:
    def rows() -> Iterator[dict[str, Any]]:
        for index, day in enumerate(dates):
            if index == UNTRACKED:
                continue
            dice = random.Random(f"trips {day}")
            for carrier, trips, bad, unseen in _CARRIERS:
                if carrier == SMALL and index % 3:
                    continue
                for number in range(trips):
                    yield _trip(day, index, f"{carrier}-{number}", carrier, bad, unseen, dice)
        if hostile:
            yield {**_trip(dates[-1], 0, "hostile", hostile, 0.0, 0.0, random.Random(1)), "findings": hostile, "verdict": "violation"}  # fmt: skip

    frame = pl.DataFrame(list(rows()), infer_schema_length=None)
    return frame.with_columns(pl.col("coverage").cast(pl.Float64))


def _trip(
    day: date, index: int, name: str, carrier: str, bad: float, unseen: float, dice: random.Random
) -> dict[str, Any]:
    drawn, unseen = dice.random(), 0.7 if index == UNJUDGED else unseen
    verdict = "not_judged" if drawn < unseen else "violation" if drawn > 1 - bad else "compliant"
    if index == 13 and name.endswith("-0"):
        verdict = "open"
    area = dice.choice(TOWNSHIPS[:6])[0]
    found = sorted(dice.sample(FINDINGS[:9], 2 if dice.random() < 0.3 else 1)) if verdict == "violation" else []
    hour = dice.choice((1, 2, 3, 11, 12, 13, 14, 15, 22))  # UTC
    return {
        "business_date": day, "trip_id": f"{day:%Y%m%d}-{name}", "area_code": area, "carrier": carrier, "permit_id": "P-01",
        "origin_site_id": "S-1", "destination_site_id": None if "suspected_dump" in found else "R-1",
        "started_hour": datetime(day.year, day.month, day.day) + timedelta(hours=hour), "duration_min": dice.randint(25, 90),
        "distance_km": round(dice.uniform(6, 40), 3), "verdict": verdict, "findings": ",".join(found),
        "confidence": {"violation": "high", "compliant": "medium"}.get(verdict, "low"), "coverage": round(dice.uniform(0.8, 1.0), 3),
    }  # fmt: skip


def waste_conformance(trips: pl.DataFrame) -> pl.DataFrame:
    ended = trips.filter(pl.col("verdict") != "open")
    parts: Iterable[tuple[str, str | pl.Expr]] = (
        ("district", pl.lit(DISTRICT)), ("township", "area_code"), ("carrier", "carrier")
    )  # fmt: skip
    rows = []
    for dimension, code in parts:
        named = ended.with_columns(code=code if isinstance(code, pl.Expr) else pl.col(code))
        for (day, value), group in named.group_by("business_date", "code", maintain_order=True):
            judged = group.filter(pl.col("verdict") != "not_judged")
            coverage = judged.height / group.height
            status = "withheld_low_coverage" if coverage < _FLOOR else "ok"
            for finding in ("any", *FINDINGS):
                charged = pl.col("verdict") == "violation"
                if finding != "any":
                    charged &= pl.col("findings").str.split(",").list.contains(finding)
                count = judged.filter(charged).height if status == "ok" else None
                rows.append({"business_date": day, "dimension": dimension, "dimension_code": value, "finding": finding,
                             "trips": judged.height, "violations": count, "share": None if count is None else count / judged.height,
                             "coverage": coverage, "status": status})  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"violations": pl.Int64, "share": pl.Float64})


def suspected_dumps(dates: list[date]) -> pl.DataFrame:
    """Two places at night, one of them on every other day, and one by day on the last."""
    far, near = TOWNSHIPS[8], TOWNSHIPS[3]
    rows = [(day, far, 2, 1 + place % 3, "high") for place, day in enumerate(dates) if place % 2 and place != UNTRACKED]
    rows += [(dates[-1], near, 23, 1, "medium"), (dates[-1], far, 10, 1, "medium")]
    return pl.DataFrame(
        [{"business_date": day, "longitude": round(place[4], 3) + 0.0005, "latitude": round(place[5], 3) + 0.0005,
          "area_code": place[0], "shanghai_hour": hour, "dumps": count, "confidence": surety}
         for day, place, hour, count, surety in rows]
    )  # fmt: skip


def night_construction(dates: list[date]) -> pl.DataFrame:
    rows = []
    for place, day in enumerate(dates):
        areas = [(TOWNSHIPS[0][0], 3, 1, 1), (TOWNSHIPS[3][0], 1, 4, 0), ("310117121", 0, 2, 0)]
        if place == 0:  # no register
            areas = [(code, 0, 0, a + b + c) for code, a, b, c in areas]
        areas.append((DISTRICT, *(sum(row[column] for row in areas) for column in (1, 2, 3))))
        rows += [{"business_date": day, "area_code": code, "incidents": a + b + c, "permitted": a, "unpermitted": b,
                  "unknown_site": c} for code, a, b, c in areas]  # fmt: skip
    return pl.DataFrame(rows)


def track_quality(dates: list[date], hostile: str = "") -> pl.DataFrame:
    whole = sum(fixes for rule, fixes in _CLEANED if rule != "out_of_order")
    rules = (*_CLEANED, (hostile, 0)) if hostile else _CLEANED
    return pl.DataFrame(
        [{"business_date": day, "rule": rule, "fixes": fixes, "share": fixes / whole}
         for place, day in enumerate(dates) if place != UNTRACKED
         for rule, fixes in rules]
    )  # fmt: skip


def kpi_rows(
    trips: pl.DataFrame, dumps: pl.DataFrame, nights: pl.DataFrame, dates: list[date], edition: str
) -> Iterator[dict[str, Any]]:
    """The rows of `kpi_values` for every area and date."""
    for place, day in enumerate(dates):
        for area in (DISTRICT, *(row[0] for row in TOWNSHIPS)):
            here = pl.col("business_date") == day, pl.col("area_code").str.starts_with(area)
            of_area, night = trips.filter(*here), nights.filter(here[0], pl.col("area_code") == area)
            ended = of_area.filter(pl.col("verdict") != "open")
            judged = ended.filter(pl.col("verdict") != "not_judged").height
            share = judged / ended.height if ended.height else 1.0
            rate = ended.filter(pl.col("verdict") == "compliant").height / judged if judged else None
            dark = area == "310117121" and day >= dates[-3]
            figures: dict[str, tuple[float | None, float | None]] = {
                "waste_trips": (float(of_area.height), 0.93), "waste_conformance_rate": (rate, share),
                "waste_dark_hours": (round(of_area.height * 0.07, 2), 0.93),
                "waste_suspected_dumps": (float(dumps.filter(*here)["dumps"].sum()), 0.93 * share),
                "night_construction_unpermitted": (float(night["unpermitted"].sum()), 0.4 if dark else 0.95),
            }  # fmt: skip
            if area == DISTRICT:
                figures["waste_receipt_gap_share"] = (0.06 + 0.002 * place, 0.97)
            for code, (value, coverage) in figures.items():
                unknown = (place == 0) if code.startswith("night") else place == UNTRACKED
                status = "no_data" if unknown or value is None else "ok" if (coverage or 0) >= _FLOOR - 0.1 else "withheld_low_coverage"  # fmt: skip
                value = value if status == "ok" else None
                yield {"kpi_code": code, "area_code": area, "business_date": day, "value": value, "numerator": value,
                       "denominator": None, "coverage": None if unknown else coverage, "status": status, "rule_version": "1",
                       "edition": edition}  # fmt: skip
