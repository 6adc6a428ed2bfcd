"""The case is made once; each test has a copy of the installation."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lake.home import Home
from tests.evidence.case_fixture import make_case
from tests.made_once import made_once


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(place: Path) -> Path:
        root = place / "var"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("YUNJIAN_HOME", str(root))
            make_case(Home.current().ensure())
        return root

    return made_once(tmp_path_factory, "case", make)


@pytest.fixture
def case(home: Home, made: Path) -> Home:
    """An installation of its own with the case in it; nobody is entitled yet."""
    shutil.copytree(made, home.root, dirs_exist_ok=True)
    return home
