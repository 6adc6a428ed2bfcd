"""A large file with lines that swallow others goes straight from its parser into Parquet: its rows must be those of the
ordinary way, for any content."""

from __future__ import annotations

import json
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion import segments, straight
from ingestion.adapters.reading import ClearFile, NeedsCarefulReading
from ingestion.batch import Batch, clear
from ingestion.contracts import load_contract
from ingestion.fingerprint import Tap
from ingestion.landing import open_run
from ingestion.landing_file import read_batch
from ingestion.landing_run import LandingRun
from ingestion.positions import convert_positions
from ingestion.rules import FileFacts
from lake.home import Home
from tests.ingestion.landed import EVENTS, NOW, assert_balanced, event, land, refusals, rows

FEED = "detection_events"
CONTRACT = load_contract(FEED)
FACTS = FileFacts(NOW.replace(tzinfo=None), file_date=date(2026, 11, 22))


@pytest.fixture(autouse=True)
def small_files_go_straight_in_several_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(straight, "FROM_BYTES", 0)
    monkeypatch.setattr(segments, "LONGEST", 100_000)


def good(number: int, **fields: Any) -> str:
    """A good event of about 400 bytes; the time rises with the number."""
    at = f"2026-11-22T{10 + number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}+08:00"
    record = event(number, detected_at=at, longitude=121.2, latitude=31.0, datum="WGS84", bbox="9" * 200)
    return json.dumps(record | fields) + "\n"


ODD = {
    "boolean for a number": lambda n: good(n, confidence=True),
    "word for a number": lambda n: good(n, confidence="high"),
    "zero": lambda n: good(n, confidence=0),
    "one": lambda n: good(n, confidence=1),
    "no number": lambda n: good(n, confidence=None),
    "out of range": lambda n: good(n, confidence=1.5),
    "unknown code": lambda n: good(n, event_type="no_such_code"),
    "other datum": lambda n: good(n, datum="GCJ02"),
    "no datum": lambda n: good(n, datum=None),
    "other date": lambda n: good(n, detected_at="2026-11-21T23:59:59+08:00"),
    "unusual time": lambda n: good(n, detected_at="2026-11-22 10:00+0800"),
    "no time": lambda n: good(n, detected_at=""),
    "future": lambda n: good(n, detected_at="2099-01-01T00:00:00Z"),
    "same again": lambda n: good(max(n - 1, 0)),
    "same key, other content": lambda n: good(max(n - 1, 0), confidence=0.4),
    "empty text": lambda n: good(n, track_id=""),
    "too long a text": lambda n: good(n, algorithm="a" * 129),
    "no object": lambda _: "[1, 2]\n",
    "no json": lambda _: "good morning\n",
    "cut off": lambda n: good(n)[:30] + "\n",
    "cut off behind a colon": lambda n: good(n).split(":", 1)[0] + ":\n",
    "a number of 5000 digits": lambda n: good(n).replace("0.9", "9" * 5000),
    "nested too deep": lambda _: '{"event_id": ' + "[" * 5000 + "\n",
    "not utf8": lambda n: good(n, algorithm="x").replace('"x"', '"\udcff"'),
    "carriage return": lambda n: good(n).replace("\n", "\r\n"),
    "unknown field": lambda n: good(n, colour="red"),
    "Chinese": lambda n: good(n, algorithm="算法一号"),
}  # fmt: skip
LINE = st.one_of(st.just("good"), st.sampled_from(sorted(ODD)))


def content_of(kinds: list[str], size: int, *, cut: bool = False) -> bytes:
    """`size` lines; from the eleventh on, every tenth one is of the next of `kinds`, the others are good.

    With `cut`, line 6 would take line 7 with it: the ordinary way gives the file up.
    """
    odd = {place * 10: kind for place, kind in enumerate(kinds, 1)} | ({5: "cut off behind a colon"} if cut else {})
    lines = [ODD[odd[n]](n) if odd.get(n, "good") != "good" else good(n) for n in range(size)]
    return "".join(lines).encode("utf-8", "surrogateescape")


def clear_file(path: Path, content: bytes) -> ClearFile:
    path.write_bytes(content)
    with path.open("rb") as stream:
        tap = Tap(stream)
        tap.drain()
    found = tap.fingerprint
    return ClearFile(path, path.name, len(content), lambda: found, content[: 1 << 16])


def batch_rows(batch: Batch) -> list[dict[str, Any]]:
    """Every row that is good as the lake would have it, and of every refused one what the quarantine is made of."""
    names = ", ".join(f'"{column.name}"::VARCHAR AS "{column.name}"' for column in CONTRACT.stored_columns)
    found = batch.con.execute(
        f"SELECT _line, _fault, _source, _date, {names} FROM {batch.numbered} ORDER BY _line"
    ).to_arrow_table()
    return [
        row if row["_fault"] == 0 else {k: row[k] for k in ("_line", "_fault", "_source")} for row in found.to_pylist()
    ]


def read_ordinary(run: LandingRun, file: ClearFile, scratch: Path) -> list[dict[str, Any]]:
    batch = read_batch(run, file, FACTS, scratch)
    convert_positions(batch)
    found = batch_rows(batch)
    clear(run.con)
    return found


def read_straight(run: LandingRun, file: ClearFile, scratch: Path) -> tuple[list[dict[str, Any]], Batch]:
    batch = straight.read_straight(
        run.con, CONTRACT, file, FACTS, scratch, "ab" * 32, lambda apart: read_batch(run, apart, FACTS, scratch)
    )
    assert convert_positions(batch) == 0, "what is not in WGS-84 was converted apart"
    return batch_rows(batch), batch


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.lists(LINE, max_size=60), size=st.integers(1, 900), end=st.booleans())
def test_any_lines_give_the_same_rows_with_the_same_numbers(
    tmp_path_factory: pytest.TempPathFactory, home: Home, kinds: list[str], size: int, end: bool
) -> None:
    scratch = home.tmp / tmp_path_factory.mktemp("scratch").name
    scratch.mkdir()
    file = clear_file(scratch / EVENTS, content_of(kinds, size)[: None if end else -1])
    with open_run(home, CONTRACT, "test", NOW) as run:
        ordinary = read_ordinary(run, file, scratch)
        try:
            found, batch = read_straight(run, file, scratch)
        except NeedsCarefulReading:
            return  # nothing was said, so nothing wrong
        assert len(batch.parts) == len(segments.segments(file, 2)) or size < 4
        assert found == ordinary
        assert batch.received == size


def test_segments_are_whole_lines_that_make_up_the_file(tmp_path: Path) -> None:
    file = clear_file(tmp_path / EVENTS, content_of([], 900))
    content, runs = file.path.read_bytes(), segments.segments(file, 2)
    assert len(runs) >= 4
    assert [run.start for run in runs] == [0, *(run.stop for run in runs[:-1])]
    assert runs[-1].stop == file.size
    for run in runs:
        assert content[: run.start].count(b"\n") == run.before
        assert content[: run.stop].count(b"\n") == run.last
        assert content[run.stop - 1 : run.stop] == b"\n"
    assert all(one.last == two.before for one, two in pairwise(runs))


def test_the_files_of_its_segments_become_the_lakes_own(home: Home) -> None:
    report = land(home, FEED, EVENTS, content_of([], 900, cut=True))
    assert (report.accepted, report.quarantined, report.duplicate) == (899, 1, 0)
    found = rows(home, f"SELECT count(*) AS rows, count(DISTINCT _file_sha256) AS files FROM bronze.{FEED}")
    assert found == [{"rows": 899, "files": 1}]
    files = rows(home, f"SELECT data_file, delete_file FROM ducklake_list_files('bronze', '{FEED}')")
    assert len(files) >= 4 and all(file["delete_file"] is None for file in files)
    assert_balanced(home)


def test_what_may_not_stay_in_them_goes_in_the_same_commit(home: Home) -> None:
    kinds = ["same again", "unknown code", "other date", "zero", "same key, other content"]
    report = land(home, FEED, EVENTS, content_of(kinds, 900, cut=True))
    assert (report.accepted, report.quarantined, report.duplicate) == (896, 2, 2)
    assert refusals(home) == [(6, "row", "malformed_json"), (21, "event_type", "unknown_code")]
    days = rows(home, f"SELECT business_date, count(*) AS rows FROM bronze.{FEED} GROUP BY ALL ORDER BY ALL")
    assert [(str(day["business_date"]), day["rows"]) for day in days] == [("2026-11-21", 1), ("2026-11-22", 895)]
    assert rows(home, f"SELECT _line FROM bronze.{FEED} GROUP BY ALL HAVING count(*) > 1 OR _line < 1") == []
    assert_balanced(home)


@pytest.mark.parametrize("kind", ["unknown code", "zero", "no json"])
def test_the_last_line_of_a_segment_may_be_odd(home: Home, tmp_path: Path, kind: str) -> None:
    content = content_of([], 900, cut=True)
    runs = segments.segments(clear_file(tmp_path / EVENTS, content), 1)  # a small file is landed by one thread
    lines = content.decode().splitlines(keepends=True)
    ends = [run.last for run in runs]
    for last in ends:
        odd = ODD[kind](last - 1).rstrip("\n")
        lines[last - 1] = odd + " " * (len(lines[last - 1]) - len(odd) - 1) + "\n"  # of the same length: the cuts stay
    report = land(home, FEED, EVENTS, "".join(lines).encode())
    refused = 0 if kind == "zero" else len(ends)
    assert (report.accepted, report.quarantined) == (899 - refused, 1 + refused)
    assert [line for line, _, _ in refusals(home)] == [6, *(ends if refused else [])]
    assert rows(home, f"SELECT count(*) AS n FROM bronze.{FEED} WHERE _line < 1")[0]["n"] == 0
    assert_balanced(home)


def test_rows_out_of_order_are_written_in_order(home: Home) -> None:
    lines = content_of([], 900, cut=True).decode().splitlines(keepends=True)
    land(home, FEED, EVENTS, "".join(lines[450:] + lines[:450]).encode())
    (file,) = rows(home, f"SELECT data_file FROM ducklake_list_files('bronze', '{FEED}')")
    with duckdb.connect() as con:
        times = con.execute("SELECT detected_at FROM read_parquet(?)", [file["data_file"]]).fetchall()
    assert times == sorted(times) and len(times) == 899


SPOILT = {
    "an empty line": lambda content: content.replace(b"\n", b"\n\n", 1),
    "an empty line before": lambda content: b"\n" + content,
    "a blank line after": lambda content: content + b" \n",
    "a line over the limit": lambda content: b"{" * 5_000_000 + b"\n" + content,
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_file_whose_lines_it_cannot_number_goes_the_ordinary_way(home: Home, fault: str) -> None:
    content = SPOILT[fault](content_of([], 600, cut=True))
    file = clear_file(home.tmp / EVENTS, content)
    with open_run(home, CONTRACT, "test", NOW) as run, pytest.raises((NeedsCarefulReading, duckdb.Error)):
        read_straight(run, file, home.tmp)
    assert land(home, FEED, EVENTS, content).accepted == 599
    assert_balanced(home)


def test_a_file_of_mostly_odd_lines_goes_the_ordinary_way(home: Home) -> None:
    content = content_of([], 10, cut=True) + "".join(good(n, datum="GCJ02") for n in range(10, 600)).encode()
    file = clear_file(home.tmp / EVENTS, content)
    with open_run(home, CONTRACT, "test", NOW) as run, pytest.raises(NeedsCarefulReading, match="592 of 600"):
        read_straight(run, file, home.tmp)
    assert land(home, FEED, EVENTS, content).accepted == 599


def test_a_second_file_meets_the_rows_of_the_first(home: Home) -> None:
    land(home, FEED, EVENTS, content_of([], 900, cut=True))
    later = content_of([], 900, cut=True).replace(b'"confidence": 0.9', b'"confidence": 0.8')
    report = land(home, FEED, EVENTS.replace("p01", "p02"), later + b"".join(good(n).encode() for n in range(900, 950)))
    assert (report.accepted, report.duplicate) == (50, 899)
    assert rows(home, f"SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM bronze.{FEED}") == [
        {"n": 949, "ids": 949}
    ]
    assert_balanced(home)
