"""The answer key: what a right platform must count, refuse and withhold for the files beside it."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

from sample_district.delivery import Delivery, Tally
from sample_district.district import District

ROOM = Path(__file__).parent


class AnswerKey:
    """Collects deliveries and the days' truths, and writes `answer_key/`."""

    def __init__(self, district: District) -> None:
        self.district = district
        self._files: list[dict[str, Any]] = []
        self._faults: list[dict[str, Any]] = []
        self._kpis: dict[str, dict[str, Any]] = {}
        self._by_date: dict[str, dict[date, Tally]] = {}
        self._undated: dict[str, Tally] = {}
        self._by_feed: dict[str, Tally] = {}

    def note(self, delivery: Delivery) -> None:
        self._files.append(delivery.as_json())
        self._faults.extend(delivery.faults)
        if delivery.status != "landed":
            return
        _merge(self._by_feed.setdefault(delivery.feed, Tally()), delivery.total)
        _merge(self._undated.setdefault(delivery.feed, Tally()), delivery.undated)
        days = self._by_date.setdefault(delivery.feed, {})
        for day, tally in delivery.by_date.items():
            _merge(days.setdefault(day, Tally()), tally)

    def note_kpis(self, day: date, **truth: Any) -> None:
        self._kpis.setdefault(day.isoformat(), {}).update(truth)

    def write_trips(self, day: date, truth: dict[str, Any]) -> None:
        """Writes `trips_<date>.json` at once: a day's trips are too many to be kept to the end."""
        folder = self.district.out / "answer_key"
        folder.mkdir(parents=True, exist_ok=True)
        _write_json(folder / f"trips_{day}.json", truth)

    def write(self) -> None:
        """Writes `accounting.json`, `kpis.json`, `faults.json` and `README.md`."""
        folder = self.district.out / "answer_key"
        folder.mkdir(parents=True, exist_ok=True)
        run = {
            "seed": self.district.seed,
            "scale": self.district.scale.name,
            "start": self.district.fault_days.start.isoformat(),
            "days": self.district.fault_days.days,
        }
        feeds = {
            feed: {
                "total": self._by_feed[feed].as_json(),
                "by_business_date": {
                    day.isoformat(): tally.as_json() for day, tally in sorted(self._by_date[feed].items())
                },
                "undated": self._undated[feed].as_json(),
            }
            for feed in sorted(self._by_feed)
        }
        _write_json(folder / "accounting.json", {"run": run, "feeds": feeds, "files": self._files})
        _write_json(folder / "kpis.json", {"run": run, "days": self._kpis})
        _write_json(folder / "faults.json", {"run": run, "faults": self._faults})
        shutil.copyfile(ROOM / "ANSWER_KEY.md", folder / "README.md")


def _merge(into: Tally, tally: Tally) -> None:
    into.received += tally.received
    into.accepted += tally.accepted
    into.duplicate += tally.duplicate
    into.late += tally.late
    into.quarantined.update(tally.quarantined)


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
