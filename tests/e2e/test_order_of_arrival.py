"""Any order of arrival, sent again, replayed, published in between, or killed between any two steps: the same figures.

What was published when is another matter: the ledger of restatements tells of the way there, so it is no part of the
content hash (`lake/content_hash.py`), and here it must differ.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

import ingestion.landing_file
import lake.publication
import pipeline.build
from ingestion.contracts import all_contracts
from ingestion.landing import land_files
from ingestion.replay import replay
from lake.home import Home
from lake.reader import query
from pipeline.build import build
from pipeline.publish import publish_edition
from pipeline.rebuild import rebuild
from tests.e2e.sample import NOW, generate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


class Killed(BaseException):
    """As a process ends that is killed: no handler of the product takes it for an error."""


@contextmanager
def killed_at(module: Any, name: str, *, after: bool) -> Iterator[None]:
    """The body, whose first call of `module.name` is its last: before it has done its work, or just after."""
    real: Callable[..., Any] = getattr(module, name)

    def last(*args: Any, **kwargs: Any) -> Any:
        if after:
            real(*args, **kwargs)
        raise Killed

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(module, name, last)
        yield


def land(home: Home, feed: str, file: Path, *, dies: int | None = None) -> None:
    """Land a file; with `dies` 0 or 1 a first attempt is killed before or after its commit."""
    if dies is not None:
        with killed_at(ingestion.landing_file, "commit_batch", after=bool(dies)):
            land_files(home, feed, [file], now=NOW)
            raise Killed  # the file was known, or refused: nothing was to be committed
    land_files(home, feed, [file], now=NOW)


def publish(home: Home) -> str:
    assert build(home, now=NOW).as_json()["status"] in ("passed", "unchanged")
    published = publish_edition(home, now=NOW)
    assert published["status"] == "published", published
    return str(published["content_hash"])


def restatements(home: Home) -> int:
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        row = con.execute("SELECT count(*) FROM restatements").fetchone()
    assert row is not None
    return int(row[0])


def assert_cases_behind_figures_add_up(home: Home) -> None:
    """The cases that `yunjian explain` names are those that were counted."""
    checked = query(
        home,
        """SELECT v.kpi_code, count(*) AS figures, sum(v.numerator) AS counted, list(v.area_code || ' ' || v.business_date)
               FILTER (v.numerator <> coalesce(r.n, 0) OR v.denominator <> coalesce(r.d, 0)) AS wrong
           FROM published.kpi_values AS v
           LEFT JOIN (
               SELECT kpi_code, area_code, business_date, count(*) FILTER (is_in_numerator) AS n,
                      count(*) FILTER (is_in_denominator) AS d
               FROM marts.mart_case_kpi_rows GROUP BY ALL
           ) AS r USING (kpi_code, area_code, business_date)
           JOIN (SELECT DISTINCT kpi_code FROM marts.mart_kpi_cases) AS c USING (kpi_code)
           WHERE v.status = 'ok' GROUP BY ALL""",
    )["rows"]
    assert [row for row in checked if row["wrong"]] == []
    assert sum(row["counted"] for row in checked) > 0


def test_every_way_to_the_same_files_leaves_the_same_content(tmp_path: Path) -> None:
    sample = generate(tmp_path / "files", scale="tiny", days=2)
    feeds = [contract.feed for contract in all_contracts()]
    files = [(feed, path) for feed in feeds for path in sorted((sample / feed).glob("*"))]
    home = Home(tmp_path / "straight").ensure()
    for feed, file in files:
        land(home, feed, file)
    straight = publish(home)
    assert restatements(home) == 0
    assert_cases_behind_figures_add_up(home)

    dice = random.Random(6)
    shuffled = files + dice.sample(files, 8)  # some are sent twice
    dice.shuffle(shuffled)
    other = Home(tmp_path / "shuffled").ensure()
    for place, (feed, file) in enumerate(shuffled):
        land(other, feed, file, dies=dice.choice([None, None, 0, 1]))
        if place == len(shuffled) // 2:
            with killed_at(pipeline.build, "run_dbt", after=True):
                build(other, now=NOW)
            assert publish_edition(other, now=NOW)["status"] == "refused", "a build that was killed shows nothing"
            assert publish(other) != straight
    build(other, now=NOW)
    with killed_at(lake.publication, "record_editions", after=False):
        publish_edition(other, now=NOW)
    # The swap was done: what was published is noted by whoever comes next.
    assert publish_edition(other, now=NOW)["status"] == "unchanged"
    assert publish_edition(other, now=NOW)["content_hash"] == straight
    assert restatements(other) > 0
    for feed in feeds:
        replay(other, feed, NOW)  # nothing was mended: nothing may change
    build(other, now=NOW)
    assert publish_edition(other, now=NOW)["status"] == "unchanged"

    again = rebuild(other, into=tmp_path / "again", now=NOW, tell=lambda _: None)
    assert (again.status, again.content_hash) == ("verified", straight), again.differences
