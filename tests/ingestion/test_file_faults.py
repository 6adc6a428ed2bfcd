"""An error that nobody foresaw costs the file that it is of; one of the platform costs the run, and is tried again."""

from __future__ import annotations

import errno
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion import landing_file
from ingestion.adapters.tables import _convert
from ingestion.batch import Batch
from ingestion.file_faults import is_of_file
from ingestion.inbox import land_inbox
from ingestion.positions import convert_positions
from ingestion.store import manifests
from lake.home import Home
from lake.writer_lock import WriterBusy
from tests.ingestion.landed import NOW, assert_balanced, event, ndjson, rows

FEED = "detection_events"
PERSON = "31011719900101001X,Zhang San,13900000001,male,1990-01-01,migrant,310117001,310117001001,2020-01-01,,active"
PEOPLE = (
    "id_number,name,phone,sex,birth_date,household_type,township_code,community_code,registered_on,valid_until,status"
)
TABLES = ("landing_files", "landing_accounting", "quarantine", FEED)


def put(home: Home, feed: str, name: str, content: bytes) -> Path:
    path = home.inbox / feed / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def failing_for_two_rows(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Files of two rows meet an error while they are checked."""

    def fail(batch: Batch) -> int:
        if batch.rows == 2:
            raise error
        return convert_positions(batch)

    monkeypatch.setattr(landing_file, "convert_positions", fail)


OF_CONTENT = [ValueError("x"), OverflowError("x"), KeyError("x"), RecursionError("x"), pa.ArrowInvalid("x"),
              duckdb.ConversionException("x"), duckdb.BinderException("x"), UnicodeEncodeError("utf-8", "\ud800", 0, 1, "x")]  # fmt: skip
OF_PLATFORM = [OSError(errno.ENOSPC, "no space left"), MemoryError(), WriterBusy("held"), duckdb.IOException("disk"),
               duckdb.TransactionException("locked"), duckdb.OutOfMemoryException("spill"), duckdb.CatalogException("gone"),
               RuntimeError("a key that is not ours"), KeyboardInterrupt()]  # fmt: skip


def test_errors_of_content_are_told_from_those_of_the_platform() -> None:
    assert all(is_of_file(error) for error in OF_CONTENT)
    assert not any(is_of_file(error) for error in OF_PLATFORM if isinstance(error, Exception))


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), MemoryError(), ValueError("bad")], ids=repr)
def test_what_failed_behind_the_engine_is_told_by_what_it_was(error: Exception) -> None:
    def batches():  # type: ignore[no-untyped-def]
        yield pa.record_batch({"a": [1]})
        raise error

    with duckdb.connect() as con:
        con.register("decoded", pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches()))
        with pytest.raises(duckdb.InvalidInputException) as raised:
            con.execute("CREATE TEMP TABLE staged AS SELECT * FROM decoded")
    assert is_of_file(raised.value) is isinstance(error, ValueError)


def test_a_file_that_fails_unforeseen_is_rejected_and_the_others_land(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_for_two_rows(monkeypatch, duckdb.ConversionException("no place is 'x'\nand more"))
    put(home, FEED, "detection_events_2026-11-20_a.ndjson", ndjson([event(1)]))
    bad = put(home, FEED, "detection_events_2026-11-21_b.ndjson", ndjson([event(2), event(3)]))
    put(home, FEED, "detection_events_2026-11-22_c.ndjson", ndjson([event(4)]))
    first, second, third = land_inbox(home, FEED, now=NOW).files
    assert (first.status, third.status) == ("landed", "landed")
    assert (second.status, second.reason) == ("rejected", "unexpected_error")
    assert second.detail == "ConversionException: no place is 'x'"
    (line,) = [text for text in capsys.readouterr().out.splitlines() if "could not be read" in text]
    assert all(told in line for told in ("error", FEED, bad.name, "2026-11-21", "ConversionException"))
    assert list((home.inbox / FEED).iterdir()) == []
    assert second.sha256 in {manifest.sha256 for manifest in manifests(home, FEED)}
    monkeypatch.undo()
    put(home, FEED, bad.name, ndjson([event(2), event(3)]))
    assert [file.accepted for file in land_inbox(home, FEED, now=NOW).files] == [2]
    assert_balanced(home)


def test_of_a_personal_file_only_the_kind_of_error_is_told(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_for_two_rows(monkeypatch, ValueError("could not convert Zhang San"))
    content = f"{PEOPLE}\n{PERSON}\n{PERSON}\n".encode()
    put(home, "population_records", "population_records_2026-11-21.csv", content)
    (report,) = land_inbox(home, "population_records", now=NOW).files
    assert (report.reason, report.detail) == ("unexpected_error", "ValueError")
    assert "Zhang" not in capsys.readouterr().out


def test_a_failure_of_the_platform_is_raised_and_nothing_of_the_file_remains(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(home, FEED, "detection_events_2026-11-21_b.ndjson", ndjson([event(2), event(3)]))
    for error in OF_PLATFORM:
        with monkeypatch.context() as patch, pytest.raises(type(error)):
            failing_for_two_rows(patch, error)
            land_inbox(home, FEED, now=NOW)
        assert path.exists()
    assert [rows(home, f"SELECT * FROM bronze.{table}") for table in TABLES] == [[], [], [], []]
    assert [file.accepted for file in land_inbox(home, FEED, now=NOW).files] == [2]
    assert_balanced(home)


@pytest.mark.parametrize("step", ["keep_bytes", "meet_landed", "balance", "write_parquet", "commit_batch"])
def test_an_error_while_a_file_is_committed_is_never_the_files_own(
    home: Home, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("not of the file")

    path = put(home, FEED, "detection_events_2026-11-21_b.ndjson", ndjson([event(2), event(3)]))
    with monkeypatch.context() as patch, pytest.raises(ValueError, match="not of the file"):
        patch.setattr(landing_file, step, fail)
        land_inbox(home, FEED, now=NOW)
    assert path.exists()
    assert [rows(home, f"SELECT * FROM bronze.{table}") for table in TABLES] == [[], [], [], []]


def test_a_table_that_finds_no_room_on_the_disk_is_not_called_unreadable(tmp_path: Path) -> None:
    source = tmp_path / "cameras.parquet"
    pq.write_table(pa.table({"camera_id": ["c"]}), source)
    with pytest.raises(OSError, match="No space left") as raised:
        _convert("parquet", source, Path("/dev/full"), {"camera_id": "camera_id"})
    assert raised.value.errno == errno.ENOSPC
