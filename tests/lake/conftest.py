from collections.abc import Iterator

import duckdb
import pytest

from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, attach


@pytest.fixture
def con(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A writer's connection with both lakes attached."""
    with open_engine(home) as con:
        attach(con, home, BRONZE)
        attach(con, home, WAREHOUSE)
        yield con
