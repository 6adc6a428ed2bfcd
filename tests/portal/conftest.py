"""What the portal's tests share: a home with a small published file, built once and copied."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from tests.made_once import made_once
from tests.portal.published_fixture import build_published

APP = Path(__file__).parents[2] / "apps" / "streamlit" / "app.py"


@pytest.fixture(scope="session", autouse=True)
def packages_scanned_once() -> Iterator[None]:
    """Every AppTest has Streamlit look for components in all installed packages: a third of a page's time."""
    with pytest.MonkeyPatch.context() as patch:
        scan = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture(scope="session")
def published_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "small-edition", lambda place: build_published(place / "published.duckdb"))


@pytest.fixture(scope="session")
def hostile_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same edition with markup for every name that comes from outside."""
    return made_once(
        tmp_path_factory,
        "hostile-edition",
        lambda place: build_published(place / "published.duckdb", hostile=True),
    )


@pytest.fixture
def portal_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty installation which is the current one."""
    home = tmp_path / "var"
    (home / "published").mkdir(parents=True)
    monkeypatch.setenv("YUNJIAN_HOME", str(home))
    return home


@pytest.fixture
def published(portal_home: Path, published_template: Path) -> Path:
    """The published file of an installation that serves the small district."""
    return Path(shutil.copy(published_template, portal_home / "published" / "published.duckdb"))


@pytest.fixture
def published_hostile(portal_home: Path, hostile_template: Path) -> Path:
    """The published file of an installation whose names are all hostile."""
    return Path(shutil.copy(hostile_template, portal_home / "published" / "published.duckdb"))


@pytest.fixture
def open_page(portal_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Opens a page by its file name under views/, in a language, and asserts that nothing was raised."""

    def open_(view: str = "overview", lang: str = "zh", **address: str) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=60)
        app.query_params["lang"] = lang
        for key, value in address.items():
            app.query_params[key] = value
        if view != "overview":
            # AppTest knows a page only after a run: one without an edition, which does not draw the front page first.
            with monkeypatch.context() as before:
                before.setenv("YUNJIAN_HOME", str(tmp_path / "nothing-published"))
                app.run()
            app.switch_page(f"views/{view}.py")
        app.run()
        assert not app.exception, app.exception[0].message
        return app

    return open_
