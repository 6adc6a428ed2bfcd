"""Scores the findings on trips against the trips the sample district planted: precision and recall by kind of finding."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingestion.pseudonyms import pseudonymise
from ingestion.secrets import load_key
from lake.home import Home
from lake.reader import query
from tests.e2e.answer_key import Score

# Loading ends within a few reports; the next loading of the same truck is half an hour away at least.
_SAME_TRIP = timedelta(minutes=15)
_ACCUSING = ("high", "medium")  # low confidence names what was noticed, and accuses nobody


@dataclass
class FindingScore:
    """Of one kind of finding, over trips that were reported whole: what was planted, found, missed, and found falsely."""

    finding: str
    planted: int = 0
    found: int = 0
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return 1.0 if not self.found + len(self.false) else self.found / (self.found + len(self.false))

    @property
    def recall(self) -> float:
        return 1.0 if not self.planted else self.found / self.planted


def trip_scores(home: Home, key: Path) -> dict[str, FindingScore]:
    """By finding. `key` is the answer key's folder; each of its dates counts the trips that ended before its midnight."""
    scores: dict[str, FindingScore] = defaultdict(lambda: FindingScore(""))
    accusations = _accusations(home)
    explained: set[tuple[str, str]] = set()
    keys = _terminal_keys(home, key)
    for true in _true_trips(key):
        near = [
            trip
            for trip in accusations.get(keys[true["terminal_id"]], [])
            if abs(trip["started_at"] - _instant(true["loaded_at"])) <= _SAME_TRIP
        ]
        found = {finding for trip in near for finding in trip["findings"]}
        for trip in near:
            for finding in trip["findings"]:
                if finding in true["findings"] or finding in true["tolerated"]:
                    explained.add((trip["trip_id"], finding))
        if true["seen"] != "whole":
            continue
        for finding in true["findings"]:
            score = scores[finding]
            score.planted += 1
            if finding in found:
                score.found += 1
            else:
                score.missed.append(f"{true['trip']} ({true['planted']})")
    for trips in accusations.values():
        for trip in trips:
            for finding in trip["findings"]:
                if (trip["trip_id"], finding) not in explained:
                    scores[finding].false.append(f"{trip['trip_id']} of {trip['started_at']}")
    for finding, score in scores.items():
        score.finding = finding
    return dict(sorted(scores.items()))


def night_score(home: Home, key: Path) -> Score:
    """Night construction by date: how many incidents had a permit, had none, or stand at no known site."""
    score = Score("night construction: with a permit, without one, at no known site")
    rows = query(
        home,
        """SELECT business_date, permitted, unpermitted, unknown_site FROM published.night_construction
           WHERE area_code = '310117'""",
    )["rows"]
    found = {row["business_date"]: row for row in rows}
    for path in sorted(key.glob("trips_*.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        row = found.get(truth["business_date"], {})
        for verdict, count in truth["night_construction"]["counts"].items():
            score.check(f"{truth['business_date']} {verdict}", count, row.get(verdict))
    return score


def balance_score(home: Home, key: Path) -> Score:
    """The month's balance by permit: declared, receipts, and trips within what only half-seen trucks leave open."""
    score = Score("mass balance by permit: declared, hauled, received, receipts")
    truth = json.loads(max(key.glob("trips_*.json")).read_text(encoding="utf-8"))["mass_balance"]
    rows = query(home, f"SELECT * FROM published.mass_balance WHERE month = DATE '{truth['month']}-01'")["rows"]
    found = {row["permit_id"]: row for row in rows}
    for permit, expected in truth["permits"].items():
        row = found.get(permit, {})
        score.check(f"{permit} declared", expected["declared_m3"], row.get("declared_m3"), 1e-6)
        score.check(f"{permit} receipts", expected["receipts"], row.get("receipts") or 0)
        score.check(f"{permit} receipts m3", expected["receipts_m3"], row.get("receipts_m3") or 0.0, 1e-6)
        spare = expected["uncertain_trips"]
        for name in ("trips", "received_trips"):
            counted = row.get(name) or 0
            within = expected[name] <= counted <= expected[name] + spare
            score.check(
                f"{permit} {name} ({expected[name]} to {expected[name] + spare}, found {counted})", True, within
            )
    return score


def _true_trips(key: Path) -> list[dict[str, Any]]:
    """Each trip once, as the last date that tells of it does."""
    trips = {}
    for path in sorted(key.glob("trips_*.json")):
        trips |= {trip["trip"]: trip for trip in json.loads(path.read_text(encoding="utf-8"))["trips"]}
    return list(trips.values())


def _accusations(home: Home) -> dict[str, list[dict[str, Any]]]:
    """The trips with findings that accuse, by vehicle."""
    rows = query(
        home,
        f"""SELECT t.vehicle_key, t.trip_id, t.started_at, list(f.finding) AS findings
            FROM intermediate.int_trip_findings AS f
            JOIN (SELECT DISTINCT trip_id, vehicle_key, started_at FROM haulage.trips) AS t USING (trip_id)
            WHERE f.confidence IN {_ACCUSING} GROUP BY ALL""",
    )["rows"]
    trips: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        trips[row["vehicle_key"]].append({**row, "started_at": _instant(row["started_at"])})
    return trips


def _terminal_keys(home: Home, key: Path) -> dict[str, str]:
    """The platform's vehicle key of each terminal of the key: the truck the register gives it, else its own pseudonym."""
    terminals = sorted({trip["terminal_id"] for trip in _true_trips(key)})
    pseudonyms = pseudonymise(pa.array([one.lstrip("0") for one in terminals]), load_key(home)).to_pylist()
    trucks = {
        row["terminal_key"]: row["truck_key"]
        for row in query(home, "SELECT DISTINCT terminal_key, truck_key FROM bronze.trucks")["rows"]
    }
    return {
        terminal: trucks.get(pseudonym) or pseudonym for terminal, pseudonym in zip(terminals, pseudonyms, strict=True)
    }


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=None)
