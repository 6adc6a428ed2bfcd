"""Texts that a scan leaves in the file are the file's, whichever rows are asked for; and a file that changes is never believed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import scan
from ingestion.inbox import land_inbox
from ingestion.scanned_batch import ScannedBatch
from ingestion.scanning import layout as L
from ingestion.scanning import left_texts, word_table
from ingestion.scanning.columns import ScannedColumns
from ingestion.scanning.left_texts import FileChanged
from ingestion.scanning.memory import Reused
from ingestion.scanning.plan import Field
from ingestion.scanning.scanner import CsvScanner
from lake.home import Home
from tests.examples import examples
from tests.ingestion.landed import EVENTS, NOW, event, ndjson, rows

FEED = "detection_events"
_FIELDS = [Field("a", L.TEXT, column="a", is_left=True, is_hashed=True), Field("b", L.TEXT, is_left=True)]
# Within a string view and beyond it, of one beginning.
_TEXTS = st.builds(lambda text, times: text * times, st.text("ab1松江é", max_size=8), st.sampled_from([1, 1, 3, 900]))


@contextmanager
def scanned(lines: list[tuple[str, str]], block_bytes: int, most_words: int) -> Iterator[tuple[Path, ScannedColumns]]:
    """The file of these lines, and its columns; of each column `most_words` words are codes until there are more."""
    with tempfile.NamedTemporaryFile() as file, pytest.MonkeyPatch.context() as patch:
        file.write("".join(f'{a},"{b}"\n' for a, b in lines).encode())
        file.flush()
        patch.setattr(word_table, "MOST_WORDS", most_words)
        patch.setattr(left_texts, "_ROOM", 2 * L.LONGEST_LINE)
        yield Path(file.name), CsvScanner(_FIELDS, ",").scan(Path(file.name), 0, 1, block_bytes)


@examples(60)
@given(
    lines=st.lists(st.tuples(_TEXTS, _TEXTS), min_size=1, max_size=60),
    block_bytes=st.integers(20, 3000),
    most_words=st.sampled_from([1, 4, 16]),
    data=st.data(),
)
def test_the_texts_of_any_rows_are_those_of_their_lines(
    lines: list[tuple[str, str]], block_bytes: int, most_words: int, data: st.DataObject
) -> None:
    lines = [(a, b or "b") for a, b in lines]  # a line without any text is no row
    with scanned(lines, block_bytes, most_words) as (_, columns):
        assert not columns.again.any()
        wanted = data.draw(st.sets(st.integers(0, len(lines) - 1)).map(sorted))
        first = data.draw(st.integers(0, len(lines)))
        left = columns.left()
        assert "b" in left
        for part, places in (
            (np.array(wanted, np.int32), wanted),
            (np.array(wanted, np.int64), wanted),
            (slice(first, len(lines)), range(first, len(lines))),
        ):
            fetched = columns.fetched(part)
            for number, name in enumerate("ab"):
                if name in left:
                    found = fetched[name].arrow(slice(0, len(places)), empty_is_missing=True).to_pylist()
                    assert found == [(lines[row][number] or None) for row in places]
        for number, name in enumerate("ab"):
            if name in left:
                assert left[name].empty().tolist() == [not line[number] for line in lines]
        assert columns.bring() == bool(left) and not columns.left()
        brought = columns.texts["b"].arrow(slice(0, len(lines))).to_pylist()
        assert brought == [b for _, b in lines]
        columns.check()  # nothing is left that could change


def test_hashes_tell_texts_apart_whether_they_have_codes_or_not() -> None:
    lines = [(text, "b") for text in ["one", "two", "one", "a-longer-one-1", "a-longer-one-2", "one", "a-longer-one-1"]]
    with scanned(lines, 1 << 20, 2) as (_, columns):
        hashes = columns.left()["a"].hashes
        assert hashes is not None
        assert len(set(hashes.tolist())) == 4
        assert [n for n, h in enumerate(hashes.tolist()) if h == hashes[0]] == [0, 2, 5]


def test_a_line_too_long_to_tell_where_its_texts_are_is_read_again() -> None:
    long = "x" * (L.LONGEST_LINE - len(',""') - 1)
    with scanned([(long, "y"), (long, "yy"), ("a", "b")], 1 << 20, 1) as (_, columns):
        assert columns.again.tolist() == [False, True, False]
        assert columns.fetched(slice(0, 3))["b"].arrow(slice(0, 3)).to_pylist() == ["y", "", "b"]


def test_a_file_that_has_changed_since_it_was_scanned_is_not_believed() -> None:
    lines = [(f"text-number-{n}", f"other-number-{n}") for n in range(100)]
    with scanned(lines, 1 << 20, 1) as (path, columns):
        columns.check()
        os.utime(path, ns=(1, 1))
        with pytest.raises(FileChanged):
            columns.check()
        with pytest.raises(FileChanged):
            columns.bring()
        os.truncate(path, 1000)
        with pytest.raises(FileChanged):
            columns.fetched(slice(0, 100))


def delivered_for_scanning(home: Home, monkeypatch: pytest.MonkeyPatch, content: bytes) -> Path:
    monkeypatch.setattr(scan, "SCAN_FROM_BYTES", 0)
    monkeypatch.setattr(word_table, "MOST_WORDS", 8)
    path = home.inbox / FEED / EVENTS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("when", ["judge", "write_date"])
def test_a_file_written_to_after_it_was_scanned_waits_for_the_next_run(
    home: Home, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    path = delivered_for_scanning(home, monkeypatch, ndjson([event(n) for n in range(50)]))
    inner = getattr(ScannedBatch, when)

    def interfered(batch: ScannedBatch, *arguments: object) -> object:
        assert batch.columns.left()
        place = next((home.landing / FEED).rglob("*.ndjson"), None) or path  # one file by two names
        with place.open("r+b") as sender:
            sender.truncate(200)
        return inner(batch, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ScannedBatch, when, interfered)
        (report,) = land_inbox(home, FEED, now=NOW).files
    assert (report.status, report.reason) == ("rejected", "changed_while_read")
    assert rows(home, f"SELECT * FROM bronze.{FEED}") == []
    path.write_bytes(ndjson([event(n) for n in range(60)]))
    (report,) = land_inbox(home, FEED, now=NOW).files
    assert (report.status, report.accepted) == ("landed", 60)


def test_a_line_read_again_and_one_that_was_scanned_settle_their_key(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = [event(n) for n in range(50)]
    escaped = ndjson([event(7)]).replace(b'"e7"', b'"\\u00657"')
    assert b"\\u0065" in escaped
    delivered_for_scanning(home, monkeypatch, ndjson(good) + escaped * 2)
    (report,) = land_inbox(home, FEED, now=NOW).files
    assert (report.received, report.accepted, report.duplicate) == (52, 50, 2)
    assert rows(home, f"SELECT count(DISTINCT event_id) AS ids FROM bronze.{FEED}") == [{"ids": 50}]


def test_the_same_bytes_come_again_are_not_read_to_the_end(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    content = ndjson([event(n) for n in range(50)])
    for status in ("landed", "already_landed"):
        delivered_for_scanning(home, monkeypatch, content)
        (report,) = land_inbox(home, FEED, now=NOW).files
        assert report.status == status


def test_memory_is_handed_out_again_only_when_nobody_holds_any_of_it() -> None:
    memory = Reused()
    first = memory.take(1000)
    where = first.ctypes.data
    view = first[10:20].view(np.uint16)
    del first
    assert memory.take(1000).ctypes.data != where
    del view
    assert memory.take(900).ctypes.data == where
