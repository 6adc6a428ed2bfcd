"""Scores a platform that took the sample district against the district's answer key.

Each `Score` is one line of README's table: how many facts the key states, and how many the platform got right.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from lake.home import Home
from lake.reader import query

DISTRICT = "310117"


@dataclass
class Score:
    """Facts of one kind; `wrong` says what was expected and what was found."""

    name: str
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    def check(self, what: str, expected: Any, found: Any, tolerance: float = 0.0) -> None:
        if tolerance and isinstance(expected, (int, float)) and isinstance(found, (int, float)):
            same = abs(found - expected) <= tolerance * max(abs(expected), 1.0)
        else:
            same = expected == found
        if same:
            self.right += 1
        else:
            self.wrong.append(f"{what}: expected {expected!r}, found {found!r}")


def scores(home: Home, key: Path, reports: list[dict[str, Any]]) -> list[Score]:
    """All lines; `reports` are the land reports of the run, `key` the answer key's folder."""
    accounting = json.loads((key / "accounting.json").read_text())
    kpis = json.loads((key / "kpis.json").read_text())["days"]
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        values = {
            (code, area, str(day)): (value, status)
            for code, area, day, value, status in con.execute(
                "SELECT kpi_code, area_code, business_date, value, status FROM kpi_values"
            ).fetchall()
        }
        ledger = con.execute(
            "SELECT feed, business_date::VARCHAR, received, accepted, quarantined, duplicate, late FROM data_accounting"
        ).fetchall()
    return [
        _files(accounting, reports),
        _faults(home, accounting),
        _days(accounting, ledger),
        _events(kpis, values),
        _withheld(kpis, values),
        _cameras(kpis, values),
        _fleet(kpis, values),
        _people(kpis, values),
        _cases(kpis, values),
    ]


def _files(accounting: dict[str, Any], reports: list[dict[str, Any]]) -> Score:
    score = Score("files: landed, refused or known already, with every count")
    found = {(r["feed"], f["file"]): f for r in reports for f in r["files"]}
    for file in accounting["files"]:
        seen = found.get((file["feed"], file["file"]), {})
        score.check(f"{file['file']} status", file["status"], seen.get("status"))
        if file["status"] == "landed":
            expected = {name: file[name] for name in ("received", "accepted", "duplicate", "late")}
            expected["quarantined"] = sum(file["quarantined"].values())
            score.check(f"{file['file']} counts", expected, {name: seen.get(name) for name in expected})
    return score


def _faults(home: Home, accounting: dict[str, Any]) -> Score:
    score = Score("planted bad rows: refused for the planted reason")
    rows = query(home, "SELECT feed, reason, count(*) AS n FROM bronze.quarantine GROUP BY ALL")["rows"]
    found: dict[str, Counter[str]] = {}
    for row in rows:
        found.setdefault(row["feed"], Counter())[row["reason"]] = row["n"]
    for feed, facts in accounting["feeds"].items():
        for reason in facts["total"]["quarantined"] | found.get(feed, Counter()):
            expected = facts["total"]["quarantined"].get(reason, 0)
            score.check(f"{feed} {reason}", expected, found.get(feed, Counter())[reason])
    return score


def _days(accounting: dict[str, Any], ledger: list[tuple[Any, ...]]) -> Score:
    score = Score("published accounting by feed and date: accepted, duplicate, late")
    found = {(feed, day): counts for feed, day, *counts in ledger}
    for feed, facts in accounting["feeds"].items():
        for day, expected in facts["by_business_date"].items():
            _, accepted, _, duplicate, late = found.get((feed, day), (None,) * 5)
            wanted = (expected["accepted"], expected["duplicate"], expected["late"])
            score.check(f"{feed} {day}", wanted, (accepted, duplicate, late))
    return score


def _areas(kpis: dict[str, Any], part: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for day, parts in kpis.items():
        for area, truth in parts[part].items():
            yield day, area, truth


def _dark(kpis: dict[str, Any], day: str, area: str) -> bool:
    return bool(kpis[day]["cameras"].get(area, {}).get("is_below_floor", True))


def _events(kpis: dict[str, Any], values: dict[tuple[str, str, str], tuple[Any, str]]) -> Score:
    score = Score("incidents by type and area, and latency, where cameras saw enough")
    for day, area, truth in _areas(kpis, "events"):
        if _dark(kpis, day, area):
            continue
        expected = {"total": truth["incidents_total"], **truth["incidents"]}
        for name, count in expected.items():
            score.check(
                f"{day} {area} incidents_{name}", count, values.get((f"incidents_{name}", area, day), (None, ""))[0]
            )
        latency = truth.get("detection_latency_p95_s")
        if latency is not None and area == DISTRICT:
            found = values.get(("detection_latency_p95", area, day), (None, ""))[0]
            score.check(f"{day} {area} latency", latency, found, 0.001)
    return score


def _withheld(kpis: dict[str, Any], values: dict[tuple[str, str, str], tuple[Any, str]]) -> Score:
    score = Score("dark areas: withheld, never 0")
    for day, area, truth in _areas(kpis, "cameras"):
        if truth["is_below_floor"]:
            found = values.get(("incidents_total", area, day))
            score.check(f"{day} {area}", (None, "withheld_low_coverage"), found)
    return score


def _cameras(kpis: dict[str, Any], values: dict[tuple[str, str, str], tuple[Any, str]]) -> Score:
    score = Score("camera coverage and online rate by area")
    for day, area, truth in _areas(kpis, "cameras"):
        score.check(
            f"{day} {area} coverage", truth["coverage"], values.get(("camera_coverage", area, day), (None, ""))[0], 1e-6
        )
        if not truth["is_below_floor"]:
            found = values.get(("camera_online_rate", area, day), (None, ""))[0]
            score.check(f"{day} {area} online", truth["camera_online_rate"], found, 1e-5)
    return score


def _fleet(kpis: dict[str, Any], values: dict[tuple[str, str, str], tuple[Any, str]]) -> Score:
    score = Score("trucks reporting, and night kilometres within 2 %")
    for day, parts in kpis.items():
        truth = parts["fleet"]
        rate = truth["trucks_approved_and_reporting"] / truth["trucks_approved"]
        score.check(f"{day} reporting", rate, values.get(("trucks_reporting_rate", DISTRICT, day), (None, ""))[0], 1e-9)
        found = values.get(("waste_truck_night_km", DISTRICT, day), (None, ""))[0]
        score.check(f"{day} night km", truth["night_km"]["all_driven"], found, 0.02)
    return score


def _people(kpis: dict[str, Any], values: dict[tuple[str, str, str], tuple[Any, str]]) -> Score:
    score = Score("residents by household type: right, or suppressed where few")
    for day, area, truth in _areas(kpis, "population"):
        for code in ("residents_total", "residents_registered", "residents_migrant", "residents_overseas"):
            value, status = values.get((code, area, day), (None, ""))
            if status == "suppressed_small_count":
                score.check(f"{day} {area} {code}", None, value)
            else:
                score.check(f"{day} {area} {code}", truth[code], value)
        value, status = values.get(("registrations_expiring_30d", area, day), (None, ""))
        if status != "suppressed_small_count":
            score.check(f"{day} {area} expiring", truth["registrations_expiring_30d"], value)
    return score


def _cases(kpis: dict[str, Any], values: dict[tuple[str, str, str], tuple[Any, str]]) -> Score:
    score = Score("cases filed, due, closed, open, overdue; every rate of them; handling hours; by area")
    for day, parts in kpis.items():
        for area, truth in parts.get("cases", {}).items():
            for code, expected in truth.items():
                found, status = values.get((code, area, day), (None, ""))
                score.check(f"{day} {area} {code}", expected, found, 1e-6)
                score.check(f"{day} {area} {code} status", "ok" if expected is not None else "no_data", status)
        if "cases" not in parts:  # the export of the day never came
            score.check(f"{day} cases_open", (None, "no_data"), values.get(("cases_open", DISTRICT, day)))
    return score
