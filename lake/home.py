"""The data root of one installation: every folder the platform writes to hangs below it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """The folders of a data root; `root` is absolute. Nothing is created before `ensure`."""

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(os.path.abspath(self.root)))

    @classmethod
    def current(cls) -> Home:
        """The data root of this process: `$YUNJIAN_HOME`, or `./var`."""
        return cls(Path(os.environ.get("YUNJIAN_HOME") or "var").expanduser())

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def published_file(self) -> Path:
        """The serving file; its stem makes `published.kpi_values` work in a plain DuckDB shell too."""
        return self.published / "published.duckdb"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def airflow(self) -> Path:
        return self.root / "airflow"

    @property
    def data_docs(self) -> Path:
        return self.root / "data_docs"

    @property
    def docs(self) -> Path:
        """Pages about the data, made to be read without internet: `dbt/index.html`, `data_docs/index.html`."""
        return self.root / "docs"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def registers(self) -> Path:
        """Who looked at what (0700): made by the first who registers something, never by `ensure`."""
        return self.root / "registers"

    @property
    def evidence(self) -> Path:
        """Evidence packs that were handed out (0700)."""
        return self.root / "evidence"

    @property
    def tmp(self) -> Path:
        return self.root / "tmp"

    def ensure(self) -> Home:
        """Create the folders that are missing; secrets and lake are for the owner alone. Returns itself."""
        open_to_group = (self.inbox, self.published, self.airflow, self.data_docs, self.logs)
        for folder in (self.root, *open_to_group):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.secrets, self.lake, self.landing, self.tmp):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.secrets.chmod(0o700)
        return self
