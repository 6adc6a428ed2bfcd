"""The small district's past: what its editions changed of what was published, in every state and by several causes.

Known changes: 治理事件总数 of the district rose by 3 on the day before the last (late file); 渣土车上线率 of the district
waits for approval on the fourth last day, as does a withdrawal in 佘山镇; 摄像机在线率 of 泗泾镇 was approved by 王丽;
定位漂移率 of 九亭镇 is unexplained; one change was superseded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import polars as pl

from tests.portal.district import DISTRICT

OLDEST, BEFORE = "20261119T011012Z-d30d9c8b", "20261122T011012Z-a00d9c8b"
PENDING_ID, LATE_ID, APPROVED_ID = "5d1e00a7c3f2", "0b7c44e9d1aa", "9f3a6b21c0de"
APPROVED_TOWNSHIP, WITHDRAWN_TOWNSHIP, ODD_TOWNSHIP = "310117102", "310117103", "310117107"
_SAID = ("value", "numerator", "denominator", "coverage", "status", "rule_version")
_LATE: dict[str, Any] = {
    "bronze_snapshots": [41, 44], "since_edition": BEFORE, "files_in_all": 23,
    "files": [{"kind": "late_file", "feed": "detection_events", "business_date": "2026-11-21", "file": "events_20261121_late.csv",
               "sha256": "7d" * 32, "commit": 43, "new_rows": 61, "late_rows": 58}],
}  # fmt: skip
_ROWS = {
    "numerator_joined": ["SJ-2026-104", "SJ-2026-117"],
    "numerator_left": [],
    "denominator_joined": [],
    "denominator_left": [],
}


def with_pending(values: pl.DataFrame, dates: list[date]) -> pl.DataFrame:
    """`kpi_values` with what waits beside the official values."""
    waiting = pl.DataFrame(
        [(row["kpi_code"], row["area_code"], row["business_date"], row["now_value"], row["now_status"])
         for row in _changes(values, dates, "", hostile=False) if row["state"] == "pending"],
        schema=["kpi_code", "area_code", "business_date", "pending_value", "pending_status"], orient="row",
        schema_overrides={"pending_value": pl.Float64},
    )  # fmt: skip
    return values.join(waiting, on=["kpi_code", "area_code", "business_date"], how="left", maintain_order="left")


def restatements(values: pl.DataFrame, dates: list[date], edition: str, *, hostile: str = "") -> pl.DataFrame:
    kinds = {f"{side}_{name}": pl.Float64 for side in ("as_published", "now") for name in _SAID[:4]}
    kinds |= {"numerator_delta": pl.Float64, "denominator_delta": pl.Float64, "rows_flipped": pl.Int64}
    kinds |= dict.fromkeys(("row_ids", "effective_edition", "approved_by", "approval_reason"), pl.String)
    rows = list(_changes(values, dates, edition, hostile=hostile))
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides={**kinds, "approved_at": pl.Datetime("us")})


def value_history(values: pl.DataFrame, changes: pl.DataFrame, edition: str) -> pl.DataFrame:
    """What was published: one run of editions a figure, two where a change took effect."""
    key = ["kpi_code", "area_code", "business_date"]
    said = values.select(*key, *_SAID).with_columns(
        first_edition=pl.lit(OLDEST), last_edition=pl.lit(edition), restatement_id=pl.lit(None, dtype=pl.String)
    )
    took = changes.filter(pl.col("state").is_in(["published", "approved"]))
    before = took.select(
        *key, *(pl.col(f"as_published_{name}").alias(name) for name in _SAID), first_edition=pl.lit(OLDEST),
        last_edition=pl.when(pl.col("effective_edition") == edition).then(pl.lit(BEFORE)).otherwise(pl.lit("20261121T011012Z-b10d9c8b")),
        restatement_id=pl.lit(None, dtype=pl.String),
    )  # fmt: skip
    after = said.join(
        took.select(*key, now_in="effective_edition", by="restatement_id"), on=key, how="left"
    ).with_columns(
        first_edition=pl.coalesce("now_in", "first_edition"), restatement_id=pl.coalesce("by", "restatement_id")
    )
    return pl.concat([after.select(before.columns), before], how="vertical_relaxed").sort(*key, "first_edition")


def _changes(values: pl.DataFrame, dates: list[date], edition: str, *, hostile: str | bool) -> Iterator[dict[str, Any]]:
    """The known changes; `now` of what took effect, and `as published` of what waits, is the official value."""

    def official(kpi: str, area: str, day: date) -> dict[str, Any]:
        return values.row(by_predicate=(pl.col("kpi_code") == kpi) & (pl.col("area_code") == area)
                          & (pl.col("business_date") == day), named=True)  # fmt: skip

    def change(
        restatement_id: str, kpi: str, area: str, back: int, other: float | None, state: str, cause: str, *, kind: str = "value",
        evidence: dict[str, Any] | None = None, at: str = edition, status: str = "ok", flipped: int | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        day = dates[max(-back, -len(dates))]
        said = official(kpi, area, day)
        moved = {**said, "value": other, "numerator": other, "status": status}
        if status != "ok":
            moved["denominator"] = None
        as_published, now = (said, moved) if state in ("pending", "superseded") else (moved, said)
        delta = None if other is None or said["value"] is None else now["value"] - as_published["value"]
        approved = state == "approved"
        return {
            "restatement_id": restatement_id, "edition": at, "kpi_code": kpi, "area_code": area, "business_date": day,
            **{f"as_published_{name}": as_published[name] for name in _SAID}, "as_published_edition": OLDEST,
            **{f"now_{name}": now[name] for name in _SAID}, "change": kind, "cause": cause,
            "evidence": json.dumps(evidence or {"since_edition": OLDEST}, ensure_ascii=False), "numerator_delta": delta,
            "denominator_delta": None, "rows_flipped": flipped, "row_ids": json.dumps(_ROWS) if flipped else None, "state": state,
            "effective_edition": at if state in ("published", "approved") else None,
            "approved_by": (hostile or "王丽") if approved else None,
            "approval_reason": (hostile or "重新核对摄像机日志") if approved else None,
            "approved_at": datetime(2026, 11, 22, 0, 30) if approved else None,
        }  # fmt: skip

    late = official("incidents_total", DISTRICT, dates[max(-2, -len(dates))])["value"]
    evidence = {**_LATE, "files": [{**_LATE["files"][0], "file": hostile}]} if hostile else _LATE
    yield change(
        LATE_ID, "incidents_total", DISTRICT, 2, (late or 0) - 3, "published", "late_file", evidence=evidence, flipped=2
    )
    yield change(PENDING_ID, "trucks_reporting_rate", DISTRICT, 4, 0.8912, "pending", "correction", at=BEFORE)
    yield change("e2b94d07c611", "incidents_total", WITHDRAWN_TOWNSHIP, 4, None, "pending", "map_change", kind="withdrawn",
                 status="withdrawn", at=BEFORE)  # fmt: skip
    yield change(APPROVED_ID, "camera_online_rate", APPROVED_TOWNSHIP, 6, 0.9127, "approved", "replay", at=BEFORE)
    yield change("77aa10be55d3", "gps_drift_rate", ODD_TOWNSHIP, 3, 0.0311, "published", "unexplained")
    yield change("c4c4f00d9b9b", "residents_total", DISTRICT, 5, 25_000.0, "superseded", "code_change", at=BEFORE,
                 evidence={"since_edition": OLDEST, "code_version": ["0.1.0", "0.2.0"]})  # fmt: skip
