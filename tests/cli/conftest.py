"""The command as people call it: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from apps.cli.main import app

YUNJIAN = Path(sys.executable).parent / "yunjian"


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What stands on stdout, which must be one JSON value and nothing else."""
        return json.loads(self.out)


@pytest.fixture
def yunjian(home) -> Callable[..., Answer]:
    def call(*arguments: str) -> Answer:
        done = subprocess.run(
            [YUNJIAN, *arguments],
            env=os.environ | {"YUNJIAN_HOME": str(home.root), "YUNJIAN_LOG_LEVEL": "DEBUG", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def yunjian_here(home, capsys) -> Callable[..., Answer]:
    """The same call without a process of its own: for tests that make many."""

    def call(*arguments: str) -> Answer:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            app(list(arguments))
        return Answer(int(stopped.value.code or 0), *capsys.readouterr())

    return call
