from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
import yaml

from ingestion import replay as replays
from ingestion.batch import Batch
from ingestion.contracts import CONTRACTS_FOLDER, UnknownFeed
from ingestion.duplicates import drop_repeats
from ingestion.landing import land_files
from ingestion.landing_file import read_batch
from ingestion.quarantine import list_quarantine, refused_rows
from ingestion.replay import replay
from lake.home import Home
from lake.reader import query

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FEED = "trial_events"


@pytest.fixture
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Home) -> Iterator[Path]:
    """A contract of the test's own that can be mended: the events contract under another name."""
    folder = tmp_path / "contracts"
    folder.mkdir()
    text = yaml.safe_load((CONTRACTS_FOLDER / "detection_events.odcs.yaml").read_text())
    text["name"] = text["schema"][0]["name"] = FEED
    kind = next(p for p in text["schema"][0]["properties"] if p["name"] == "event_type")
    kind["customProperties"] = []
    kind["enum"] = [{"value": "site_dust"}]
    file = folder / f"{FEED}.odcs.yaml"
    file.write_text(yaml.safe_dump(text))
    monkeypatch.setenv("YUNJIAN_CONTRACTS", str(folder))
    yield file


def mend(contract: Path, *codes: str) -> None:
    text = yaml.safe_load(contract.read_text())
    kind = next(p for p in text["schema"][0]["properties"] if p["name"] == "event_type")
    kind["enum"] = [{"value": code} for code in ("site_dust", *codes)]
    contract.write_text(yaml.safe_dump(text) + "\n")


def event(number: int, kind: str, at: str = "2026-03-01T08:00:00+08:00") -> str:
    return json.dumps({"event_id": f"e{number}", "camera_id": "c1", "event_type": kind, "detected_at": at})


def ledger(home: Home) -> dict[str, Any]:
    sums = ", ".join(f"sum({c})::BIGINT AS {c}" for c in ("received", "accepted", "quarantined", "duplicate"))
    counted = query(home, f"SELECT {sums} FROM bronze.landing_accounting")["rows"][0]
    files = query(home, f"SELECT {sums} FROM bronze.landing_files WHERE status = 'landed'")["rows"][0]
    assert counted == files
    assert counted["received"] == counted["accepted"] + counted["quarantined"] + counted["duplicate"]
    rows = query(home, f"SELECT count(*) AS n FROM bronze.{FEED}")["rows"][0]["n"]
    still = query(home, "SELECT count(*) AS n FROM bronze.quarantine WHERE state = 'open'")["rows"][0]["n"]
    assert (rows, still) == (counted["accepted"], counted["quarantined"])
    return dict(counted)


def test_refused_rows_land_after_the_contract_is_mended_and_the_ledger_moves_with_them(
    home: Home, contract: Path, tmp_path: Path
) -> None:
    file = tmp_path / "trial_events_2026-03-01_1.ndjson"
    lines = [event(1, "site_dust"), event(2, "drone"), event(3, "drone"), event(4, "ufo"), "{broken", event(2, "drone")]
    file.write_text("\n".join(lines) + "\n")
    land_files(home, FEED, [file], now=NOW)
    assert ledger(home) == {"received": 6, "accepted": 1, "quarantined": 5, "duplicate": 0}
    before = {(entry["reason"], entry["rows"], entry["first_line"]) for entry in list_quarantine(home, FEED)}
    assert before == {("unknown_code", 4, 2), ("malformed_json", 1, 5)}

    assert replay(home, FEED, NOW)["accepted"] == 0
    mend(contract, "drone")
    report = replay(home, FEED, NOW)
    assert {k: report[k] for k in ("tried", "accepted", "duplicate", "still_open")} == {
        "tried": 5,
        "accepted": 2,
        "duplicate": 1,
        "still_open": 2,
    }
    assert ledger(home) == {"received": 6, "accepted": 3, "quarantined": 2, "duplicate": 1}
    assert [row["line"] for row in refused_rows(home, FEED)] == [4, 5]
    assert replay(home, FEED, NOW)["accepted"] == 0  # a second replay changes nothing
    landed = query(home, f"SELECT event_id, _line FROM bronze.{FEED} ORDER BY ALL")["rows"]
    assert landed[0] == {"event_id": "e1", "_line": 1}
    assert [row["event_id"] for row in landed] == ["e1", "e2", "e3"]


def test_two_replays_at_once_recover_a_row_once(
    home: Home, contract: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "trial_events_2026-03-01_1.ndjson"
    file.write_text("\n".join([event(1, "site_dust"), event(2, "drone"), event(3, "drone")]) + "\n")
    land_files(home, FEED, [file], now=NOW)
    mend(contract, "drone")
    both_have_read, both_recover = Barrier(2, timeout=60), Barrier(2, timeout=2)

    def read_together(*arguments: Any, **more: Any) -> Batch:
        batch = read_batch(*arguments, **more)
        both_have_read.wait()
        return batch

    def drop_together(*arguments: Any) -> None:
        with suppress(BrokenBarrierError):  # where the first one has the lock, the second does not come
            both_recover.wait()
        drop_repeats(*arguments)

    monkeypatch.setattr(replays, "read_batch", read_together)
    monkeypatch.setattr(replays, "drop_repeats", drop_together)
    with ThreadPoolExecutor(2) as both:
        reports = list(both.map(lambda _: replay(home, FEED, NOW), range(2)))
    assert sorted((report["tried"], report["accepted"]) for report in reports) == [(0, 0), (2, 2)]
    assert ledger(home) == {"received": 3, "accepted": 3, "quarantined": 0, "duplicate": 0}


def test_a_replayed_row_of_an_unreadable_time_moves_to_the_date_it_is_of(
    home: Home, contract: Path, tmp_path: Path
) -> None:
    file = tmp_path / "trial_events_2026-03-02_1.ndjson"
    file.write_text(event(1, "site_dust", "2026-03-02T23:00:00+08:00") + "\n")
    land_files(home, FEED, [file], now=datetime(2026, 3, 1, 1, 0, tzinfo=UTC))  # still in the future then
    assert ledger(home)["quarantined"] == 1
    replay(home, FEED, datetime(2026, 3, 3, 1, 0, tzinfo=UTC))
    assert ledger(home) == {"received": 1, "accepted": 1, "quarantined": 0, "duplicate": 0}
    dates = query(home, "SELECT business_date::VARCHAR AS d FROM bronze.landing_accounting WHERE received > 0")["rows"]
    assert dates == [{"d": "2026-03-02"}]


def test_a_replay_gives_what_landing_under_the_mended_contract_would_have_given(
    home: Home, contract: Path, tmp_path: Path
) -> None:
    first = tmp_path / "trial_events_2026-03-01_1.ndjson"
    second = tmp_path / "trial_events_2026-03-01_2.ndjson"
    first.write_text("\n".join([event(1, "drone"), event(2, "site_dust")]) + "\n")
    second.write_text("\n".join([event(1, "site_dust"), event(3, "drone")]) + "\n")
    land_files(home, FEED, [first, second], now=NOW)
    mend(contract, "drone")
    replay(home, FEED, NOW)
    rows = f"SELECT event_id, event_type FROM bronze.{FEED} ORDER BY ALL"
    replayed, counts = query(home, rows)["rows"], ledger(home)

    other = Home(tmp_path / "other").ensure()
    land_files(other, FEED, [second, first], now=NOW)
    assert query(other, rows)["rows"] == replayed
    assert ledger(other) == counts == {"received": 4, "accepted": 3, "quarantined": 0, "duplicate": 1}


def test_a_rejected_file_lands_once_its_contract_takes_it(home: Home, contract: Path, tmp_path: Path) -> None:
    file = tmp_path / "trial_events_2026-03-01_1.csv"
    file.write_text("event_id,camera_id,event_type,detected_at\ne1,c1,site_dust,2026-03-01T08:00:00+08:00\n")
    report = land_files(home, FEED, [file], now=NOW)
    assert report.files[0].status == "rejected"
    assert list_quarantine(home, FEED)[0]["field"] == "file"
    text = yaml.safe_load(contract.read_text())
    landing = next(p for p in text["customProperties"] if p["property"] == "landing")["value"]
    landing["formats"].append("csv")
    contract.write_text(yaml.safe_dump(text) + "\n")
    (outcome,) = replay(home, FEED, NOW)["rejected_files"]
    assert (outcome["status"], outcome["accepted"]) == ("landed", 1)
    assert list_quarantine(home, FEED) == []


def test_refused_people_stay_sealed_and_can_be_replayed(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "population_records_2026-03-01_1.csv"
    head = "id_number,name,phone,sex,birth_date,household_type,township_code,community_code,registered_on,valid_until,status"
    good = "31011719900101001X,Zhang,13900000000,male,1990-01-01,registered,310117001,310117001001,2020-01-01,,active"
    file.write_text(f"{head}\n{good}\n{good.replace('registered,', 'tourist,', 1).replace('001X', '0020')}\n")
    land_files(home, "population_records", [file], now=NOW)
    (row,) = refused_rows(home, "population_records")
    assert row["raw"] is None
    (clear,) = refused_rows(home, "population_records", unseal=True)
    assert "tourist" in clear["raw"]
    stored = b"".join(p.read_bytes() for p in home.lake.rglob("*") if p.is_file())
    assert b"Zhang" not in stored and b"13900000000" not in stored and b"199001010" not in stored
    assert replay(home, "population_records", NOW)["still_open"] == 1


def test_refusals_of_a_feed_whose_contract_is_gone_are_listed_still(
    home: Home, contract: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "trial_events_2026-03-01_1.ndjson"
    file.write_text("{broken\n")
    land_files(home, FEED, [file], now=NOW)
    monkeypatch.delenv("YUNJIAN_CONTRACTS")
    assert [entry["reason"] for entry in list_quarantine(home, FEED)] == ["malformed_json"]
    with pytest.raises(UnknownFeed, match="truck_gps"):
        list_quarantine(home, "parking")
