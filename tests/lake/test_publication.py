import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from lake.bookkeeping import known_editions
from lake.home import Home
from lake.lakes import BRONZE, current_snapshot
from lake.publication import Publication, publish
from lake.serving import edition_path, kept_editions, serving_problems
from lake.settings import Settings
from tests.lake.district import NOW, built, kpi

Con = duckdb.DuckDBPyConnection
ROOT = Path(__file__).parents[2]


def go(home: Home, minutes: int = 0) -> Publication:
    return publish(home, reason="test", code_version="abc", now=NOW + timedelta(minutes=minutes))


def served(home: Home, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        return con.execute(sql).fetchall()


def refused(home: Home) -> str:
    """The problems of a refused publication, as one text."""
    outcome = go(home, 1)
    assert outcome.status == "refused"
    return "; ".join(outcome.problems)


def test_an_edition_is_published_with_its_name_in_every_row_that_carries_it(home: Home, district: Con) -> None:
    outcome = go(home)
    assert outcome.status == "published", outcome.problems
    assert outcome.edition == f"20261123T010546Z-{str(outcome.content_hash)[:8]}"
    assert served(home, "SELECT DISTINCT edition FROM published.kpi_values") == [(outcome.edition,)]
    assert served(home, "SELECT edition, content_hash, code_version, reason, bronze_snapshot FROM editions") == [
        (outcome.edition, outcome.content_hash, "abc", "test", current_snapshot(district, BRONZE))
    ]
    assert [e.edition for e in known_editions(district)] == [outcome.edition]
    assert serving_problems(district, home) == []


def test_the_published_file_describes_each_table_by_its_grain(home: Home, first: Publication, district: Con) -> None:
    told = served(home, "SELECT comment FROM duckdb_tables()")
    assert told and all(str(comment).startswith("One row per ") for (comment,) in told)


def test_the_same_content_is_not_published_twice(home: Home, first: Publication, district: Con) -> None:
    again = go(home, 5)
    assert (again.status, again.edition, again.content_hash) == ("unchanged", first.edition, first.content_hash)
    assert len(kept_editions(home)) == 1
    assert len(known_editions(district)) == 1


def test_before_the_first_build_nothing_is_published(home: Home) -> None:
    assert "nothing has been built yet" in refused(home)
    assert not home.published_file.exists()


def test_a_failed_build_leaves_the_old_edition_serving(home: Home, first: Publication, district: Con) -> None:
    kpi(district, "310117002", value=1.0)
    built(district, "failed", NOW + timedelta(minutes=1))
    outcome = go(home, 2)
    assert outcome.status == "refused"
    assert outcome.edition == first.edition
    assert served(home, "SELECT count(*) FROM kpi_values") == [(2,)]
    built(district, "passed", NOW + timedelta(minutes=3))
    assert go(home, 4).status == "published"
    assert served(home, "SELECT count(*) FROM kpi_values") == [(3,)]


def test_a_file_that_breaks_its_contract_is_refused_and_leaves_nothing_behind(home: Home, district: Con) -> None:
    kpi(district, "310117", value=13.0)
    assert "more than one row for incidents_total 310117 2026-11-22" in refused(home)
    assert not home.published_file.exists()
    assert list(home.published.glob(".building-*")) == []


def test_accounting_that_does_not_balance_is_refused(home: Home, district: Con) -> None:
    district.execute("UPDATE bronze.landing_files SET accepted = 8")
    built(district, "passed", NOW + timedelta(seconds=30))
    assert "is not accepted + quarantined + duplicate for file(s)" in refused(home)


def test_accounting_is_checked_at_the_snapshot_that_was_built(home: Home, district: Con) -> None:
    district.execute("INSERT INTO bronze.landing_files VALUES ('f2', 'x', 'b.csv', 'landed', 5, 5, 0, 0, 0)")
    assert go(home).status == "published"


def test_a_missing_table_or_column_is_refused_and_an_empty_table_is_not(home: Home, district: Con) -> None:
    district.execute("DROP TABLE warehouse.published.townships")
    district.execute("ALTER TABLE warehouse.published.feeds DROP COLUMN owner")
    problems = refused(home)
    assert "townships: the warehouse has no such published table" in problems
    assert "feeds.owner: the published table has no such column" in problems


def test_a_further_check_can_refuse(home: Home, district: Con) -> None:
    outcome = publish(
        home,
        reason="test",
        code_version="abc",
        now=NOW,
        checks=[lambda con: [f"{con.execute('SELECT count(*) FROM built.kpi_values').fetchone()}"]],
    )
    assert (outcome.status, outcome.problems) == ("refused", ("(2,)",))


def test_the_last_editions_are_kept_and_an_open_old_one_stays_readable(
    home: Home, first: Publication, district: Con, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings().editions_kept == 5
    reader = duckdb.connect(str(home.published_file), read_only=True)
    names = [first.edition]
    monkeypatch.setenv("YUNJIAN_EDITIONS_KEPT", "2")
    for number in range(2, 5):
        kpi(district, f"3101170{number:02}", value=float(number))
        names.append(go(home, number).edition)
    assert kept_editions(home) == names[-2:]
    assert reader.execute("SELECT count(*) FROM kpi_values").fetchone() == (2,)
    reader.close()
    assert served(home, "SELECT count(*) FROM kpi_values") == [(5,)]
    assert [row[0] for row in served(home, "SELECT edition FROM editions ORDER BY edition")] == names
    assert home.published_file.samefile(edition_path(home, str(names[-1])))


def test_editions_stay_in_order_when_the_clock_is_set_back(home: Home, first: Publication, district: Con) -> None:
    kpi(district, "310117002", value=1.0)
    second = go(home, -60)
    assert second.status == "published"
    assert str(second.edition) > str(first.edition)


def test_a_lost_ledger_is_mended_from_the_serving_file(home: Home, first: Publication, district: Con) -> None:
    district.execute("DELETE FROM warehouse.main.editions")
    kpi(district, "310117002", value=1.0)
    second = go(home, 1)
    assert [e.edition for e in known_editions(district)] == [first.edition, second.edition]


def test_a_damaged_serving_file_is_noticed_and_replaced(home: Home, first: Publication, district: Con) -> None:
    home.published_file.unlink()
    home.published_file.write_bytes(b"not a database")
    assert "cannot be read" in serving_problems(district, home)[0]
    assert go(home, 1).status == "published"
    assert serving_problems(district, home) == []


# Each call that makes something lasting in the file system is a place to be killed at.
CRASHING = """
import os, signal, sys
from datetime import datetime, timedelta
from pathlib import Path
from lake import publication
from lake.home import Home
left = int(sys.argv[2])

def deadly(real):
    def call(*args, **kwargs):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    return call

for name in ("replace", "link", "chmod"):
    setattr(os, name, deadly(getattr(os, name)))
for name in ("contract_problems", "install", "record_editions", "prune"):
    setattr(publication, name, deadly(getattr(publication, name)))
outcome = publication.publish(Home(Path(sys.argv[1])), reason="crash", code_version="abc",
                              now=datetime.fromisoformat(sys.argv[3]))
print(outcome.status)
"""


@pytest.mark.slow
def test_killed_at_any_step_the_old_edition_or_the_new_one_serves_whole(
    home: Home, first: Publication, district: Con
) -> None:
    kpi(district, "310117002", value=1.0)
    district.close()
    before = served(home, "FROM editions")
    kills = 0
    for step in range(100):
        moment = (NOW + timedelta(minutes=1 + step)).isoformat()
        child = subprocess.run(
            [sys.executable, "-c", CRASHING, str(home.root), str(step), moment],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        rows, editions = served(home, "SELECT count(*) FROM kpi_values"), served(home, "FROM editions ORDER BY 1")
        assert (rows, len(editions)) in (([(2,)], 1), ([(3,)], 2))
        assert editions[0] == before[0]
        if child.returncode == 0:
            break
        assert child.returncode == -signal.SIGKILL, child.stderr
        kills += 1
    assert kills >= 6
    assert served(home, "SELECT count(*) FROM kpi_values") == [(3,)]
    assert list(home.published.glob(".building-*")) == []
    go(home, 200)
    assert kept_editions(home) == [row[0] for row in served(home, "SELECT edition FROM editions ORDER BY 1")]


def test_publishing_waits_for_a_build(home: Home, district: Con, monkeypatch: pytest.MonkeyPatch) -> None:
    hold = (
        "import sys; from pathlib import Path; from lake.home import Home; from lake.writer_lock import writer_lock\n"
        "with writer_lock(Home(Path(sys.argv[1])), 'warehouse', purpose='dbt build'):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    monkeypatch.setenv("YUNJIAN_LOCK_TIMEOUT_S", "0.1")
    child = subprocess.Popen(
        [sys.executable, "-c", hold, str(home.root)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout is not None
    child.stdout.readline()
    with pytest.raises(TimeoutError, match="dbt build"):
        go(home)
    child.kill()
    child.communicate()
    assert go(home).status == "published"
