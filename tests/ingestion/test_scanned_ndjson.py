"""Whatever lines an NDJSON file has, scanning it gives the rows and refusals that reading it line by line gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import scan
from ingestion.adapters.ndjson import as_text_value, parse_object
from ingestion.adapters.reading import NeedsTextReading
from ingestion.contracts import load_contract
from ingestion.landing import open_run
from ingestion.landing_run import LandingRun
from ingestion.scan import scan_batch
from ingestion.scanned_batch import ScannedBatch
from ingestion.scanned_bounds import within_bounds
from ingestion.scanning import word_table
from lake.home import Home
from tests.examples import examples
from tests.ingestion.landed import NOW, refusals
from tests.ingestion.test_scanned_landing import FACTS, clear_file, landed, read_line_by_line, told

FEED = "detection_events"
# JSON of one value each; most of it is not what the scanner takes at once.
VALUES = [
    "null", "true", "false", '""', '"x"', '" x "', '"全角"', '"\\u5168"', '"a\\"b"', '"a\\\\b"', '"a\tb"', '"open', '"' + "x" * 130 + '"',
    "0", "-0", "1", "-1", "007", "1.", ".5", "0.5", "1.70", "121.5", "-121.5", "1e3", "1E-2", "123456789012345", "1234567890123456789",
    "NaN", "Infinity", '"0.5"', '"121.5"', "[]", "[1,2]", "[1, 2]", "[-1,0]", "[01]", "[-0]", "[1.50]", '["a"]', "[[1]]", "[1", "{}", '{"a":1}',
    '"2026-11-22T10:00:00+08:00"', '"2026-11-22T10:00:00Z"', '"2026-11-22 10:00:00"', '"2026-11-22T10:00:00.123456+08:00"', '"20261122"',
    "1795312800", '"2026-11-22T25:00:00Z"', '"WGS84"', '"GCJ02"', '"BD09"', '"XYZ"', '"illegal_dumping"', '"no_such_code"', "nul", "tru", "",
]  # fmt: skip
GOOD = {
    "event_id": '"ev-{n:04d}"', "camera_id": '"SJ{n:06d}"', "event_type": '"illegal_dumping"',
    "detected_at": '"2026-11-22T08:{m:02d}:00.250+08:00"', "confidence": "0.{n:04d}", "longitude": "121.118982", "latitude": "31.011036",
    "datum": '"WGS84"', "algorithm": '"yolo-gov 3.0"', "edge_device_id": '"edge-02137"', "track_id": '"trk-{n}"',
    "snapshot_uri": '"s3://快照/ev-{n}.jpg"', "bbox": "[146,369,{n},969]",
}  # fmt: skip
LINES = [
    "", "   ", "\t\r", "\x0b", "{}", "{ }", "[]", "null", '"text"', "{", '{"event_id"', '{"event_id":', '{"event_id":"a"', '{"event_id":"a",}',
    '{"event_id":"a"}x', '{"event_id" "a"}', "\udcff", '{"event_id":"\udcff"}', '{"x":"\x00"}', "{'event_id':'a'}", "a" * 300,
]  # fmt: skip
Change = tuple[str, str] | str | None  # one value written over, a line of its own, or nothing


def line_of(n: int, change: Change, *, space: str = "", turned: bool = False, more: str = "") -> str:
    """A good line with its change; `more` are members in front."""
    if isinstance(change, str):
        return change
    values = {name: text.format(n=n, m=n % 60) for name, text in GOOD.items()}
    members = [
        f'"{name}":{space}{change[1] if change is not None and change[0] == name else text}'
        for name, text in values.items()
    ]
    return "{" + f",{space}".join([*([more] if more else []), *(reversed(members) if turned else members)]) + "}"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LandingRun]:
    home = Home(tmp_path_factory.mktemp("scanned")).ensure()
    with open_run(home, load_contract(FEED), "test", NOW) as opened:
        yield opened


def both_ways(run: LandingRun, content: bytes) -> tuple[Any, Any]:
    file = clear_file(run.home.tmp / f"{FEED}_2026-11-22.ndjson", content)
    scanned = told(run, scan_batch(run.con, run.contract, file, FACTS))
    with pytest.MonkeyPatch.context() as patch, suppress(NeedsTextReading):  # which it is for too many datums
        patch.setattr(word_table, "MOST_WORDS", 8)  # the texts of most columns are left in the file
        assert told(run, scan_batch(run.con, run.contract, file, FACTS)) == scanned
    return scanned, read_line_by_line(run, file)


@examples(35)
@given(
    changes=st.lists(
        st.one_of(st.none(), st.tuples(st.sampled_from(sorted(GOOD)), st.sampled_from(VALUES)), st.sampled_from(LINES)),
        min_size=1, max_size=40,
    ),
    space=st.sampled_from(["", " ", "\t "]),
    turned=st.booleans(),
    more=st.sampled_from(["", '"extra":"x"', '"extra":[1]', '"extra":{"a":1}', '"camera_id":"first"', '"camera_\\u0069d":"first"']),
    ends=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
)  # fmt: skip
def test_any_objects_give_what_reading_line_by_line_gives(
    run: LandingRun, changes: list[Change], space: str, turned: bool, more: str, ends: str, last: bool
) -> None:
    lines = [line_of(n, change, space=space, turned=turned, more=more) for n, change in enumerate([None, *changes])]
    content = (ends.join(lines) + (ends if last else "")).encode("utf-8", "surrogateescape")
    scanned, careful = both_ways(run, content)
    assert scanned == careful


@pytest.mark.parametrize("name", sorted(GOOD))
def test_every_value_in_every_field_gives_what_reading_line_by_line_gives(run: LandingRun, name: str) -> None:
    content = "\n".join(line_of(n, (name, value)) for n, value in enumerate(["null", *VALUES])).encode()
    scanned, careful = both_ways(run, content)
    assert scanned == careful
    rows, refused = scanned
    assert len(rows) + len(refused) == 1 + len(VALUES)


@examples(12)
@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=20)), min_size=5, max_size=20))
def test_any_text_that_is_taken_is_the_one_that_json_reads(run: LandingRun, texts: list[tuple[str, str]]) -> None:
    lines = []
    for text, key in texts:
        lines.append(json.dumps({"event_id": "a", key: text, "snapshot_uri": text}, ensure_ascii=False))
        if key.isalnum():
            lines.append(line_of(0, None, more=f'"{key}":{json.dumps(text, ensure_ascii=False)}'))
    scanned, careful = both_ways(run, "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass"))
    assert scanned == careful


def test_good_lines_are_taken_without_reading_them_again(run: LandingRun) -> None:
    content = "\n".join(line_of(n, None) for n in range(50)).encode()
    batch = scan_batch(run.con, run.contract, clear_file(run.home.tmp / f"{FEED}_2026-11-22.ndjson", content), FACTS)
    assert batch.rows == 50 and not batch.moved.any()
    assert batch.columns.lines.tolist() == list(range(1, 51))


def test_a_file_with_a_byte_order_mark_is_left_to_others(run: LandingRun) -> None:
    content = f"\ufeff{line_of(0, None)}".encode()
    with pytest.raises(NeedsTextReading, match="byte order mark"):
        scan_batch(run.con, run.contract, clear_file(run.home.tmp / f"{FEED}_2026-11-22.ndjson", content), FACTS)


def test_a_contract_of_a_name_too_long_to_look_at_is_left_to_others(run: LandingRun) -> None:
    columns = tuple(replace(c, sources=("x" * 65,)) if c.name == "bbox" else c for c in run.contract.columns)
    file = clear_file(run.home.tmp / f"{FEED}_2026-11-22.ndjson", line_of(0, None).encode())
    with pytest.raises(NeedsTextReading, match="too long names"):
        scan_batch(run.con, replace(run.contract, columns=columns), file, FACTS)


def test_numbers_in_a_list_are_numbers_whichever_way_a_line_is_read() -> None:
    record = parse_object(b'{"bbox":[1, 2.50,1e3],"o":{"a":[1.0],"a":2},"n":2.50}')[1]
    assert as_text_value(record["bbox"]) == "[1,2.5,1000.0]"  # as DuckDB's parser writes them
    assert as_text_value(record["o"]) == '{"a":[1.0]}'
    assert as_text_value(record["n"]) == "2.50"


@pytest.mark.parametrize("words", [1 << 16, 8])  # of a column; where there are more its texts are left in the file
@pytest.mark.parametrize("order", ["as time goes by", "backwards"])
def test_the_lake_is_the_same_whether_objects_were_scanned_or_not(
    tmp_path: Path, order: str, words: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd: list[Change] = [
        ("datum", '"GCJ02"'),
        ("datum", "null"),
        ("confidence", "1.7"),
        ("confidence", '"0.5"'),
        "cut off",
        "",
    ]
    odd += [
        ("event_type", '"no_such_code"'),
        ("detected_at", '"2026-11-21T08:00:00+08:00"'),
        ("bbox", "[1, 2.50]"),
        ("track_id", '""'),
    ]
    lines = [line_of(n, change) for n, change in enumerate([*[None] * 40, *odd, *[None] * 40])]
    repeated = [*lines, *lines[5:30], line_of(7, ("confidence", "0.9"))]
    if order == "backwards":
        lines, repeated = lines[::-1], repeated[::-1]
    files = {f"{FEED}_2026-11-22_{i}.ndjson": "\n".join(some).encode() for i, some in enumerate((repeated, lines))}
    parsed = landed(Home(tmp_path / "parsed").ensure(), FEED, files)
    used: list[int] = []
    judge = ScannedBatch.judge
    monkeypatch.setattr(ScannedBatch, "judge", lambda batch: (used.append(batch.rows), judge(batch))[1])
    monkeypatch.setattr(scan, "SCAN_FROM_BYTES", 0)
    monkeypatch.setattr(word_table, "MOST_WORDS", words)
    scanned = Home(tmp_path / "scanned").ensure()
    assert landed(scanned, FEED, files) == parsed
    assert len(used) == 2
    assert refusals(scanned) == refusals(Home(tmp_path / "parsed"))
    assert len(parsed) > 80


def test_a_time_is_held_against_its_own_rows_received_time_though_least_and_greatest_would_pass(
    run: LandingRun,
) -> None:
    received = '"received_at":"2026-11-22T08:{:02d}:00+08:00"'
    lines = [line_of(n, None, more=received.format(n)) for n in range(40)]
    late = [
        line_of(n, None, more=received.format(0)) for n in (9, 11, 12)
    ]  # at most ten minutes before it was received
    scanned, careful = both_ways(run, "\n".join([*lines, *late, line_of(41, None)]).encode())
    assert scanned == careful
    assert [row["line"] for row in scanned[1]] == [42, 43]
    assert {row["reason"] for row in scanned[1]} == {"time_in_future"}


def test_only_columns_whose_every_value_may_pass_are_passed_unasked(run: LandingRun) -> None:
    def unasked(lines: list[str]) -> set[str]:
        batch = scan_batch(
            run.con,
            run.contract,
            clear_file(run.home.tmp / f"{FEED}_2026-11-22.ndjson", "\n".join(lines).encode()),
            FACTS,
        )
        return within_bounds(batch)

    good = [line_of(n, None) for n in range(20)]
    every = {"detected_at", "confidence", "longitude", "latitude", "received_at"}
    assert unasked(good) == every
    assert unasked([*good, line_of(1, ("confidence", "1.01"))]) == every - {"confidence"}
    assert unasked([*good, line_of(1, ("confidence", "-0.01"))]) == every - {"confidence"}
    assert unasked([*good, line_of(1, ("detected_at", '"2014-12-31T23:59:59Z"'))]) == every - {"detected_at"}
    assert unasked([*good, line_of(1, ("detected_at", "null"))]) == every - {"detected_at"}  # which each row needs
    assert (
        unasked([*good, line_of(1, ("detected_at", '"soon"'))]) == every
    )  # a line that is read again is no row of these
    assert unasked([*good, line_of(1, ("latitude", "null"))]) == every


@pytest.mark.parametrize("sources", [("received_at",), ("received_at", "arrived_at")])
def test_a_received_time_of_any_spelling_is_its_own_rows(run: LandingRun, sources: tuple[str, ...]) -> None:
    columns = tuple(replace(c, sources=sources) if c.name == "received_at" else c for c in run.contract.columns)
    lines = [line_of(n, None, more='"received_at":"2026-11-22T08:00:00+08:00"') for n in (0, 5, 11)]
    file = clear_file(run.home.tmp / f"{FEED}_2026-11-22.ndjson", "\n".join(lines).encode())
    batch = scan_batch(run.con, replace(run.contract, columns=columns), file, FACTS)
    assert batch.moved.tolist() == [False, False, True]  # at most ten minutes before it was received


@pytest.mark.parametrize("time", ["9999-12-31T23:30:00Z", "0001-01-01T00:00:00+14:00"])
def test_a_file_of_one_day_beyond_the_calendar_has_its_rows_refused_and_is_read(run: LandingRun, time: str) -> None:
    content = "\n".join(line_of(n, ("detected_at", f'"{time}"')) for n in range(3)).encode()
    scanned, careful = both_ways(run, content)
    assert scanned == careful
    assert (len(scanned[0]), len(scanned[1])) == (0, 3)
