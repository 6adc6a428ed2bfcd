"""One delivered file: its lines, the faults planted among them, and the truth of what a landing should count."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sample_district.lines import Lines

_WRITE_BYTES = 1 << 20


@dataclass(frozen=True)
class PlantedLine:
    """An extra line and what should become of it.

    `verdict` is `quarantined` (with reason code and field), `duplicate`, or `accepted`; `business_date` is the day the
    row counts for. A refused row whose time is itself at fault counts for no certain day: None.
    """

    fault: str
    content: bytes
    verdict: str
    reason: str = ""
    field: str = ""
    business_date: date | None = None
    is_late: bool = False
    rows: int = 1


@dataclass
class Tally:
    """Rows of one file (or of one file and business date)."""

    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    late: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)

    def add_good(self, rows: int, *, late: int = 0) -> None:
        self.received += rows
        self.accepted += rows
        self.late += late

    def add_planted(self, planted: PlantedLine) -> None:
        self.received += planted.rows
        if planted.verdict == "quarantined":
            self.quarantined[planted.reason] += planted.rows
        elif planted.verdict == "duplicate":
            self.duplicate += planted.rows
        else:
            self.accepted += planted.rows
            self.late += planted.rows * planted.is_late

    def as_json(self) -> dict[str, Any]:
        return {
            "received": self.received,
            "accepted": self.accepted,
            "quarantined": dict(sorted(self.quarantined.items())),
            "duplicate": self.duplicate,
            "late": self.late,
        }


@dataclass
class Delivery:
    """A file of one feed in the making. `file_date` is the business date in its name."""

    feed: str
    name: str
    format: str
    file_date: date
    header: bytes = b""
    status: str = "landed"
    reason: str = ""
    extra_columns: tuple[str, ...] = ()
    sha256: str = ""
    bytes_written: int = 0
    total: Tally = field(default_factory=Tally)
    by_date: dict[date, Tally] = field(default_factory=dict)
    undated: Tally = field(default_factory=Tally)
    faults: list[dict[str, Any]] = field(default_factory=list)

    def count_good(self, business_date: date, rows: int, *, late: int = 0) -> None:
        """Notes rows that should be accepted into that day."""
        if rows:
            self.total.add_good(rows, late=late)
            self.by_date.setdefault(business_date, Tally()).add_good(rows, late=late)

    def write_lines(self, folder: Path, lines: Lines, planted: list[tuple[int, PlantedLine]]) -> None:
        """Writes header, lines and planted lines, each of these before the line of its index."""
        ordered = sorted(planted, key=lambda item: item[0])
        first = 2 if self.header else 1  # physical lines count from one, and a header is a line
        places: dict[tuple[str, str, str, str], list[int]] = {}
        for extra, (index, line) in enumerate(ordered):
            self.total.add_planted(line)
            tally = self.undated if line.business_date is None else None
            (tally or self.by_date.setdefault(line.business_date or self.file_date, Tally())).add_planted(line)
            key = (line.fault, line.verdict, line.reason, line.field)
            places.setdefault(key, []).append(index + extra + first)
        for (fault, verdict, reason, column), numbers in places.items():
            self.note_fault(fault, len(numbers), verdict=verdict, reason=reason, field=column, lines=numbers)
        pieces: list[memoryview | bytes] = [self.header] if self.header else []
        pieces.extend(lines.with_inserted([(index, line.content) for index, line in ordered]))
        self.write_bytes(folder, pieces)

    def write_bytes(self, folder: Path, pieces: Iterable[memoryview | bytes], *, is_final: bool = False) -> None:
        """Writes the file and notes its sha256; gzipped when its name ends in .gz, unless the bytes are final."""
        path = folder / self.feed / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        # wbits 31 is zlib's own gzip wrapper: it writes no name, and 0 as the time.
        packer = zlib.compressobj(1, zlib.DEFLATED, 31) if self.name.endswith(".gz") and not is_final else None
        digest = hashlib.sha256()
        with path.open("wb") as file:

            def put(data: memoryview | bytes) -> None:
                digest.update(data)
                self.bytes_written += file.write(data)

            for piece in pieces:
                for start in range(0, len(piece), _WRITE_BYTES):
                    part = piece[start : start + _WRITE_BYTES]
                    put(packer.compress(part) if packer else part)
            if packer:
                put(packer.flush())
        self.sha256 = digest.hexdigest()

    def note_fault(self, fault: str, count: int, *, verdict: str, **more: Any) -> None:
        """Registers what was planted in this file for `answer_key/faults.json`; empty details are left out."""
        entry = {"fault": fault, "feed": self.feed, "file": self.name, "count": count, "verdict": verdict, **more}
        self.faults.append({key: value for key, value in entry.items() if value not in ("", None)})

    def as_json(self) -> dict[str, Any]:
        return {
            "feed": self.feed,
            "file": self.name,
            "format": self.format,
            "file_date": self.file_date.isoformat(),
            "sha256": self.sha256,
            "bytes": self.bytes_written,
            "status": self.status,
            "reason": self.reason,
            "extra_columns": list(self.extra_columns),
            **self.total.as_json(),
            "by_business_date": {day.isoformat(): self.by_date[day].as_json() for day in sorted(self.by_date)},
            "undated": self.undated.as_json(),
        }
