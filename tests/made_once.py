"""Costly data that several test processes look at: the first that asks makes it, the others wait and find it."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """What `make` answers for a folder of this name, made once for all workers of a run and never changed after.

    The answer is pickled between the workers; the data itself lies in the folder.
    """
    # pytest-xdist gives each worker a folder below the one they share.
    base = factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"shared-{name}"
    place.mkdir(exist_ok=True)
    answer = place / "answer.pickle"
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answer.exists():
            made = make(place)
            draft = place / "answer.draft"
            draft.write_bytes(pickle.dumps(made))
            draft.rename(answer)
        found: T = pickle.loads(answer.read_bytes())
    return found
