"""A run of dbt is one commit of the warehouse, or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lake.home import Home
from lake.lakes import BRONZE, current_snapshot
from pipeline import dbt_run
from pipeline.dbt_run import DbtRun, run_dbt
from tests.pipeline.district import lakes

BROKEN = "select cast('no number' as integer) as n from {{ ref('first') }}"
MODELS = {
    "first": "select 1 as n",
    "second": "select n + 1 as n from {{ ref('first') }}",
    "third": "select n + 1 as n from {{ ref('second') }}",
}
Run = Callable[..., DbtRun]


@pytest.fixture
def run(district: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run(**models)`: a project of these models, with the materializations of the real one, built."""
    place = tmp_path / "project"
    (place / "models").mkdir(parents=True)
    (place / "macros").symlink_to(dbt_run.PROJECT / "macros")
    (place / "profiles.yml").write_bytes((dbt_run.PROJECT / "profiles.yml").read_bytes())
    (place / "dbt_project.yml").write_text(
        "name: small\nversion: '1.0'\nconfig-version: 2\nprofile: yunjian\n"
        "models:\n  small:\n    +schema: small\n    +materialized: table\n"
    )
    monkeypatch.setattr(dbt_run, "PROJECT", place)
    monkeypatch.delenv(dbt_run.PARSED_VARIABLE)  # which is of the real project

    def build(**models: str) -> DbtRun:
        for name, sql in models.items():
            (place / "models" / f"{name}.sql").write_text(sql)
        with lakes(district) as con:
            snapshot = current_snapshot(con, BRONZE)
        return run_dbt(district, ["build"], bronze_snapshot=snapshot, run_id="r7")

    return build


def commits(home: Home) -> list[tuple[Any, ...]]:
    with lakes(home) as con:
        return con.execute(
            "SELECT author, commit_message, commit_extra_info FROM warehouse.snapshots() ORDER BY snapshot_id"
        ).fetchall()


def numbers(home: Home) -> list[tuple[str, int]]:
    with lakes(home) as con:
        return con.execute(
            " UNION ALL ".join(f"SELECT '{name}', n FROM warehouse.small.{name}" for name in MODELS)
        ).fetchall()


def test_all_models_of_a_run_are_one_commit_that_says_which_build_it_was(run: Run, district: Home) -> None:
    before = commits(district)
    assert run(**MODELS).passed
    (new,) = commits(district)[len(before) :]
    assert new == ("build", "models of build r7", '{"action": "build", "run_id": "r7"}')
    assert numbers(district) == [("first", 1), ("second", 2), ("third", 3)]


def test_a_model_that_cannot_be_made_takes_back_those_made_before_it(run: Run, district: Home) -> None:
    assert run(**MODELS).passed
    before = commits(district)
    failed = run(first="select 10 as n", broken=BROKEN, third="select 30 as n from {{ ref('broken') }}")
    # The one that is to blame, and not those that dbt came to after it.
    (failure,) = failed.failures
    assert failure["node"] == "model.small.broken"
    assert "no number" in failure["message"]
    assert (failed.exit_code, failed.nodes["error"]) == (1, 1)
    assert commits(district) == before
    assert numbers(district) == [("first", 1), ("second", 2), ("third", 3)]


def test_what_a_failed_check_found_is_there_to_be_looked_at(run: Run, district: Home) -> None:
    place = dbt_run.PROJECT / "models" / "checks.yml"
    place.write_text(
        "models:\n  - name: first\n    columns:\n      - name: n\n        data_tests:\n"
        "          - accepted_values:\n              arguments: {values: [2], quote: false}\n"
    )
    failed = run(**MODELS)
    assert [failure["node"].split(".")[0] for failure in failed.failures] == ["test"]
    with lakes(district) as con:
        assert con.execute("FROM warehouse.small.first").fetchall() == [(1,)]
