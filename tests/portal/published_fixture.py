"""Builds a small published file with every published table, 14 days, all statuses and known exceptions.

Known exceptions of the last day: 小昆山镇 (310117121) is dark for three days (withheld), 新浜镇's overseas residents are
suppressed, detection latency of 泖港镇 is no_data, truck_gps has quarantined and late rows. The district is dark (withheld)
on the fifth day.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from tests.portal import balance_fixture, case_fixture, funnel_fixture, haulage_fixture, ledger_fixture
from tests.portal.district import DISTRICT, EVENT_TYPES, FEEDS, GEOMETRIES, KPIS, TOWNSHIPS

LAST_DAY = date(2026, 11, 22)
DARK_TOWNSHIP, SMALL_TOWNSHIP, SILENT_TOWNSHIP = "310117121", "310117117", "310117109"
HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>![x](https://evil.example/x.png)'
FILES = {"detection_events": 24, "truck_gps": 12}


def build_published(
    path: Path,
    *,
    days: int = 14,
    last_day: date = LAST_DAY,
    edition: str = "20261123T010546Z-1f0c9a7e",
    published_at: datetime = datetime(2026, 11, 23, 1, 5, 46),
    add: float = 0.0,
    unbalanced: bool = False,
    hostile: bool = False,
) -> Path:
    """Writes the file aside and renames it into place, as publication does. `add` raises the district's incidents."""
    dates = [last_day - timedelta(days=back) for back in reversed(range(days))]
    dice = random.Random(20261123)
    bad = HOSTILE if hostile else ""
    values = _kpi_values(dates, dice, edition, add)
    cases = case_fixture.case_performance(dates, bad)
    of_cases = pl.DataFrame(list(case_fixture.kpi_rows(cases, dates, edition)), schema=values.schema)
    trips, dumps = haulage_fixture.waste_trips(dates, bad), haulage_fixture.suspected_dumps(dates)
    nights = haulage_fixture.night_construction(dates)
    hauled = pl.DataFrame(list(haulage_fixture.kpi_rows(trips, dumps, nights, dates, edition)), schema=values.schema)
    values = pl.concat([values, of_cases, hauled])
    changes = ledger_fixture.restatements(values, dates, edition, hostile=bad)
    counts, coverage = _event_counts(dates, dice), _camera_coverage(dates)
    tables = {
        "kpi_values": ledger_fixture.with_pending(values, dates),
        "restatements": changes,
        "kpi_value_history": ledger_fixture.value_history(values, changes, edition),
        "kpi_definitions": _definitions(hostile),
        "rule_comparisons": _comparisons(values),
        "event_counts": counts,
        "camera_coverage": coverage,
        "case_performance": cases,
        "event_funnel": funnel_fixture.event_funnel(counts, coverage, dates, bad),
        "cameras_to_recalibrate": funnel_fixture.cameras_to_recalibrate(dates, bad),
        "repeat_places": funnel_fixture.repeat_places(dates),
        "waste_trips": trips,
        "waste_conformance": haulage_fixture.waste_conformance(trips),
        "suspected_dumps": dumps,
        "night_construction": nights,
        "track_quality": haulage_fixture.track_quality(dates, bad),
        "mass_balance": balance_fixture.mass_balance(dates, bad),
        "population_counts": _population(dates),
        "data_accounting": pl.concat([_accounting(dates, dice, unbalanced), balance_fixture.accounting(dates)]),
        "editions": _editions(edition, published_at, hostile),
        "townships": _townships(hostile),
        "event_types": _event_types(hostile),
        "quarantine_reasons": _quarantine(dates, hostile),
        "feeds": _feeds(),
        "batch_gates": _gates(dates),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".building-{edition}.duckdb")
    aside.unlink(missing_ok=True)
    with duckdb.connect(str(aside)) as con:
        for name, frame in tables.items():
            con.register("rows", frame.to_arrow())
            con.execute(f"CREATE TABLE {name} AS SELECT * FROM rows")
            con.unregister("rows")
    os.replace(aside, path)
    return path


def _frame(rows: Iterator[dict[str, Any]] | list[dict[str, Any]], **casts: Any) -> pl.DataFrame:
    return pl.DataFrame(list(rows), infer_schema_length=None, schema_overrides=casts)


def _coverage(area: str, when: date, dates: list[date]) -> float:
    dark = (area == DARK_TOWNSHIP and when >= dates[-3]) or (area == DISTRICT and when in dates[4:5])
    dice = random.Random(f"{area} {when}")
    return round(dice.uniform(0.35, 0.48) if dark else dice.uniform(0.93, 0.99), 4)


def _kpi_values(dates: list[date], dice: random.Random, edition: str, add: float) -> pl.DataFrame:
    catalogue = [(code, unit, base, fed) for code, _, unit, _, _, base, fed, _, _ in KPIS]
    catalogue += [(f"incidents_{code}", "incidents", 5.0, "camera") for code, *_ in EVENT_TYPES]

    def rows() -> Iterator[dict[str, Any]]:
        for area in (DISTRICT, *(row[0] for row in TOWNSHIPS)):
            for index, when in enumerate(dates):
                coverage = _coverage(area, when, dates)
                for code, unit, base, fed in catalogue:
                    whole = 17 if area == DISTRICT and unit not in ("ratio", "s", "incidents/10k") else 1
                    swing = 0.015 if unit == "ratio" else 0.12
                    wave = 1 + swing * ((index % 7) in (5, 6)) + dice.uniform(-swing, swing)
                    value = base * whole * (1 + index * 0.0007 if fed == "register" else wave)
                    value = min(value, 1.0) if unit == "ratio" else value
                    value = round(value, 4) if unit in ("ratio", "incidents/10k", "s", "km") else float(round(value))
                    if code == "incidents_total" and area == DISTRICT:
                        value += add
                    status, shown = "ok", None if fed == "register" else coverage
                    if fed == "camera" and coverage < 0.6 and code not in ("camera_online_rate", "camera_coverage"):
                        status = "withheld_low_coverage"
                    elif code == "residents_overseas" and area == SMALL_TOWNSHIP:
                        status = "suppressed_small_count"
                    elif code == "detection_latency_p95" and area == SILENT_TOWNSHIP:
                        status = "no_data"
                    yield {
                        "kpi_code": code, "area_code": area, "business_date": when,
                        "value": value if status == "ok" else None,
                        "numerator": value if status == "ok" else None, "denominator": 1.0 if status == "ok" else None,
                        "coverage": shown, "status": status, "rule_version": "1", "edition": edition,
                    }  # fmt: skip

    return _frame(rows(), value=pl.Float64, coverage=pl.Float64, numerator=pl.Float64, denominator=pl.Float64)


def _definitions(hostile: bool) -> pl.DataFrame:
    """Version 1 of every rule; of 治理事件总数 also the one before, of 摄像机在线率 also the one to come."""
    listed = [(c, d, u, b, target, zh, en) for c, d, u, b, target, _, _, zh, en in KPIS]
    listed += [
        (f"incidents_{c}", d, "incidents", "lower", None, f"{zh}事件数", f"{en} incidents")
        for c, d, zh, en in EVENT_TYPES
    ]
    listed += [
        (code, "cases", unit, better, target, zh, en)
        for code, unit, better, target, zh, en, *_ in case_fixture.CASE_KPIS
    ]
    listed += haulage_fixture.HAULAGE_KPIS
    rows = [
        {
            "kpi_code": code, "rule_version": "1", "name_zh": HOSTILE if hostile and code == "incidents_total" else zh,
            "name_en": HOSTILE if hostile and code == "incidents_total" else en, "domain": domain, "unit": unit, "better": better, "target": target,
            "formula_zh": HOSTILE if hostile else f"{zh} = 当日合计（示例口径）", "formula_en": HOSTILE if hostile else f"{en} = total of the day (sample)",
            "owner": "区城运中心", "legal_basis": "GB/T 30428", "effective_from": date(2026, 1, 1), "effective_to": None,
            "variant": "按日 by day", "numerator_zh": f"{zh}（分子）", "numerator_en": f"{en} (numerator)", "denominator_zh": None,
            "denominator_en": None, "areas": "townships",
            "coverage_floor": 0.6 if unit != "persons" else None, "small_count_threshold": 10 if unit == "persons" else None,
        }
        for code, domain, unit, better, target, zh, en in listed
    ]  # fmt: skip
    of = {row["kpi_code"]: row for row in rows}
    rows.append({**of["incidents_total"], "rule_version": "0", "coverage_floor": 0.5, "legal_basis": "（试行）",
                 "effective_from": date(2025, 1, 1), "effective_to": date(2025, 12, 31)})  # fmt: skip
    of["camera_online_rate"]["effective_to"] = date(2026, 12, 31)
    of["camera_online_rate"] |= {
        "example_zh": "24小时中在线23小时：95.8%",
        "example_en": "23 of 24 hours online: 95.8%",
    }
    rows.append({**of["camera_online_rate"], "rule_version": "2", "target": 0.99,
                 "effective_from": date(2027, 1, 1), "effective_to": None})  # fmt: skip
    texts = ("example_zh", "example_en", "denominator_zh", "denominator_en")
    return _frame(
        rows, target=pl.Float64, effective_to=pl.Date, coverage_floor=pl.Float64, **dict.fromkeys(texts, pl.String)
    )


def _comparisons(values: pl.DataFrame) -> pl.DataFrame:
    """摄像机在线率 by both of its versions: version 2 gives 90 for every 100 of version 1, and withholds the first day."""
    known = values.filter(pl.col("kpi_code") == "camera_online_rate").with_columns(
        numerator=pl.col("value") * 100.0, denominator=pl.lit(100.0), is_in_force=pl.lit(True)
    )
    first = pl.col("business_date") == known["business_date"].min()
    other = known.with_columns(
        rule_version=pl.lit("2"), is_in_force=pl.lit(False), status=pl.when(first).then(pl.lit("withheld_low_coverage")).otherwise(pl.col("status")),
        value=pl.when(~first).then(pl.col("value") * 0.9), numerator=pl.when(~first).then(pl.col("numerator") * 0.9),
        denominator=pl.when(~first).then("denominator"),
    )  # fmt: skip
    columns = ("business_date", "area_code", "kpi_code", "rule_version", "is_in_force", "value", "numerator", "denominator",
               "coverage", "status")  # fmt: skip
    return pl.concat([known.select(columns), other.select(columns)])


def _event_counts(dates: list[date], dice: random.Random) -> pl.DataFrame:
    located = _frame(
        {"business_date": when, "area_code": area, "event_type": event, "detections": n * 7, "incidents": n}
        for when in dates
        for area in (row[0] for row in TOWNSHIPS)
        for weight, (event, *_) in enumerate(EVENT_TYPES, start=1)
        if (n := dice.randint(0, 14 - weight)) > 0
    )
    # the district has two events of each kind and day that lie in no township
    district = located.group_by("business_date", "event_type", maintain_order=True).agg(
        pl.lit(DISTRICT).alias("area_code"), pl.col("detections").sum() + 2, pl.col("incidents").sum() + 2
    )
    return pl.concat([located, district.select(located.columns)])


def _camera_coverage(dates: list[date]) -> pl.DataFrame:
    rows = []
    for when in dates:
        for area in (DISTRICT, *(row[0] for row in TOWNSHIPS)):
            cameras = 680 if area == DISTRICT else 40
            coverage = _coverage(area, when, dates)
            rows.append({"business_date": when, "area_code": area, "cameras": cameras,
                         "expected_hours": cameras * 24.0, "observed_hours": cameras * 24.0 * coverage,
                         "coverage": coverage})  # fmt: skip
    return _frame(rows)


def _population(dates: list[date]) -> pl.DataFrame:
    rows = []
    for when in dates:
        for rank, (area, *_) in enumerate(TOWNSHIPS):
            for kind, base in (("registered", 640), ("migrant", 470), ("overseas", 12)):
                small = kind == "overseas" and area == SMALL_TOWNSHIP
                rows.append({"business_date": when, "area_code": area, "household_type": kind,
                             "persons": None if small else base + rank * (1 if kind == "overseas" else 23),
                             "status": "suppressed_small_count" if small else "ok"})  # fmt: skip
            rows.append({"business_date": when, "area_code": area, "household_type": "all",
                         "persons": 1122 + rank * 47, "status": "ok"})  # fmt: skip
        for kind, total in (("registered", 14_008), ("migrant", 11_118), ("overseas", 340), ("all", 25_466)):
            rows.append(
                {"business_date": when, "area_code": DISTRICT, "household_type": kind, "persons": total, "status": "ok"}
            )
    return _frame(rows, persons=pl.Int64)


def _accounting(dates: list[date], dice: random.Random, unbalanced: bool) -> pl.DataFrame:
    rows = []
    for when in dates:
        for feed in FEEDS:
            received = (
                dice.randint(9_000, 12_000) if feed in ("detection_events", "truck_gps") else dice.randint(400, 900)
            )
            quarantined, duplicate = round(received * 0.011), round(received * 0.034)
            lost = 7 if unbalanced and when == dates[-2] and feed == "truck_gps" else 0
            rows.append({"feed": feed, "business_date": when, "received": received,
                         "accepted": received - quarantined - duplicate - lost, "quarantined": quarantined,
                         "duplicate": duplicate, "late": round(received * 0.004), "files": FILES.get(feed, 1)})  # fmt: skip
    return _frame(rows)


def _editions(edition: str, published_at: datetime, hostile: bool) -> pl.DataFrame:
    older = [
        {"edition": f"202611{22 - back:02}T011012Z-{'abcdef'[back]}{back}{'0d9c8b'}", "content_hash": f"{back}e4f" * 16,
         "published_at": datetime(2026, 11, 22 - back, 1, 10, 12), "code_version": "0.1.0", "reason": "schedule", "bronze_snapshot": 40 - back}
        for back in range(4)
    ]  # fmt: skip
    current = {"edition": edition, "content_hash": f"{edition[-8:]}" * 8, "published_at": published_at,
               "code_version": "0.1.0", "reason": HOSTILE if hostile else "schedule", "bronze_snapshot": 44}  # fmt: skip
    return _frame([current, *older])


def _townships(hostile: bool) -> pl.DataFrame:
    return _frame(
        {"area_code": code, "name_zh": HOSTILE if hostile and code == DARK_TOWNSHIP else zh,
         "name_en": HOSTILE if hostile and code == DARK_TOWNSHIP else en,
         "area_km2": area, "label_longitude": x, "label_latitude": y, "is_approximate": True,
         "geometry_geojson": GEOMETRIES[code]}
        for code, zh, en, area, x, y in TOWNSHIPS
    )  # fmt: skip


def _event_types(hostile: bool) -> pl.DataFrame:
    return _frame(
        {"event_type": code, "domain": domain, "name_zh": HOSTILE if hostile and code == "river_debris" else zh,
         "name_en": HOSTILE if hostile and code == "river_debris" else en}
        for code, domain, zh, en in EVENT_TYPES
    )  # fmt: skip


def _quarantine(dates: list[date], hostile: bool) -> pl.DataFrame:
    reasons = (("detection_events", "event_type", "unknown_code", 61), ("detection_events", "detected_at", "time_in_future", 40),
               ("truck_gps", "frame", "bad_checksum", 88), ("truck_gps", "longitude", "position_impossible", 32),
               ("population_records", "id_number", HOSTILE if hostile else "pattern_mismatch", 7))  # fmt: skip
    return _frame(
        {"feed": feed, "business_date": when, "field": field, "reason": reason, "rows": rows}
        for when in dates
        for feed, field, reason, rows in reasons
    )


def _feeds() -> pl.DataFrame:
    return _frame(
        {"feed": feed, "version": "1.0.0", "owner": "区城运中心", "description": f"One row per record of {feed}.",
         "schedule": "30 0 * * *", "mode": "append" if feed in ("detection_events", "truck_gps") else "snapshot",
         "retention_days": 30, "personal_data": feed in ("population_records", "truck_gps")}
        for feed in FEEDS
    )  # fmt: skip


def _gates(dates: list[date]) -> pl.DataFrame:
    return _frame(
        {"feed": feed, "business_date": when, "expectation": expectation, "consequence": consequence,
         "success": not (feed == "truck_gps" and when == dates[-1] and consequence == "warn"), "observed": "0.012"}
        for when in dates
        for feed in FEEDS
        for expectation, consequence in (("rows_received_between", "stop"), ("quarantined_share_below", "warn"))
    )  # fmt: skip
