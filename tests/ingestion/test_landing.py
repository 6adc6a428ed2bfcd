from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion import landing_file
from ingestion.bronze_commit import commit_batch
from ingestion.contracts import UnknownFeed, load_contract
from ingestion.inbox import land_inbox, pending
from ingestion.landing import land_files, open_run
from ingestion.store import manifests, open_landed
from lake.home import Home
from tests.ingestion.landed import (
    CAMERA_HEADER,
    CAMERAS,
    EVENTS,
    GOOD_CAMERA,
    NOW,
    assert_balanced,
    event,
    land,
    land_path,
    ndjson,
    refusals,
    rows,
)


def test_an_event_lands_typed_in_utc_under_its_shanghai_date(home: Home) -> None:
    report = land(home, "detection_events", EVENTS, ndjson([event(detected_at="2026-11-22T00:30:00+08:00")]))
    assert (report.status, report.received, report.accepted) == ("landed", 1, 1)
    (row,) = rows(home, "SELECT * FROM bronze.detection_events")
    assert row["detected_at"] == datetime(2026, 11, 21, 16, 30)
    assert row["business_date"] == date(2026, 11, 22)
    assert (row["confidence"], row["longitude"], row["_line"]) == (0.9, None, 1)
    assert row["_file_sha256"] == report.sha256
    assert_balanced(home)


def test_the_same_bytes_land_once_whatever_their_name(home: Home) -> None:
    content = ndjson([event(1), event(2)])
    first = land(home, "detection_events", EVENTS, content)
    before = rows(home, "SELECT max(snapshot_id) AS id FROM bronze.snapshots()")
    again = land(home, "detection_events", "detection_events_2026-11-22_again.ndjson", content)
    assert (again.status, again.accepted) == ("already_landed", first.accepted)
    assert rows(home, "SELECT max(snapshot_id) AS id FROM bronze.snapshots()") == before


@pytest.mark.parametrize("names", [("p01", "p01"), ("p01", "p02")], ids=["one name", "two names"])
def test_bytes_that_another_process_lands_meanwhile_are_counted_once(
    home: Home, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    first, second = (f"cameras_2026-11-22_{name}.csv" for name in names)
    content = (CAMERA_HEADER + GOOD_CAMERA + "c2,310117001,999,31.0,,street,2020-01-01,\n").encode()
    other = home.root / "other"
    other.mkdir()
    (other / second).write_bytes(content)
    drop_repeats, between = landing_file.drop_repeats, []

    def land_meanwhile(*arguments: Any) -> None:
        drop_repeats(*arguments)
        if not between:
            between.append(None)
            between[0] = land_path(home, "cameras", other / second)

    monkeypatch.setattr(landing_file, "drop_repeats", land_meanwhile)
    report = land(home, "cameras", first, content)
    assert [(r.status, r.received, r.accepted, r.quarantined) for r in (between[0], report)] == [
        ("landed", 2, 1, 1),
        ("already_landed", 2, 1, 1),
    ]
    assert [row["file_name"] for row in rows(home, "SELECT file_name FROM bronze.landing_files")] == [second]
    (manifest,) = manifests(home, "cameras")
    assert len(manifest.deliveries) == 2 or first == second
    assert len(rows(home, "SELECT * FROM bronze.quarantine")) == 1
    assert_balanced(home)


def test_an_unchanged_register_is_a_new_snapshot_on_its_next_date(home: Home) -> None:
    content = (CAMERA_HEADER + "c1,310117001,121.2,31.0,,street,2020-01-01,\n").encode()
    assert land(home, "cameras", CAMERAS, content).status == "landed"
    assert land(home, "cameras", "cameras_2026-11-23_p01.csv", content).status == "landed"
    assert land(home, "cameras", "cameras_2026-11-23_p02.csv", content).status == "already_landed"
    dates = rows(home, "SELECT business_date FROM bronze.cameras ORDER BY ALL")
    assert [row["business_date"] for row in dates] == [date(2026, 11, 22), date(2026, 11, 23)]


def test_the_received_bytes_are_kept_with_a_manifest(home: Home) -> None:
    content = ndjson([event()])
    report = land(home, "detection_events", "detection_events_2026-11-22_p01_r20261122T020001Z.ndjson", content)
    (manifest,) = manifests(home, "detection_events")
    assert (manifest.sha256, manifest.bytes, manifest.sealed) == (report.sha256, len(content), False)
    assert manifest.deliveries[0].file_date == date(2026, 11, 22)
    assert manifest.deliveries[0].received_at == datetime(2026, 11, 22, 2, 0, 1)
    with open_landed(home, manifest) as stream:
        assert stream.read() == content


def test_bytes_of_a_personal_feed_and_its_refused_rows_are_sealed(home: Home) -> None:
    name = "trucks_2026-11-22_p01.csv"
    content = b"plate_no,terminal_id,carrier,approved_on,valid_until\nHU-A1,013800000001,C,2026-01-01,\nHU-A2,x,C,,\n"
    report = land(home, "trucks", name, content)
    assert (report.accepted, report.quarantined) == (1, 1)
    (manifest,) = manifests(home, "trucks")
    assert manifest.sealed
    with open_landed(home, manifest) as stream:
        assert stream.read() == content
    everything = b"".join(
        path.read_bytes() for path in home.root.rglob("*") if path.is_file() and "given" not in str(path)
    )
    assert b"013800000001" not in everything and b"HU-A" not in everything
    (refused,) = rows(home, "SELECT raw, raw_sealed, reason FROM bronze.quarantine")
    assert refused["raw"] is None and refused["raw_sealed"] and refused["reason"] == "pattern_mismatch"
    (row,) = rows(home, "SELECT truck_key, terminal_key FROM bronze.trucks")
    assert len(row["truck_key"]) == len(row["terminal_key"]) == 64


def test_a_terminal_has_one_pseudonym_with_and_without_leading_zeros(home: Home) -> None:
    head = b"plate_no,terminal_id,carrier,approved_on,valid_until\n"
    land(home, "trucks", "trucks_2026-11-22_p01.csv", head + b"hu-a1,013800000001,C,,\nHU-A2,13800000001,C,,\n")
    assert len(rows(home, "SELECT DISTINCT terminal_key FROM bronze.trucks")) == 1


def test_coordinates_declared_gcj02_are_stored_in_wgs84(home: Home) -> None:
    land(home, "detection_events", EVENTS, ndjson([event(longitude=121.232117, latitude=31.030081, datum="GCJ02")]))
    (row,) = rows(home, "SELECT longitude, latitude FROM bronze.detection_events")
    assert row["longitude"] == pytest.approx(121.2277, abs=2e-6) and row["latitude"] == pytest.approx(31.0322, abs=2e-6)


def test_a_later_winner_replaces_the_landed_row_and_counts_as_duplicate(home: Home) -> None:
    old = event(1, confidence=0.1, received_at="2026-11-22T10:00:01+08:00")
    new = event(1, confidence=0.8, received_at="2026-11-22T10:00:09+08:00")
    land(home, "detection_events", EVENTS, ndjson([old]))
    report = land(home, "detection_events", "detection_events_2026-11-22_p02.ndjson", ndjson([new]))
    assert (report.accepted, report.duplicate) == (0, 1)
    (row,) = rows(home, "SELECT confidence FROM bronze.detection_events")
    assert row["confidence"] == 0.8
    assert_balanced(home)


@pytest.mark.parametrize("most_files", [50, 1])
def test_rows_of_several_landed_files_are_met_each_by_its_own_rival(
    home: Home, monkeypatch: pytest.MonkeyPatch, most_files: int
) -> None:
    monkeypatch.setattr("ingestion.duplicates._MOST_FILES", most_files)
    at = "2026-11-22T10:00:0{}+08:00".format
    land(home, "detection_events", EVENTS, ndjson([event(1, received_at=at(5)), event(2, received_at=at(5))]))
    land(home, "detection_events", "detection_events_2026-11-22_p02.ndjson", ndjson([event(3, received_at=at(5))]))
    third = [event(1, received_at=at(9)), event(3, received_at=at(1)), event(4, received_at=at(5))]
    report = land(home, "detection_events", "detection_events_2026-11-22_p03.ndjson", ndjson(third))
    assert (report.accepted, report.duplicate) == (1, 2)
    kept = "SELECT event_id, extract('second' FROM received_at)::INT AS s FROM bronze.detection_events ORDER BY 1"
    assert [row["s"] for row in rows(home, kept)] == [9, 5, 5, 5]
    assert_balanced(home)


def test_rows_that_come_after_their_date_and_grace_are_late_and_keep_their_date(home: Home) -> None:
    records = [
        event(1, received_at="2026-11-23T05:59:00+08:00"),  # within six hours of midnight
        event(2, received_at="2026-11-23T06:01:00+08:00"),
    ]
    report = land(home, "detection_events", EVENTS, ndjson(records))
    assert (report.accepted, report.late, list(report.business_dates)) == (2, 1, ["2026-11-22"])
    by_file = land(home, "detection_events", "detection_events_2026-11-24_p01.ndjson", ndjson([event(3)]))
    assert by_file.late == 1


def test_a_gzip_file_lands_like_the_plain_one(home: Home) -> None:
    report = land(home, "detection_events", EVENTS + ".gz", gzip.compress(ndjson([event(1), '{"torn'])))
    assert (report.accepted, report.quarantined) == (1, 1)
    assert refusals(home) == [(2, "row", "malformed_json")]


def test_rows_of_an_expired_date_are_refused(home: Home) -> None:
    land(home, "detection_events", EVENTS, ndjson([event(1)]))
    from lake.engine import open_engine
    from lake.lakes import BRONZE, attach

    with open_engine(home) as con:
        attach(con, home, BRONZE)
        con.execute("INSERT INTO bronze.expired_dates VALUES ('detection_events', DATE '2026-11-22', now()::TIMESTAMP)")
    report = land(home, "detection_events", "detection_events_2026-11-22_p02.ndjson", ndjson([event(2)]))
    assert report.quarantined == 1
    assert refusals(home) == [(1, "business_date", "date_expired")]


def test_the_report_is_the_promised_json(home: Home) -> None:
    path = home.root / EVENTS
    path.write_bytes(ndjson([event()]))
    report = land_files(home, "detection_events", [path], now=NOW)
    told = json.loads(json.dumps(report.as_json()))
    assert told["feed"] == "detection_events" and told["files"][0]["status"] == "landed"
    assert set(told["files"][0]) >= {
        "file", "sha256", "status", "received", "accepted", "quarantined", "duplicate", "late",
    }  # fmt: skip


def test_an_unknown_feed_is_named_in_the_error(home: Home) -> None:
    with pytest.raises(UnknownFeed, match="no_such_feed"):
        land_files(home, "no_such_feed", [], now=NOW)


@pytest.mark.parametrize("step", ["collect_refusals", "pseudonymise_batch", "write_parquet", "commit_batch"])
def test_a_crash_before_the_commit_leaves_nothing_and_landing_again_everything(
    home: Home, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    content = ndjson([event(1), event(2), event(2), "{"])
    with monkeypatch.context() as patch:
        patch.setattr(landing_file, step, crash)
        with pytest.raises(KeyboardInterrupt):
            land(home, "detection_events", EVENTS, content)
    for table in ("detection_events", "landing_files", "landing_accounting", "quarantine"):
        assert rows(home, f"SELECT * FROM bronze.{table}") == []
    report = land(home, "detection_events", EVENTS, content)
    assert (report.status, report.accepted, report.quarantined, report.duplicate) == ("landed", 2, 1, 1)
    assert_balanced(home)


def test_a_crash_inside_the_commit_leaves_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(*args: object) -> None:
        monkeypatch.setattr("ingestion.bronze_commit._replace_record", lambda *_: 1 / 0)
        commit_batch(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(landing_file, "commit_batch", half)
        with pytest.raises(ZeroDivisionError):
            land(home, "detection_events", EVENTS, ndjson([event()]))
    monkeypatch.undo()
    assert rows(home, "SELECT * FROM bronze.detection_events") == []


def test_the_inbox_gives_finished_files_and_is_empty_after_landing(home: Home) -> None:
    folder = home.inbox / "detection_events"
    folder.mkdir(parents=True)
    for name in (EVENTS, ".hidden", "x.part", "y.tmp"):
        (folder / name).write_bytes(ndjson([event()]))
    (folder / "folder").mkdir()
    assert [path.name for path in pending(home, "detection_events")] == [EVENTS]
    assert [file.status for file in land_inbox(home, "detection_events", now=NOW).files] == ["landed"]
    assert pending(home, "detection_events") == [] and (folder / "x.part").exists()


def test_a_batch_that_fails_its_gate_stays_out_and_its_bytes_stay(home: Home) -> None:
    bad = [event(n, camera_id="" if n % 3 else "c") for n in range(600)]
    report = land(home, "detection_events", EVENTS, ndjson(bad))
    assert report.status == "rejected" and str(report.reason).startswith("gate:refused_share")
    assert rows(home, "SELECT * FROM bronze.detection_events") == []
    assert list(home.lake.rglob("detection_events/**/*.parquet")) == []
    assert len(list(manifests(home, "detection_events"))) == 1
    (gate,) = rows(home, "SELECT success FROM bronze.batch_gates WHERE consequence = 'stop'")
    assert gate["success"] is False


def test_an_instant_with_its_own_zone_is_taken_for_now(home: Home) -> None:
    report = land(home, "detection_events", EVENTS, ndjson([event()]), now=datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    assert report.quarantined == 1
    assert refusals(home) == [(1, "detected_at", "time_in_future")]


def test_the_engine_that_parses_opens_nothing_but_data(home: Home, tmp_path: Path) -> None:
    given = tmp_path / EVENTS
    given.write_bytes(ndjson([event()]))
    (tmp_path / "other.csv").write_text("a\n1\n")
    with open_run(home, load_contract("detection_events"), "test", NOW, [given]) as run:
        assert run.con.execute(f"SELECT count(*) FROM read_text('{given}')").fetchone() == (1,)
        for path in (tmp_path / "other.csv", home.secrets / "person.key", Path("/etc/passwd")):
            with pytest.raises(duckdb.PermissionException):
                run.con.execute(f"SELECT * FROM read_text('{path}')").fetchall()
        with pytest.raises(duckdb.Error, match="locked"):
            run.con.execute("SET enable_external_access = true")
