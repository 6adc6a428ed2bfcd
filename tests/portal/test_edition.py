from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from apps.streamlit.edition import REQUIRED_TABLES, EditionUnavailable, fingerprint, open_edition, published_path
from lake.published_contract import is_of_kind, published_tables
from tests.portal.published_fixture import build_published


def test_the_published_file_is_found_under_the_home(portal_home: Path) -> None:
    assert published_path() == portal_home / "published" / "published.duckdb"


def test_a_replaced_file_is_read_anew_while_the_old_edition_is_still_open(published: Path) -> None:
    old = open_edition(published)
    build_published(published, edition="20261124T010500Z-77777777", add=1000)
    new = open_edition(published)
    value = "SELECT value FROM kpi_values WHERE kpi_code = 'incidents_total' AND area_code = '310117' ORDER BY business_date DESC LIMIT 1"
    assert new.edition == "20261124T010500Z-77777777" and old.edition != new.edition
    assert new.rows(value)["value"][0] == old.rows(value)["value"][0] + 1000


def test_an_unchanged_file_is_opened_once(published: Path) -> None:
    assert open_edition(published).connection is open_edition(published).connection


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE published.intruder (i INT)",
        "DELETE FROM kpi_values",
        "DROP TABLE kpi_values",
        "SELECT * FROM read_csv('/etc/passwd')",
        "ATTACH '/tmp/elsewhere.duckdb' AS elsewhere",
        "COPY kpi_values TO '/tmp/leak.csv'",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "INSTALL httpfs",
        "LOAD httpfs",
    ],
)
def test_nothing_but_reading_the_published_tables_is_possible(published: Path, sql: str) -> None:
    with pytest.raises(duckdb.Error):
        open_edition(published).rows(sql)


def test_reading_leaves_the_file_as_it_was(published: Path) -> None:
    before = (fingerprint(published), published.read_bytes())
    open_edition(published).rows("SELECT count(*) FROM kpi_values")
    assert (fingerprint(published), published.read_bytes()) == before
    assert sorted(path.name for path in published.parent.iterdir()) == ["published.duckdb"]


def test_a_path_with_a_quote_is_opened(tmp_path: Path, published: Path) -> None:
    odd = tmp_path / "o'brien" / "published.duckdb"
    odd.parent.mkdir()
    os.link(published, odd)
    assert open_edition(odd).edition == "20261123T010546Z-1f0c9a7e"


def test_a_missing_file_is_named_missing(portal_home: Path) -> None:
    with pytest.raises(EditionUnavailable) as refused:
        open_edition(published_path())
    assert refused.value.problem == "missing"


def test_the_portal_requires_nothing_that_is_not_published() -> None:
    assert set(REQUIRED_TABLES) <= set(published_tables())


def test_the_tests_publish_what_the_contract_says(published: Path) -> None:
    edition = open_edition(published)
    for name in REQUIRED_TABLES:
        wanted = published_tables()[name].columns
        kinds = {
            row["column_name"]: row["column_type"] for row in edition.rows(f"DESCRIBE {name}").iter_rows(named=True)
        }
        assert not set(wanted) - set(kinds), name
        wrong = {column: kinds[column] for column, kind in wanted.items() if not is_of_kind(kinds[column], kind)}
        assert not wrong, name


def test_a_file_without_the_tables_is_named_incomplete(portal_home: Path) -> None:
    with duckdb.connect(str(published_path())) as con:
        con.execute("CREATE TABLE kpi_values (i INT)")
    with pytest.raises(EditionUnavailable) as refused:
        open_edition(published_path())
    assert refused.value.problem == "incomplete" and "kpi_definitions" in refused.value.detail
