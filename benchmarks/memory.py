"""Peak memory of this process and all it starts."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

_EVERY_S = 0.1


class PeakMemory:
    """While the context lasts, adds up every tenth of a second what this process and its children hold.

    Pages that several of them share count several times. Of this process alone the kernel knows the peak itself.
    """

    def __init__(self) -> None:
        self._over = threading.Event()
        self._together = 0
        self._sampler = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._sampler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._sampler.join()

    def _sample(self) -> None:
        me = psutil.Process()
        while not self._over.wait(_EVERY_S):
            held = 0
            for process in (me, *me.children(recursive=True)):
                with suppress(psutil.Error):  # it has just ended
                    held += process.memory_info().rss
            self._together = max(self._together, held)

    @property
    def gib(self) -> float:
        # ru_maxrss would count what the parent held before exec; VmHWM is this program's own peak.
        status = Path("/proc/self/status").read_text().splitlines()
        own = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) << 10
        return max(own, self._together) / 2**30
