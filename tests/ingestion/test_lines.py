from __future__ import annotations

import io
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.adapters import line_ends, lines
from ingestion.adapters.lines import BLOCK, fetch_lines, lines_at, numbered_lines
from ingestion.adapters.reading import LINE_LIMIT


@given(
    content=st.lists(st.binary(max_size=9).map(lambda b: b.replace(b"\n", b"")), max_size=12),
    ended=st.booleans(),
    block=st.integers(1, 16),
    wanted=st.sets(st.integers(1, 12)),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_fetched_lines_are_those_of_the_file_whatever_the_block(
    tmp_path: Path, monkeypatch, content: list[bytes], ended: bool, block: int, wanted: set[int]
) -> None:
    monkeypatch.setattr(lines, "BLOCK", block)
    monkeypatch.setattr(line_ends, "BLOCK", block)
    path = tmp_path / "text"
    path.write_bytes(b"\n".join(content) + (b"\n" if ended and content else b""))
    expected = [(n, line.rstrip(b"\r")) for n, line in enumerate(content, 1) if n in wanted]
    # Whether an empty rest after the last line end is a line is nobody's question: it is never asked for.
    got = [(n, line) for n, line in fetch_lines(path, sorted(wanted)) if n <= len(content)]
    assert got == expected
    found = line_ends.line_ends(path)
    assert found.lines == path.read_bytes().count(b"\n") + (
        not path.read_bytes().endswith((b"\n",)) and path.stat().st_size > 0
    )
    assert [f for f in fetch_lines(path, sorted(wanted), found.before) if f[0] <= len(content)] == expected


def test_a_huge_line_is_cut_and_the_next_one_found(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"a\n" + b"x" * (LINE_LIMIT + 5 * BLOCK) + b"\nb")
    (first, huge, last) = fetch_lines(path, [1, 2, 3])
    assert (first, last) == ((1, b"a"), (3, b"b"))
    assert len(huge[1]) == LINE_LIMIT + 1


def test_numbered_lines_skip_the_mark_and_tell_what_is_too_long() -> None:
    stream = io.BytesIO(b"\xef\xbb\xbfa\n\n" + b"x" * (LINE_LIMIT + 1) + b"\nb")
    told = [(number, line[:2], too_long) for number, line, too_long in numbered_lines(stream)]
    assert told == [(1, b"a\n", False), (2, b"\n", False), (3, b"xx", True), (4, b"b", False)]


def test_carriage_returns_at_the_limit_do_not_make_a_long_line_a_short_one(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(lines, "LINE_LIMIT", 8)
    content = [b"12345678\r\rand more", b"12345678\r", b"12345678", b"123456789", b"1\r\r\r\r\r\r\r\r\rmore"]
    told = list(numbered_lines(io.BytesIO(b"\n".join(content))))
    assert [too_long for _, _, too_long in told] == [True, False, False, True, True]
    (tmp_path / "text").write_bytes(b"\n".join(content))
    starts = [sum(len(line) + 1 for line in content[:n]) for n in range(len(content))]
    again = [raw for _, raw in lines_at(tmp_path / "text", enumerate(starts))]
    assert [len(raw) > 8 for raw in again] == [True, False, False, True, True]
    assert again[1:3] == [b"12345678", b"12345678"]
