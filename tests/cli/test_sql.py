"""`yunjian sql`: whose fault a query's failure is, and what it says of what is not there yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.landing import land_files
from lake.home import Home

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HEAD = "camera_id,township_code,longitude,latitude,datum,kind,installed_on,retired_on"
CAMERA = "c1,310117001,121.2,31.0,WGS84,street,2020-01-01,"


@pytest.fixture
def landed(home: Home, tmp_path: Path) -> Home:
    file = tmp_path / "cameras_2026-03-01.csv"
    file.write_text(f"{HEAD}\n{CAMERA}\n")
    land_files(home, "cameras", [file], now=NOW)
    return home


@pytest.fixture
def ask(yunjian_here: Callable) -> Callable[[str], tuple[int, str, str]]:
    def call(query: str) -> tuple[int, str, str]:
        answer = yunjian_here("sql", query, "--json")
        return answer.code, answer.out, answer.err

    return call


def test_a_wrong_query_is_a_bad_call_whatever_is_wrong_with_it(landed: Home, ask: Callable) -> None:
    wrong = {
        "SELECT nope FROM bronze.cameras": "nope",
        "SELECT * FROM bronze.nope": "nope",
        "SELECT nope(1)": "nope",
        "SELECT camera_id::INT FROM bronze.cameras": "c1",
        "SELECT 9223372036854775807 + 1": "Overflow",
        "SELECT strptime('a', '%Q')": "%Q",
        "SELEC 1": "SELEC",
    }
    for query, named in wrong.items():
        code, out, err = ask(query)
        assert (query, code) == (query, 2)
        assert named in out
        assert "details:" not in err
    assert ask("SELECT camera_id FROM bronze.cameras")[0] == 0


@pytest.mark.parametrize("damage", [lambda file: file.unlink(), lambda file: file.write_bytes(b"no Parquet at all")])
def test_a_lake_that_cannot_be_read_is_no_bad_call(landed: Home, ask: Callable, damage: Callable) -> None:
    (file,) = (landed.lake / "bronze" / "main" / "cameras").rglob("*.parquet")
    file.chmod(0o600)
    damage(file)
    code, out, err = ask("SELECT * FROM bronze.cameras")
    assert code == 1
    assert file.name in out
    assert "details:" in err


def test_before_the_first_edition_it_says_that_nothing_is_published_and_what_to_do(landed: Home, ask: Callable) -> None:
    for query in (
        "SELECT * FROM published.kpi_values",
        "SELECT 1 FROM bronze.cameras JOIN Published.editions ON true",
        "SHOW TABLES FROM published",
    ):
        code, out, err = ask(query)
        assert code == 2
        assert "nothing has been published yet" in out
        assert "`yunjian run`" in out
        assert "`yunjian up`" in out
        assert "details:" not in err
    code, out, _ = ask("SELECT published_at FROM bronze.cameras")
    assert (code, "nothing has been published" in out) == (2, False)
