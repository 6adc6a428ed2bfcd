"""Progress on stderr: what has been written, and how fast."""

from __future__ import annotations

import sys
import time

from sample_district.delivery import Delivery


class Progress:
    """Counts files, rows and bytes. The clock is read for the display alone: nothing of it reaches a file."""

    def __init__(self, *, is_quiet: bool = False) -> None:
        self._began = time.monotonic()
        self._is_quiet = is_quiet
        self.files = self.rows = self.bytes = 0

    def note(self, delivery: Delivery) -> None:
        self.files += 1
        self.rows += delivery.total.received
        self.bytes += delivery.bytes_written
        if self._is_quiet:
            return
        seconds = max(time.monotonic() - self._began, 1e-6)
        print(
            f"{seconds:7.1f} s  {self.files:4d} files  {self.rows:11,d} rows  {self.bytes / 1e6:8.1f} MB  "
            f"{self.rows / seconds:9,.0f} rows/s  {delivery.name}",
            file=sys.stderr,
        )
