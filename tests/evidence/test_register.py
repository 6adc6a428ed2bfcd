"""The register is a chain: what was written can be neither changed nor taken away unseen."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evidence.register import FIRST, RegisterBroken, append, entry_hash, verify
from lake.home import Home


@pytest.fixture
def log(home: Home) -> Path:
    for number in range(5):
        append(home, {"user": f"u{number}", "reason": "原因：案件 2026-118"})
    return home.registers / "retrievals.jsonl"


def lines_of(log: Path) -> list[dict]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def write(log: Path, entries: list[dict]) -> None:
    log.write_text("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries), encoding="utf-8")


def test_an_empty_register_is_whole(home: Home) -> None:
    chain = verify(home)
    assert (chain.entries, chain.problems, chain.head) == ([], [], FIRST)
    assert not home.registers.exists()  # looking makes nothing


def test_each_entry_carries_the_hash_of_the_one_before(home: Home, log: Path) -> None:
    entries = lines_of(log)
    assert [entry["previous"] for entry in entries] == [FIRST, *(entry["hash"] for entry in entries[:-1])]
    assert all(entry["hash"] == entry_hash(entry) for entry in entries)
    assert verify(home).problems == []
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.with_name("retrievals.head").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.registers.stat().st_mode) == 0o700


def test_every_changed_byte_is_noticed(home: Home, log: Path) -> None:
    whole = log.read_bytes()
    for place in range(0, len(whole), 7):
        changed = bytearray(whole)
        changed[place] ^= 1
        log.write_bytes(bytes(changed))
        chain = verify(home)
        assert chain.problems or chain.torn_bytes, place
        with pytest.raises(RegisterBroken):
            append(home, {"user": "x"})
    log.write_bytes(whole)
    assert verify(home).problems == []


@pytest.mark.parametrize("gone", range(5))
def test_an_entry_that_was_taken_out_is_noticed(home: Home, log: Path, gone: int) -> None:
    entries = lines_of(log)
    del entries[gone]
    write(log, entries)
    assert verify(home).problems


def test_entries_in_another_order_are_noticed(home: Home, log: Path) -> None:
    entries = lines_of(log)
    entries[1], entries[2] = entries[2], entries[1]
    write(log, entries)
    assert verify(home).problems


def test_a_history_written_anew_is_noticed_by_a_head_noted_elsewhere(home: Home, log: Path) -> None:
    noted = verify(home).head
    log.unlink()
    log.with_name("retrievals.head").unlink()
    for number in range(5):
        append(home, {"user": f"u{number}", "reason": "another reason"})
    assert verify(home).problems == []
    assert verify(home, noted=noted).problems


def test_a_register_that_is_gone_is_noticed(home: Home, log: Path) -> None:
    log.unlink()
    assert verify(home).problems
    with pytest.raises(RegisterBroken):
        append(home, {"user": "x"})


def test_a_line_that_a_crash_cut_short_is_no_entry_and_the_next_goes_on(home: Home, log: Path) -> None:
    with log.open("ab") as file:
        file.write(b'{"sequence": 6, "user": "u')
    chain = verify(home)
    assert (len(chain.entries), chain.problems, chain.torn_bytes) == (5, [], 26)
    assert append(home, {"user": "next"})["sequence"] == 6
    assert (len(verify(home).entries), verify(home).problems) == (6, [])


def test_the_last_entry_without_its_line_end_is_not_taken_for_a_torn_one(home: Home, log: Path) -> None:
    log.write_bytes(log.read_bytes()[:-1])
    assert verify(home).problems


def test_a_crash_before_the_head_was_written_leaves_a_whole_register(home: Home, log: Path) -> None:
    head = log.with_name("retrievals.head")
    before = head.read_text()
    append(home, {"user": "sixth"})
    head.write_text(before)
    assert verify(home).problems == []
    assert append(home, {"user": "seventh"})["sequence"] == 7
    assert verify(home).problems == []


def test_many_at_once_make_one_chain(home: Home) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: append(home, {"user": f"u{number}"}), range(40)))
    chain = verify(home)
    assert (len(chain.entries), chain.problems) == (40, [])
    assert {entry["user"] for entry in chain.entries} == {f"u{number}" for number in range(40)}


def test_a_register_that_is_a_link_is_refused(home: Home, tmp_path: Path) -> None:
    home.registers.mkdir()
    (home.registers / "retrievals.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RegisterBroken):
        append(home, {"user": "x"})
    assert not (tmp_path / "elsewhere").exists()


def test_an_entry_that_is_too_long_is_refused_and_leaves_nothing(home: Home, log: Path) -> None:
    before = log.read_bytes()
    with pytest.raises(RegisterBroken):
        append(home, {"user": "x" * 100_000})
    assert log.read_bytes() == before
