"""The compiled scanner takes what it takes exactly, and says of everything else that somebody else must read it."""

from __future__ import annotations

import math
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.adapters.lines import lines_at
from ingestion.scanning import layout as L
from ingestion.scanning import scanner as scanner_module
from ingestion.scanning import word_table
from ingestion.scanning.blocks import BLOCK_BYTES
from ingestion.scanning.columns import ScannedColumns
from ingestion.scanning.growing import GrowingColumns, Stopped, TooManyRows
from ingestion.scanning.plan import Field
from ingestion.scanning.scanner import CsvScanner
from ingestion.scanning.taking import AmbiguousLines, LinesTooShort
from ingestion.scanning.texts import CodedTexts, PlainTexts
from tests.examples import examples

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Nothing that CSV or the scanner gives a meaning, and no blank at an edge.
_WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters=',"'),
    max_size=40,
)


def scan(content: bytes, *fields: Field, block_bytes: int = BLOCK_BYTES) -> ScannedColumns:
    """The columns of lines without a header."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return CsvScanner(fields, ",").scan(Path(file.name), 0, 1, block_bytes)


def texts_of(columns: ScannedColumns, name: str) -> list[str]:
    found = columns.texts[name]
    if isinstance(found, CodedTexts):
        return [found.words[code].as_py() for code in found.codes.tolist()]
    return found.arrow(slice(0, columns.rows)).to_pylist()


def value_of(text: str, kind: int, zone: int = L.OFFSET_NEEDED) -> float | int | None:
    """What the scanner makes of one text; None where it leaves it to others."""
    columns = scan(f"{text},\n".encode(), Field("a", kind, zone), Field("b", L.SKIP))
    assert columns.rows == 1
    return None if columns.again[0] else columns.numbers["a"][0].item()


@examples(100)
@given(
    lines=st.lists(st.tuples(_WORDS, _WORDS), min_size=1, max_size=60),
    ends=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
    block_bytes=st.integers(1, 300),
    coded=st.booleans(),
)
def test_every_line_comes_once_and_in_order_however_the_file_is_cut_into_blocks(
    lines: list[tuple[str, str]], ends: str, last: bool, block_bytes: int, coded: bool
) -> None:
    content = ends.join(",".join(line) for line in lines) + (ends if last or not lines[-1][1] else "")
    fields = [Field(name, L.TEXT, column=name if coded else None) for name in "ab"]
    columns = scan(content.encode(), *fields, block_bytes=block_bytes)
    taken = ~columns.again
    assert columns.lines.tolist() == list(range(1, len(lines) + 1))
    for place, name in enumerate("ab"):
        found = texts_of(columns, name)
        assert [found[i] for i in np.flatnonzero(taken)] == [lines[i][place] for i in np.flatnonzero(taken)]


@pytest.mark.parametrize("quoted", ["a", "b", "ab"])
def test_a_quote_is_seen_wherever_it_stands(quoted: str) -> None:
    """In each place of the 64 bytes that are looked at together."""
    for size in range(130):
        line = [
            f'"{text}"' if name in quoted else text
            for name, text in (("a", "x" * size), ("b", "y,"[: 1 + ("b" in quoted)]))
        ]
        columns = scan((",".join(line) + "\n").encode() * 3, Field("a", L.TEXT), Field("b", L.TEXT))
        assert not columns.again.any()
        assert texts_of(columns, "a") == ["x" * size] * 3
        assert texts_of(columns, "b") == ["y," if "b" in quoted else "y"] * 3


@given(
    lines=st.lists(st.one_of(_WORDS.filter(bool), st.sampled_from(["", "  ", "x\x01y"])), min_size=1, max_size=60),
    before=st.binary(max_size=20).map(lambda raw: raw.replace(b"\n", b"")),
    ends=st.sampled_from(["\n", "\r\n"]),
    block_bytes=st.integers(1, 300),
)
def test_a_line_is_found_again_by_its_place_whatever_blank_lines_are_between(
    lines: list[str], before: bytes, ends: str, block_bytes: int
) -> None:
    raw = [f"{line}{',' if line.strip() else ''}{ends}".encode() for line in lines]
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join([before, b"\n", *raw]))
        file.flush()
        fields = [Field("a", L.TEXT, column="a"), Field("b", L.TEXT)]
        columns = CsvScanner(fields, ",").scan(Path(file.name), len(before) + 1, 2, block_bytes)
        places = columns.places.of(np.arange(columns.rows)).tolist()
        found = list(lines_at(Path(file.name), zip(columns.lines.tolist(), places, strict=True)))
    assert found == [(n, line.rstrip(b"\r\n")) for n, line in enumerate(raw, 2) if line.strip()]
    taken = np.flatnonzero(~columns.again)
    assert [texts_of(columns, "a")[row] for row in taken] == [found[row][1].decode()[:-1] for row in taken]


@pytest.mark.parametrize("block_bytes", [1, 3, 7, BLOCK_BYTES])
@pytest.mark.parametrize("content", ["", "\n", "\n\n \n", "\n\n\na-long-one,\n\n\n", "a-long-one,\n\nb,\n\n\n\n\n\n"])
def test_blocks_in_which_no_row_begins_take_no_row_from_others(content: str, block_bytes: int) -> None:
    columns = scan(content.encode(), Field("a", L.TEXT), Field("b", L.SKIP), block_bytes=block_bytes)
    expected = [(n, line[:-1]) for n, line in enumerate(content.split("\n"), 1) if line.strip()]
    assert list(zip(columns.lines.tolist(), texts_of(columns, "a"), strict=True)) == expected
    places = columns.places.of(np.arange(columns.rows)).tolist()
    assert [content[place:].split(",")[0] for place in places] == [text for _, text in expected]


@examples(120)
@given(st.from_regex(r"-?[0-9]{1,17}(\.[0-9]{1,18})?", fullmatch=True))
def test_a_number_that_is_taken_is_the_one_that_python_reads(text: str) -> None:
    value = value_of(text, L.REAL)
    assert value is None or (value == float(text) and math.copysign(1, value) == math.copysign(1, float(text)))
    whole = value_of(text, L.INTEGER)
    assert whole is None or whole == int(text)
    if len(text) < 15 and not text.lstrip("-").startswith("0"):
        assert value is not None


@pytest.mark.parametrize(("text", "value"), [("true", 1), ("false", 0), ("1", 1), ("0", 0)])
def test_yes_and_no_are_words_or_digits(text: str, value: int) -> None:
    assert value_of(text, L.BOOLEAN) == value


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 28)), st.integers(-13, 13), st.sampled_from(["T", " "]))
def test_a_time_that_is_taken_is_the_instant_that_python_reads(naive: datetime, hours: int, between: str) -> None:
    at = naive.replace(tzinfo=timezone(timedelta(hours=hours)))
    text = at.isoformat(between)
    assert value_of(text, L.INSTANT) == (at - _EPOCH) // timedelta(microseconds=1)
    local = naive.replace(microsecond=0)
    shanghai = 8 * 3_600_000_000
    expected = (local.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1) - shanghai
    assert value_of(local.isoformat(between), L.INSTANT, shanghai) == expected
    assert value_of(local.isoformat(between), L.INSTANT) is None
    assert value_of(naive.date().isoformat(), L.DATE) == (naive.date() - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((text, L.REAL) for text in ("", "-", ".5", "5.", "1e3", "+1", "-0", "00", "0x1", "1_0", "nan", "inf", "1 ", "1.2.3")),
        *((text, L.INTEGER) for text in ("1.0", "-0", "01", "1234567890123456", "٣")),
        *((text, L.BOOLEAN) for text in ("True", "truex", "tru", "10", "2", "-1", "1.0", "yes")),
        *((text, L.DATE) for text in ("2026-02-29", "2026-13-01", "2026-00-10", "0000-01-01", "2026/01/01", "2026-1-01")),
        *((text, L.INSTANT) for text in ("2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z")),
        *((text, L.INSTANT) for text in ("2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00z")),
        *((text, L.INSTANT) for text in ("2026-01-01T00:00:00+15:00", "2026-01-01T00:00:00+0800", "2026-01-01T00:00:00+08")),
    ],
)  # fmt: skip
def test_other_spellings_are_left_to_others(text: str, kind: int) -> None:
    if text:
        assert value_of(text, kind) is None
    else:
        assert value_of(text, kind) is not None and math.isnan(value_of(text, kind) or 0)


@examples(120)
@given(st.binary(min_size=1, max_size=12).filter(lambda b: not set(b) & set(b'\n\r,"')))
def test_a_text_is_taken_only_when_it_is_utf8_without_control_characters_or_blanks_around(raw: bytes) -> None:
    columns = scan(b"x" + raw + b"x\n", Field("a", L.TEXT))
    try:
        text = raw.decode()
        clean = not any(byte < 0x20 for byte in raw)
    except UnicodeDecodeError:
        clean = False
    assert columns.again.tolist() == [not clean]
    if clean:
        assert texts_of(columns, "a") == [f"x{text}x"]
    bare = scan(raw + b"\n", Field("a", L.TEXT), Field("b", L.SKIP)) if raw.strip() else None
    assert bare is None or bare.again.all()  # a field too few
    edged = scan(raw + b"\n", Field("a", L.TEXT))
    if edged.rows and not edged.again[0]:
        assert raw.decode() == raw.decode().strip() != ""


@pytest.mark.parametrize("text", ['a"b', '"open', '"a"b', '"a""b"', "a\rb", '"a\nb"'])
def test_what_may_go_on_over_the_end_of_a_line_ends_the_scan(text: str) -> None:
    with pytest.raises(AmbiguousLines):
        scan(f"x\n{text}\nx\n".encode(), Field("a", L.TEXT))


def test_a_text_over_its_limit_and_a_field_nobody_asked_for() -> None:
    columns = scan(b"abc,1\nabcd,x\n", Field("a", L.TEXT, limit=3), Field("b", L.SKIP))
    assert columns.again.tolist() == [False, True]
    assert list(columns.texts) == ["a"]


@given(words=st.lists(_WORDS.filter(bool), min_size=1, max_size=80), block_bytes=st.integers(20, 400))
def test_a_column_of_too_many_words_keeps_every_text(words: list[str], block_bytes: int) -> None:
    content = "".join(f"{word},\n" for word in words).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_table, "MOST_WORDS", 8)
        columns = scan(content, Field("a", L.TEXT, column="a"), Field("b", L.SKIP), block_bytes=block_bytes)
    taken = np.flatnonzero(~columns.again)
    found = texts_of(columns, "a")
    assert [found[i] for i in taken] == [words[i] for i in taken]
    assert isinstance(columns.texts["a"], CodedTexts if len({*found, ""}) <= 8 else PlainTexts)


def test_lines_that_say_next_to_nothing_are_not_for_columns_in_memory() -> None:
    with pytest.raises(LinesTooShort):
        scan(b",\n" * 100_000, Field("a", L.TEXT), Field("b", L.TEXT))
    assert scan(b",\n" * 1000, Field("a", L.TEXT), Field("b", L.TEXT)).rows == 1000
    with pytest.MonkeyPatch.context() as patch, pytest.raises(TooManyRows):
        patch.setattr(scanner_module, "MOST_BYTES", 40_000)
        scan(b"12345678,x\n" * 2000, Field("a", L.TEXT), Field("b", L.SKIP))


def test_columns_grow_beyond_what_was_expected_and_their_parts_come_in_order() -> None:
    columns = GrowingColumns({"a": (np.int64, 1), "b": (np.uint64, 2)}, 1000)
    sizes = [3, 40, 0, 7, 90, 1]

    def fill(turn: int) -> tuple[int, int]:
        with columns.room(turn, sizes[turn], expected=2) as first:
            time.sleep(0.001 * (turn % 3))
            columns.columns["a"][first : first + sizes[turn]] = turn
            columns.columns["b"][first : first + sizes[turn]] = turn, turn + 1
        return first, sizes[turn]

    with ThreadPoolExecutor(len(sizes)) as pool:
        parts = list(pool.map(fill, range(len(sizes))))
    expected = [turn for turn, size in enumerate(sizes) for _ in range(size)]
    assert columns.columns["a"][: columns.rows].tolist() == expected
    columns.keep([(first, min(rows, 2)) for first, rows in parts])
    assert columns.columns["b"].tolist() == [[t, t + 1] for t, size in enumerate(sizes) for _ in range(min(size, 2))]


def test_nobody_waits_for_a_part_that_failed() -> None:
    columns = GrowingColumns({"a": (np.int64, 1)}, 10)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(columns.room(1, 1, 1).__enter__)
        columns.stop()
        with pytest.raises(Stopped):
            waiting.result()
