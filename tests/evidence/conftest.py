"""The case is made once; each test has a copy of the installation."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lake.home import Home
from tests.evidence.case_fixture import make_case


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("case") / "var"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YUNJIAN_HOME", str(root))
        make_case(Home.current().ensure())
    return root


@pytest.fixture
def case(home: Home, made: Path) -> Home:
    """An installation of its own with the case in it; nobody is entitled yet."""
    shutil.copytree(made, home.root, dirs_exist_ok=True)
    return home
