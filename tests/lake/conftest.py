import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from lake.home import Home
from lake.publication import Publication, publish
from lake.serving import edition_path
from tests.lake.district import NOW, furnish, open_lakes
from tests.made_once import made_once


@pytest.fixture
def con(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A writer's connection with both lakes attached."""
    with open_lakes(home) as con:
        yield con


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two lakes ready to publish, made once; tests take copies."""

    def make(place: Path) -> Path:
        home = Home(place / "var").ensure()
        with open_lakes(home) as con:
            furnish(con)
        return home.lake

    return made_once(tmp_path_factory, "furnished-lakes", make)


@pytest.fixture(scope="session")
def first_edition(tmp_path_factory: pytest.TempPathFactory, furnished: Path) -> tuple[Home, Publication]:
    """The same lakes with their first edition, published once; tests take copies of it as `first`."""

    def make(place: Path) -> tuple[Home, Publication]:
        home = Home(place / "var").ensure()
        shutil.copytree(furnished, home.lake, dirs_exist_ok=True)
        published = publish(home, reason="test", code_version="abc", now=NOW)
        assert published.status == "published", published.problems
        return home, published

    return made_once(tmp_path_factory, "first-edition", make)


@pytest.fixture
def first(home: Home, first_edition: tuple[Home, Publication]) -> Publication:
    """The edition with which this installation begins: that of the furnished lakes, published at `NOW`."""
    template, published = first_edition
    for name in ("lake", "published"):
        shutil.copytree(getattr(template, name), getattr(home, name), dirs_exist_ok=True)
    # Of one file under two names a copy makes two.
    home.published_file.unlink()
    os.link(edition_path(home, str(published.edition)), home.published_file)
    return published


@pytest.fixture
def district(home: Home, furnished: Path, request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    """A writer's connection to both lakes, ready to publish; where a test asks for `first`, with that edition."""
    if "first" in request.fixturenames:
        request.getfixturevalue("first")
    else:
        shutil.copytree(furnished, home.lake, dirs_exist_ok=True)
    with open_lakes(home) as con:
        yield con
