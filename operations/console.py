"""What the person who started the platform reads while it starts: one line a step, with the seconds since the start."""

from __future__ import annotations

import sys
import time
from typing import TextIO


class Console:
    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        """A finished or beginning step."""
        print(f"[{time.monotonic() - self._start:4.0f} s] {text}", file=self._out, flush=True)

    def plain(self, text: str) -> None:
        print(text, file=self._out, flush=True)
