import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lake.home import Home
from tests.made_once import made_once
from tests.pipeline.district import furnish


@pytest.fixture
def now():
    return datetime(2026, 11, 17, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a built and published district, made once."""

    def make(place: Path) -> Path:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("YUNJIAN_HOME", str(place / "var"))
            home = Home.current().ensure()
            furnish(home)
            return home.root

    return made_once(tmp_path_factory, "furnished-district", make)


@pytest.fixture
def district(home: Home, furnished: Path) -> Home:
    """A copy of the district, which is also the current installation."""
    shutil.rmtree(home.root)
    shutil.copytree(furnished, home.root)
    return home.ensure()
