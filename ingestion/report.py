"""What landing tells its caller: one line a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ingestion.file_names import visible_name

Status = Literal["landed", "already_landed", "rejected"]


@dataclass(frozen=True)
class FileReport:
    """What became of one file; received = accepted + quarantined + duplicate, late rows are among the accepted."""

    file: str
    sha256: str | None
    status: Status
    received: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicate: int = 0
    late: int = 0
    reason: str | None = None
    detail: str | None = None
    extra_columns: Sequence[str] = ()
    business_dates: Sequence[str] = ()

    def __post_init__(self) -> None:
        # A refused name may hold anything; logs and terminals are where reports go.
        object.__setattr__(self, "file", visible_name(self.file))

    def as_json(self) -> dict[str, Any]:
        counts = {name: getattr(self, name) for name in ("received", "accepted", "quarantined", "duplicate", "late")}
        told: dict[str, Any] = {"file": self.file, "sha256": self.sha256, "status": self.status, **counts}
        for name in ("reason", "detail", "extra_columns", "business_dates"):
            if value := getattr(self, name):
                told[name] = value if isinstance(value, str) else list(value)
        return told


@dataclass(frozen=True)
class LandReport:
    """What became of the files of one call."""

    feed: str
    files: Sequence[FileReport] = field(default_factory=tuple)
    run_id: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"feed": self.feed, "files": [file.as_json() for file in self.files]}
