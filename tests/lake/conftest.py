import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from lake.home import Home
from tests.lake.district import furnish, open_lakes


@pytest.fixture
def con(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A writer's connection with both lakes attached."""
    with open_lakes(home) as con:
        yield con


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two lakes ready to publish, made once; tests take copies."""
    home = Home(tmp_path_factory.mktemp("furnished") / "var").ensure()
    with open_lakes(home) as con:
        furnish(con)
    return home.lake


@pytest.fixture
def district(home: Home, furnished: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A writer's connection to both lakes, ready to publish."""
    shutil.copytree(furnished, home.lake, dirs_exist_ok=True)
    with open_lakes(home) as con:
        yield con
