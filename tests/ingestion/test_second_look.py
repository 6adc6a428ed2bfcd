"""Any lines, however they are cut off, give the rows and refusals that reading them one by one gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ingestion import second_look
from ingestion.adapters.opening import open_reader
from ingestion.adapters.reading import ClearFile, NeedsCarefulReading, Reading
from ingestion.batch import REFUSED, Batch, clear, stage
from ingestion.contracts import load_contract
from ingestion.landing import open_run
from ingestion.landing_file import read_batch
from ingestion.landing_run import LandingRun
from ingestion.refusals import collect_refusals
from ingestion.rules import FileFacts
from ingestion.sealing import TextSealer
from lake.home import Home
from lake.scratch import scratch_folder
from tests.examples import examples
from tests.ingestion.landed import EVENTS, NOW, assert_balanced, event, land, refusals, rows

FEED = "detection_events"
CONTRACT = load_contract(FEED)
DAY = date(2026, 11, 22)
FACTS = FileFacts(NOW.replace(tzinfo=None), file_date=DAY)


def good(number: int, **fields: Any) -> str:
    """A good event; the time rises with the number."""
    at = f"2026-11-22T{10 + number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}+08:00"
    record = event(number, detected_at=at, longitude=121.2, latitude=31.0, datum="WGS84")
    return json.dumps(record | fields) + "\n"


ODD: dict[str, Callable[[int], str]] = {
    "boolean for a number": lambda n: good(n, confidence=True),
    "word for a number": lambda n: good(n, confidence="high"),
    "zero": lambda n: good(n, confidence=0),
    "one": lambda n: good(n, confidence=1),
    "no number": lambda n: good(n, confidence=None),
    "out of range": lambda n: good(n, confidence=1.5),
    "unknown code": lambda n: good(n, event_type="no_such_code"),
    "other datum": lambda n: good(n, datum="GCJ02"),
    "other date": lambda n: good(n, detected_at="2026-11-21T23:59:59+08:00"),
    "unusual time": lambda n: good(n, detected_at="2026-11-22 10:00+0800"),
    "no time": lambda n: good(n, detected_at=""),
    "empty text": lambda n: good(n, track_id=""),
    "too long a text": lambda n: good(n, algorithm="a" * 129),
    "no object": lambda _: "[1, 2]\n",
    "no json": lambda _: "good morning\n",
    "two objects": lambda n: good(n).rstrip() + good(n),
    "cut off": lambda n: good(n)[:30] + "\n",
    "cut off in a text": lambda n: good(n)[: good(n).index("WGS84")] + "\n",
    "cut off behind a colon": lambda n: good(n).split(":", 1)[0] + ":\n",
    "cut off behind a comma": lambda n: good(n).split(",", 1)[0] + ",\n",
    "cut off in a number": lambda n: good(n)[: good(n).index("121.2") + 4] + "\n",
    "cut off behind a whole object": lambda n: good(n, bbox={"left": 1}).split("}", 1)[0] + "}\n",
    "an object without an end before": lambda n: '{"a": ' + good(n),
    "a brace": lambda _: "}\n",
    "an opening brace": lambda _: "{\n",
    "a number of 5000 digits": lambda n: good(n).replace("0.9", "9" * 5000),
    "nested too deep": lambda _: '{"event_id": ' + "[" * 5000 + "\n",
    "not utf8": lambda n: good(n, algorithm="x").replace('"x"', '"\udcff"'),
    "a lone surrogate": lambda n: good(n, algorithm="\ud800"),
    "carriage return": lambda n: good(n).replace("\n", "\r\n"),
    "blanks around": lambda n: " \t" + good(n).rstrip() + "  \n",
    "empty line": lambda _: "\n",
    "blank line": lambda _: " \t \n",
    "unknown field": lambda n: good(n, colour="red"),
    "Chinese": lambda n: good(n, algorithm="算法一号"),
}  # fmt: skip
KINDS = st.lists(st.one_of(st.just("good"), st.sampled_from(sorted(ODD))), min_size=1, max_size=40)


def content_of(kinds: list[str]) -> bytes:
    lines = [good(n) if kind == "good" else ODD[kind](n) for n, kind in enumerate(kinds)]
    return "".join(lines).encode("utf-8", "surrogateescape")


def clear_file(path: Path, content: bytes) -> ClearFile:
    path.write_bytes(content)
    return ClearFile(path, path.name, len(content), content[: 1 << 16])


def told(run: LandingRun, batch: Batch) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The good rows as the lake would have them, and the refused ones as the quarantine would."""
    names = ", ".join(f'"{column.name}"::VARCHAR AS "{column.name}"' for column in CONTRACT.stored_columns)
    kept = run.con.execute(f"SELECT _line, _date, {names} FROM {batch.numbered} WHERE _fault = 0 ORDER BY _line")
    accepted = kept.to_arrow_table().to_pylist()
    collect_refusals(batch, run.home, DAY)
    refused = run.con.execute(f"SELECT * FROM {REFUSED} ORDER BY line").to_arrow_table().to_pylist()
    sealer = TextSealer(run.home)
    for row in refused:  # what is sealed twice is never the same
        row["raw_sealed"], sealed = row["raw_sealed"] is not None, row["raw_sealed"]
        row["raw"] = (sealer.open(sealed) if sealed else row["raw"]).strip(" \t\r")
    return accepted, refused


def read_one_by_one(run: LandingRun, file: ClearFile, scratch: Path) -> Batch:
    with open_reader(run.con, CONTRACT, file, scratch, Reading.CAREFUL) as reader:
        return stage(run.con, CONTRACT, reader, FACTS)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LandingRun]:
    home = Home(tmp_path_factory.mktemp("looked-at") / "var").ensure()
    with open_run(home, CONTRACT, "test", NOW) as run:
        yield run


@examples(30)
@given(kinds=KINDS, head=st.integers(1, 120), mark=st.booleans(), end=st.booleans())
def test_any_lines_give_what_reading_them_one_by_one_gives(
    opened: LandingRun, kinds: list[str], head: int, mark: bool, end: bool
) -> None:
    content = content_of(["good"] * head + kinds)[: None if end else -1]
    with scratch_folder(opened.home, "second-look") as scratch:
        file = clear_file(scratch / EVENTS, (b"\xef\xbb\xbf" if mark else b"") + content)
        quick = told(opened, read_batch(opened, file, FACTS, scratch))
        clear(opened.con)
        assert quick == told(opened, read_one_by_one(opened, file, scratch))
        clear(opened.con)


def ways(caplog: Any) -> list[str]:
    return [entry["way"] for entry in caplog if entry["event"] == "reading again"]


@pytest.mark.parametrize(
    ("odd", "again"),
    [
        ("cut off behind a colon", []),
        ("word for a number", []),
        ("empty line", ["typed"]),
        ("blank line", ["typed"]),
    ],
)
def test_a_few_odd_lines_do_not_make_all_of_a_file_read_line_by_line(home: Home, odd: str, again: list[str]) -> None:
    content = content_of(["good"] * 200 + [odd] + ["good"] * 200)
    with structlog.testing.capture_logs() as logs:
        report = land(home, FEED, EVENTS, content)
    assert ways(logs) == again
    assert report.accepted == 400
    assert [row["_line"] for row in rows(home, f"SELECT _line FROM bronze.{FEED} ORDER BY 1")] == [
        line for line in range(1, 402) if line != 201
    ]
    assert_balanced(home)


def test_a_last_line_that_is_cut_off_costs_no_other_line(home: Home) -> None:
    content = content_of(["good"] * 150 + ["cut off in a number"])[:-1]
    assert land(home, FEED, EVENTS, content).accepted == 150
    assert refusals(home) == [(151, "row", "malformed_json")]


def test_a_line_over_the_limit_is_refused_as_such_and_takes_no_other_with_it(home: Home) -> None:
    content = (
        content_of(["good"] * 3) + b'{"event_id": "' + b"a" * 5_000_000 + b'"}\n' + content_of(["good"] * 5)[-800:]
    )
    report = land(home, FEED, EVENTS, content)
    assert refusals(home)[0] == (4, "row", "line_too_long")
    assert report.accepted >= 4
    assert_balanced(home)


def test_a_file_with_too_much_in_doubt_is_read_line_by_line(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_look, "_MANY_DOUBTS", 3)
    file = clear_file(home.tmp / EVENTS, content_of((["good"] * 30 + ["cut off behind a colon"]) * 5 + ["good"]))
    with open_run(home, CONTRACT, "test", NOW) as run:
        with (
            open_reader(run.con, CONTRACT, file, home.tmp, Reading.TYPED) as reader,
            pytest.raises(NeedsCarefulReading),
        ):
            second_look.look_again(stage(run.con, CONTRACT, reader, FACTS), FACTS)
    assert land(home, FEED, EVENTS, file.path.read_bytes()).accepted == 151
