"""What an operator may set about storage, from the environment (prefix `YUNJIAN_`)."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PREFIX = "YUNJIAN_"
MOST_THREADS = 2
# Below it a second thread costs more than it gives: a build is hundreds of small queries of the lake's catalog, and two
# threads that hand each other their parts take longer than one.
ROWS_FOR_ALL_THREADS = 2_000_000


class Settings(BaseSettings):
    """Storage settings; asked for by each call that needs them, so a test or a task may differ."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="ignore", frozen=True)

    @classmethod
    def current(cls) -> Settings:
        """What the environment says now. Raises pydantic.ValidationError for what it may not say."""
        return _read(tuple((name, value) for name, value in os.environ.items() if name.upper().startswith(_PREFIX)))

    bronze_catalog: str | None = Field(
        default=None,
        description="None: SQLite in WAL mode under the data root; else 'postgres:<libpq connection string>'",
    )
    warehouse_catalog: str | None = None
    memory_limit: str = "2GB"
    threads: int | None = Field(
        default=None, ge=1, description="of DuckDB; None: two, and one where the work is known to be small"
    )
    busy_timeout_ms: int = Field(default=30_000, ge=0)
    lock_timeout_s: float = Field(default=900.0, ge=0, description="how long a writer waits for another writer")
    sync_files: bool = Field(default=True, description="fsync new Parquet files before a commit names them")
    closing_grace_days: int = Field(
        default=10,
        ge=0,
        description="days after a month's end (or a figure's first publication) until only an approval changes it",
    )
    editions_kept: int = Field(default=5, ge=1)
    snapshot_days: int = Field(default=7, ge=0, description="days of time travel kept by maintenance")
    pin_days: int = Field(
        default=30, ge=0, description="days an edition may keep its snapshot, and with it rows past retention"
    )
    cleanup_grace_days: int = Field(default=2, ge=0, description="days between expiry and removal of files")
    extension_directory: Path | None = Field(
        default=None, description="where the links to the DuckDB extensions go; default: inside the environment"
    )

    def threads_for(self, rows: int) -> int:
        """DuckDB's threads for work on this many rows."""
        return self.threads or (MOST_THREADS if rows >= ROWS_FOR_ALL_THREADS else 1)

    @field_validator("bronze_catalog", "warehouse_catalog")
    @classmethod
    def _only_known_catalogs(cls, value: str | None) -> str | None:
        if not value:
            return None
        if not value.startswith("postgres:"):
            raise ValueError("a catalog is either unset (SQLite) or starts with 'postgres:'")
        return value


@lru_cache(maxsize=8)
def _read(_environment: tuple[tuple[str, str], ...]) -> Settings:
    # Once for each environment: it takes 5 ms, and landing a small file asks twenty times.
    return Settings()
