from __future__ import annotations

import fcntl
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion import expectations as pages
from ingestion.contracts import load_contract
from ingestion.gate import GateResult, check_batch, expectations_of, limits, stopped_by
from ingestion.profile import BatchProfile, column_profile
from lake.home import Home
from lake.reader import query
from tests.ingestion.landed import event, land, ndjson

NOW = datetime(2026, 3, 2, 1, 10)


def profile(**changes: Any) -> BatchProfile:
    usual: dict[str, Any] = {
        "feed": "detection_events",
        "file_name": "detection_events_2026-03-01_1.ndjson",
        "file_sha256": "ab" * 32,
        "received": 1000,
        "accepted": 990,
        "quarantined": 10,
        "duplicate": 0,
        "late": 0,
        "null_share": {"confidence": 0.0, "track_id": 0.1},
        "distinct": {"camera_id": 40},
    }
    return BatchProfile(**{**usual, **changes})


def judged(home: Home, batch: BatchProfile) -> list[GateResult]:
    contract = load_contract("detection_events")
    return check_batch(expectations_of(home, contract), contract, batch, NOW)


def test_a_usual_batch_passes_every_expectation_of_its_contract(home: Home) -> None:
    contract = load_contract("detection_events")
    expectations = expectations_of(home, contract)
    results = check_batch(expectations, contract, profile(), NOW)
    pages.write_pages(home, contract.feed)
    assert len(results) == len(limits(contract)) > 0
    assert all(result.success for result in results)
    assert list(home.data_docs.rglob("index.html"))


def test_a_file_whose_hash_looks_like_a_number_is_judged_like_any_other(home: Home) -> None:
    digits = profile(file_sha256="1714149536060049" + "0" * 48)
    assert all(result.success for result in judged(home, digits))


def test_a_batch_of_which_most_rows_were_refused_is_stopped(home: Home) -> None:
    results = judged(home, profile(accepted=300, quarantined=700))
    stop = stopped_by(results)
    assert stop is not None
    assert stop.expectation == "refused_share <= 0.5"
    assert stop.observed == "0.7"


def test_a_warning_does_not_stop_a_batch(home: Home) -> None:
    results = judged(home, profile(distinct={"camera_id": 1}))
    assert [r.expectation for r in results if not r.success] == ["distinct.camera_id >= 2"]
    assert stopped_by(results) is None


def test_a_handful_of_rows_is_not_judged_by_shares(home: Home) -> None:
    assert judged(home, profile(received=3, quarantined=3)) == []


def test_the_profile_counts_what_the_gate_names() -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE batch AS SELECT nullif(i % 4, 0) AS a, i AS b FROM range(100) r(i)")
        gate = {"null_share": {"a": {"warn": 0.1}}, "distinct_min": {"b": {"warn": 2}}}
        nulls, distinct = column_profile(con, "batch", gate)
    assert nulls["a"] == pytest.approx(0.25)
    assert distinct["b"] == pytest.approx(100, rel=0.1)


def test_pages_of_the_newest_batches_are_kept_and_their_index_stays_small(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "KEPT_PAGES", 3)
    contract = load_contract("detection_events")
    for turn in range(3):
        expectations = expectations_of(home, contract)
        for number in range(2):
            check_batch(expectations, contract, profile(file_sha256=f"{turn}{number}" + "ab" * 31), NOW)
        expectations.prune()
        pages.write_pages(home, contract.feed)
    site = home.data_docs / "detection_events" / "gx" / "uncommitted" / "data_docs" / "local_site"
    assert sorted(path.name[5:7] for path in (site / "validations" / "detection_events").iterdir()) == [
        "11",
        "20",
        "21",
    ]
    index = (site / "index.html").read_text(encoding="utf-8")
    assert "file-21" in index
    assert "file-00" not in index


def test_the_verdicts_on_two_files_that_share_rows_do_not_depend_on_which_came_first(
    home: Home, tmp_path: Path
) -> None:
    events = [event(number) for number in range(1200)]
    files = {"p01": events[:700], "p02": events[500:]}
    orders = []
    for number, order in enumerate((["p01", "p02"], ["p02", "p01"])):
        other = Home(tmp_path / str(number)).ensure()
        for name in order:
            land(other, "detection_events", f"detection_events_2026-11-22_{name}.ndjson", ndjson(files[name]))
        gates = "SELECT file_sha256, expectation, success, observed FROM bronze.batch_gates ORDER BY ALL"
        orders.append(query(other, gates)["rows"])
    assert orders[0] == orders[1] != []


@pytest.mark.parametrize("pattern", ["gx/expectations/*.json", "gx/checkpoints/*", "gx/great_expectations.yml"])
def test_what_a_killed_process_left_half_written_stops_no_later_batch(home: Home, pattern: str) -> None:
    contract = load_contract("detection_events")
    assert judged(home, profile())
    (torn,) = (home.data_docs / contract.feed).glob(pattern)
    torn.write_bytes(torn.read_bytes()[:200])
    assert all(result.success for result in judged(home, profile(file_sha256="cd" * 32)))
    pages.write_pages(home, contract.feed)
    assert len(list((home.data_docs / contract.feed).rglob("validations/**/*.html"))) == 2


def test_a_result_that_was_left_half_written_costs_its_own_page_alone(home: Home) -> None:
    contract = load_contract("detection_events")
    for digit in "ab":
        judged(home, profile(file_sha256=digit * 64))
    folder = home.data_docs / contract.feed
    torn = next(path for path in folder.rglob("validations/**/*.json") if "aaaa" in str(path))
    torn.write_bytes(torn.read_bytes()[:200])
    pages.write_pages(home, contract.feed)
    (page,) = folder.rglob("validations/**/*.html")
    assert "bbbb" in str(page)


def test_a_batch_waits_while_another_process_writes_its_verdict(home: Home) -> None:
    contract = load_contract("detection_events")
    judged(home, profile())  # Great Expectations is imported, which takes its time
    with (home.data_docs / contract.feed / ".lock").open("w") as lock, ThreadPoolExecutor(1) as pool:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = pool.submit(judged, home, profile(file_sha256="cd" * 32))
        assert not wait([waiting], timeout=0.5).done
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert waiting.result(timeout=60)
