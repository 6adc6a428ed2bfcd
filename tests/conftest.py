"""What every room's tests share: an empty installation, and the reference data where it is present."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from lake.home import Home
from pipeline.dbt_run import PARSED_VARIABLE
from tests.examples import USUAL

# An installation of a test holds a few rows, and the workers keep every core busy: threads that hand such parts to each
# other cost a tenth of the whole run. Tests of a whole district take the product's own number, and say so.
THREADS_VARIABLE = "YUNJIAN_THREADS"
os.environ[THREADS_VARIABLE] = "1"
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

PROJECT = Path(__file__).parents[1]
SHARED_DATA = PROJECT.parent / "shared" / "data"

# Shared machines are slow at random moments: a deadline an example would test the neighbours, not the code.
# `make test` asks the same examples everywhere, so that it fails for a change and not by chance; `make fuzz` searches.
settings.register_profile(
    "project", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=USUAL, derandomize=True
)
settings.register_profile("fuzz", deadline=None, suppress_health_check=list(HealthCheck), max_examples=1000)
settings.load_profile(os.environ.get("YUNJIAN_TEST_PROFILE", "project"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that may take longest come first, so that no worker is left with one of them at the end.

    How long a file may take is what it says itself, by its `timeout` and by being `slow` or of the browser. Within
    that, and within a file, the order stays as pytest-randomly drew it.
    """
    may_take: dict[Path, float] = {}
    for item in items:
        marked = item.get_closest_marker("timeout")
        seconds = float(marked.args[0]) if marked else 0.0
        seconds += sum(item.get_closest_marker(name) is not None for name in ("slow", "browser"))
        may_take[item.path] = max(seconds, may_take.get(item.path, 0.0))
    items.sort(key=lambda item: -may_take[item.path])


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collector need not look through it, nor as often as in a small process."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="session", autouse=True)
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The dbt project is parsed once for all installations of a run: it is the same for each."""
    base = tmp_path_factory.getbasetemp()
    place = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    os.environ[PARSED_VARIABLE] = str(place / "parsed-project.msgpack")


@pytest.fixture(autouse=True)
def logs_as_they_come() -> Iterator[None]:
    """A command that a test runs in this process says for all of it from which level on it logs."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty installation of its own, which is also the current one."""
    kept = (PARSED_VARIABLE, THREADS_VARIABLE)
    for name in [name for name in os.environ if name.startswith("YUNJIAN_") and name not in kept]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("YUNJIAN_HOME", str(tmp_path / "var"))
    return Home.current().ensure()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of third-party reference data, which is not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("reference data of third parties is not here (../shared/data beside the project)")
    return SHARED_DATA
