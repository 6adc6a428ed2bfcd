"""Any order of arrival, sent again, built in between, killed between any two steps, replayed: the same figures.

What was published when is another matter: the ledger of restatements tells of the way there, so it is no part of the
content hash (`lake/content_hash.py`).
"""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.contracts import all_contracts
from ingestion.landing import land_files
from ingestion.replay import replay
from lake.home import Home
from lake.reader import open_reader, query
from lake.serving import served_editions
from pipeline.build import build
from pipeline.publish import publish_edition
from pipeline.rebuild import rebuild
from tests.e2e.killing import lived
from tests.e2e.sample import NOW, generate
from tests.made_once import made_once

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

# Further ways than the one of every run take a minute or two each; `make fuzz` does not come here.
FURTHER = int(os.environ.get("YUNJIAN_TEST_WAYS", "0"))
# More steps than a stage of the tiny district has: some of the processes that may die live.
MOST_STEPS = {"land": 3_000, "build": 600, "publish": 300}


@dataclass(frozen=True)
class Gone:
    """Files by feed in the order of their names, the installation that took them in some way, and what came of it."""

    files: list[tuple[str, Path]]
    home: Home
    content_hash: str
    killed: int


@dataclass(frozen=True)
class Way:
    """How the files come: places in the list, some twice; where a build and a publication come in between; and the
    steps before which landing, building and publishing are killed, each before it is tried again to its end."""

    order: list[int]
    between: int | None
    deaths: list[tuple[str, int]]


def crooked(files: int) -> Way:
    """The way of every run: all out of order, every sixth file twice, a build in between, and no stage undisturbed."""
    order = [*range(files), *range(0, files, 6)]
    random.Random(7).shuffle(order)
    deaths = [("land", 500), ("build", 300), ("build", 100), ("publish", 100)]
    return Way(order, between=len(order) // 2, deaths=deaths)


def take_in(home: Home, files: list[tuple[str, Path]]) -> None:
    """Feed by feed, as the scheduler does: the feeds, and the files of each, in the order in which they come."""
    for feed in dict.fromkeys(feed for feed, _ in files):
        land_files(home, feed, [file for name, file in files if name == feed], now=NOW)


def build_it(home: Home) -> None:
    assert build(home, now=NOW).as_json()["status"] in ("passed", "unchanged")


def publish_it(home: Home) -> None:
    published = publish_edition(home, now=NOW)
    assert published["status"] in ("published", "unchanged"), published


def replay_it(home: Home) -> None:
    for contract in all_contracts():
        replay(home, contract.feed, NOW)  # nothing was mended: nothing may change


def content_hash(home: Home) -> str:
    with duckdb.connect() as con:
        return served_editions(con, home)[-1].content_hash


def restatements(home: Home) -> int:
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        row = con.execute("SELECT count(*) FROM restatements").fetchone()
    assert row is not None
    return int(row[0])


def ways(files: int) -> st.SearchStrategy[Way]:
    """Every file at least once, in any order; up to eight come again; up to four processes die."""
    death = st.sampled_from(sorted(MOST_STEPS)).flatmap(
        lambda stage: st.tuples(st.just(stage), st.integers(0, MOST_STEPS[stage]))
    )
    orders = st.lists(st.integers(0, files - 1), max_size=8).flatmap(
        lambda again: st.permutations([*range(files), *again])
    )
    return st.builds(
        Way,
        order=orders,
        between=st.none() | st.integers(1, files - 1),
        deaths=st.lists(death, min_size=2, max_size=4),
    )


def go(home: Home, way: Way, files: list[tuple[str, Path]]) -> int:
    """Take the files in that way, to a published edition. Returns how many processes were killed."""
    deaths = {stage: [step for name, step in way.deaths if name == stage] for stage in MOST_STEPS}
    arrivals = [files[place] for place in way.order]
    parts = [arrivals] if way.between is None else [arrivals[: way.between], arrivals]
    killed = 0
    for part in parts:
        for stage, work, arguments in (
            ("land", take_in, (home, part)),  # after a kill, everything is sent again
            ("build", build_it, (home,)),
            ("publish", publish_it, (home,)),
        ):
            # The first part dies where it may, the last takes what is left.
            while deaths[stage]:
                killed += not lived(deaths[stage].pop(), work, *arguments)
                if part is not arrivals:
                    break
            assert lived(None, work, *arguments)
    assert lived(None, replay_it, home)
    assert lived(None, build_it, home)
    assert lived(None, publish_it, home)
    return killed


@pytest.fixture(scope="module")
def gone(tmp_path_factory: pytest.TempPathFactory) -> Gone:
    def make(place: Path) -> Gone:
        sample = generate(place / "files", scale="tiny", days=2)
        feeds = [contract.feed for contract in all_contracts()]
        files = [(feed, path) for feed in feeds for path in sorted((sample / feed).glob("*"))]
        home = Home(place / "var").ensure()
        killed = go(home, crooked(len(files)), files)
        return Gone(files, home, content_hash(home), killed)

    return made_once(tmp_path_factory, "crooked-way", make)


def test_the_crooked_way_ends_where_landing_alone_leads_straight_however_many_threads(
    gone: Gone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither lakes nor edition are left: each file once more, in the order of names, then one build."""
    assert gone.killed == len(crooked(len(gone.files)).deaths), "a process lived: its step is drawn too far"
    bare = Home(tmp_path / "bare").ensure()
    for name in ("landing", "secrets"):  # one installation: the ids of trips stand on its pseudonyms
        shutil.copytree(getattr(gone.home, name), getattr(bare, name), dirs_exist_ok=True)
    monkeypatch.setenv("YUNJIAN_THREADS", "2")  # so small a district took the crooked way on one
    straight = rebuild(bare, into=tmp_path / "straight", now=NOW, tell=lambda _: None)
    assert (straight.status, straight.published_hash, straight.replaced) == ("verified", None, False), straight.problems
    assert straight.content_hash == gone.content_hash
    assert restatements(Home(straight.place)) == 0
    assert restatements(gone.home) > 0, "nothing was published in between"
    with open_reader(Home(straight.place)) as one, open_reader(gone.home) as other:
        for contract in all_contracts():  # which file a row came in first is a matter of the way; what it says is not
            columns = ", ".join(f'"{column.name}"' for column in contract.stored_columns)
            sql = f"SELECT {columns} FROM bronze.{contract.feed} ORDER BY ALL"
            assert one.execute(sql).fetchall() == other.execute(sql).fetchall(), contract.feed


@pytest.mark.skipif(not FURTHER, reason="the crooked way stands for all; YUNJIAN_TEST_WAYS=7 draws as many more")
def test_every_way_of_the_same_files_ends_in_the_same_content(
    gone: Gone, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @settings(max_examples=FURTHER, suppress_health_check=list(HealthCheck), deadline=None)
    @given(way=ways(len(gone.files)))
    def same(way: Way) -> None:
        home = Home(tmp_path_factory.mktemp("way") / "var").ensure()
        shutil.copytree(gone.home.secrets, home.secrets, dirs_exist_ok=True)
        go(home, way, gone.files)
        assert content_hash(home) == gone.content_hash
        if way.between is None:
            assert restatements(home) == 0

    same()


def test_the_cases_that_explain_names_are_those_that_were_counted(gone: Gone) -> None:
    checked = query(
        gone.home,
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
