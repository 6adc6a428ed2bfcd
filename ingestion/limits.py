"""How much one file may cost."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_RATIO_FREE = 64 << 20  # bytes that may unpack at any ratio


class LandingLimits(BaseSettings):
    """How much one file may cost, from the environment (`YUNJIAN_MAX_...`)."""

    model_config = SettingsConfigDict(env_prefix="YUNJIAN_MAX_", extra="ignore")

    file_bytes: int = Field(default=64 << 30, description="a larger file is refused unread")
    unpacked_bytes: int = Field(default=64 << 30, description="of a .gz, or of the rows of a Parquet file or workbook")
    memory: str = Field(default="1500MB", description="of DuckDB while landing; beyond it spills to disk")
    unpacked_ratio: int = Field(default=200, description="of the same, unpacked to packed; text is rarely over 30")

    def unpacked(self, packed: int) -> int:
        """How many bytes may come out of a file of so many."""
        return min(self.unpacked_bytes, max(_RATIO_FREE, self.unpacked_ratio * packed))
