import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from lake.home import Home
from lake.settings import Settings


def test_the_root_is_absolute_whatever_was_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YUNJIAN_HOME", "data")
    assert Home.current().root == tmp_path / "data"
    monkeypatch.delenv("YUNJIAN_HOME")
    assert Home.current().root == tmp_path / "var"


def test_secrets_and_the_lake_are_for_the_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "new").ensure().ensure()
    for folder in (home.secrets, home.lake, home.landing):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_catalog_that_is_neither_sqlite_nor_postgresql_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUNJIAN_BRONZE_CATALOG", "mysql:db=lake")
    with pytest.raises(ValidationError, match="starts with 'postgres:'"):
        Settings()
