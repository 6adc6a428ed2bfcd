"""Whatever lines a CSV file has, scanning it gives the rows and refusals that reading it line by line gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import scan, scanned_batch, scanned_rows
from ingestion.adapters.opening import open_reader
from ingestion.adapters.reading import ClearFile, NeedsTextReading, Reading
from ingestion.batch import REFUSED, Batch, clear, stage
from ingestion.contracts import load_contract
from ingestion.landing import land_files, open_run
from ingestion.landing_run import LandingRun
from ingestion.refusals import collect_refusals
from ingestion.rules import FileFacts
from ingestion.scan import scan_batch
from ingestion.scanned_batch import ScannedBatch
from ingestion.scanning import word_table
from lake.home import Home
from lake.lakes import BRONZE, data_path
from tests.examples import examples
from tests.ingestion.landed import NOW, assert_balanced, refusals, rows

DAY = date(2026, 11, 22)
FACTS = FileFacts(NOW.replace(tzinfo=None), file_date=DAY)
GOOD = {
    "truck_gps": {
        "plate_no": "沪D{n:05d}", "terminal_id": "0139{n:08d}", "reported_at": "2026-11-22 08:{m:02d}:00", "longitude": "121.{n:06d}",
        "latitude": "31.011036", "speed_kmh": "69.2", "heading_deg": "217", "altitude_m": "26", "load_state": "empty",
        "acc_on": "false", "datum": "WGS84",
    },
    "population_records": {
        "id_number": "3101171940010{n:05d}A0", "name": "Person {n}", "phone": "1772694{n:04d}", "sex": "男",
        "birth_date": "1940-01-01", "household_type": "migrant", "township_code": "310117001", "community_code": "310117001037",
        "registered_on": "2020-02-10", "valid_until": "2026-12-07", "status": "active",
    },
    "camera_status": {"camera_id": "SJ{n:06d}", "hour": "2026-11-22T{h:02d}:00:00+08:00", "online_seconds": "3600"},
}  # fmt: skip
# What a cell may say instead; most of it is not what the scanner takes at once.
CELLS = [
    "", " ", "  x ", "\u3000", "全角\u3000", "\xa0x", "0", "-0", "1", "-1", "+1", "007", "1.", ".5", "1.5", "-121.5", "1e3", "1,5", "nan", "inf",
    "123456789012345", "1234567890123456", "0.1234567890123456", "99999999999999999999", "0.30000000000000004", "true", "TRUE", "yes",
    "WGS84", "GCJ02", "BD09", "XYZ", "full", "female", "M", "1", "registered", "expired", "2026-11-22 10:00:00", "2026-11-22T10:00:00Z",
    "2026-11-22T10:00:00.123456+08:00", "2026-11-22T10:00:00.1234567Z", "2026-11-22T10:00:00+15:00", "2026-11-22 10:00", "2026-02-30",
    "2024-02-29", "1900-02-29", "20261122", "1969-12-31 23:59:59", "2099-01-01 00:00:00", "0000-01-01", "2026-11-22 24:00:00",
    "2026-11-22 23:59:60", "x" * 65, "松" * 30, "a\tb", "a\x00b", "a\x7fb", "\x1f",
]  # fmt: skip
LINES = ["", "   ", ",", ",,,,,,,,,,,,,", "one field", "\x00", "\udcff", "a" * 300]
PLAIN_QUOTES = ['"quoted"', '"a, b"', '""', '"121.5"']
QUOTES = [*PLAIN_QUOTES, 'in"side', '"open', '"a"b', '"a""b"', '"two\nlines"', "carriage\rreturn"]


Change = tuple[str, str] | str | None  # one cell written over, a line of its own, or nothing
CHANGES: list[Change] = [None] * 30


def content_of(feed: str, changes: list[Change], ends: str = "\n", *, last: bool = True) -> bytes:
    """A file of good rows, each with its change."""
    good = GOOD[feed]
    lines = [",".join(good)]
    for n, change in enumerate(changes):
        row = {name: text.format(n=n, m=n % 60, h=n % 24) for name, text in good.items()}
        if isinstance(change, tuple):
            row[change[0]] = change[1]
        lines.append(change if isinstance(change, str) else ",".join(row.values()))
    text = ends.join(lines) + (ends if last else "")
    return text.encode("utf-8", "surrogateescape")


def clear_file(path: Path, content: bytes) -> ClearFile:
    path.write_bytes(content)
    return ClearFile(path, path.name, len(content), content[: 1 << 16])


def told(run: LandingRun, batch: Batch) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The good rows as the lake would have them, and the refused ones as the quarantine would."""
    if isinstance(batch, ScannedBatch):
        batch.bring()
    names = ", ".join(f'"{column.name}"::VARCHAR AS "{column.name}"' for column in run.contract.stored_columns)
    kept = run.con.execute(f"SELECT _line, _date, {names} FROM {batch.numbered} WHERE _fault = 0 ORDER BY _line")
    accepted = kept.to_arrow_table().to_pylist()
    collect_refusals(batch, run.home, DAY)
    shown = "line, field, rule, reason, all_reasons, raw, business_date"
    refused = run.con.execute(f"SELECT {shown} FROM {REFUSED} ORDER BY line").to_arrow_table().to_pylist()
    return accepted, refused


def changes(feed: str) -> st.SearchStrategy[list[Change]]:
    cell = st.tuples(st.sampled_from(sorted(GOOD[feed])), st.sampled_from(CELLS))
    return st.lists(st.one_of(st.none(), cell, cell, st.sampled_from(LINES)), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, LandingRun]]:
    home = Home(tmp_path_factory.mktemp("scanned")).ensure()
    with ExitStack() as stack:
        yield {feed: stack.enter_context(open_run(home, load_contract(feed), "test", NOW)) for feed in GOOD}


def read_line_by_line(run: LandingRun, file: ClearFile) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    clear(run.con)
    with open_reader(run.con, run.contract, file, run.home.tmp, Reading.CAREFUL) as reader:
        found = told(run, stage(run.con, run.contract, reader, FACTS))
    clear(run.con)
    return found


@pytest.mark.parametrize("feed", sorted(GOOD))
@examples(15)
@given(data=st.data(), ends=st.sampled_from(["\n", "\r\n"]), last=st.booleans())
def test_any_cells_give_what_reading_line_by_line_gives(
    runs: dict[str, LandingRun], feed: str, data: st.DataObject, ends: str, last: bool
) -> None:
    run = runs[feed]
    content = content_of(feed, data.draw(changes(feed)), ends, last=last)
    file = clear_file(run.home.tmp / f"{feed}_2026-11-22.csv", content)
    quick = told(run, scan_batch(run.con, run.contract, file, FACTS))
    assert quick == read_line_by_line(run, file)


def test_yes_and_no_in_any_spelling_are_what_the_rules_make_of_them(runs: dict[str, LandingRun]) -> None:
    run = runs["truck_gps"]
    content = content_of("truck_gps", [("acc_on", cell) for cell in [*CELLS, "f", "t", "10", "2", "no", "False"]])
    file = clear_file(run.home.tmp / "truck_gps_2026-11-22.csv", content)
    quick = told(run, scan_batch(run.con, run.contract, file, FACTS))
    assert quick == read_line_by_line(run, file)
    assert {row["acc_on"] for row in quick[0]} == {"true", "false", None}


@pytest.mark.parametrize("odd", QUOTES)
def test_a_file_whose_records_its_lines_do_not_tell_is_read_another_way(runs: dict[str, LandingRun], odd: str) -> None:
    run = runs["population_records"]
    content = content_of("population_records", [("name", "a"), ("name", odd), ("name", "b")])
    file = clear_file(run.home.tmp / "population_records_2026-11-22.csv", content)
    try:
        quick = told(run, scan_batch(run.con, run.contract, file, FACTS))
    except NeedsTextReading as need:
        assert str(need) == "AmbiguousLines"
        assert odd not in PLAIN_QUOTES
    else:
        assert odd in PLAIN_QUOTES
        assert quick == read_line_by_line(run, file)


def test_a_file_of_odd_rows_is_left_to_the_parser_that_knows_them(
    runs: dict[str, LandingRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanned_batch, "_MANY", 3)
    run = runs["camera_status"]
    file = clear_file(run.home.tmp / "camera_status_2026-11-22.csv", content_of("camera_status", ["x"] * 4))
    with pytest.raises(NeedsTextReading, match="4 rows"):
        scan_batch(run.con, run.contract, file, FACTS)


def test_a_file_of_as_many_datums_as_rows_is_left_to_others(
    runs: dict[str, LandingRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_table, "MOST_WORDS", 4)
    run = runs["truck_gps"]
    content = content_of("truck_gps", [("datum", f"datum {n}") for n in range(9)])
    with pytest.raises(NeedsTextReading, match="datums"):
        scan_batch(run.con, run.contract, clear_file(run.home.tmp / "truck_gps_2026-11-22.csv", content), FACTS)


def test_an_identity_of_several_names_is_pseudonymised_whichever_name_the_file_has(
    runs: dict[str, LandingRun], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = load_contract("population_records")
    columns = tuple(
        replace(c, sources=("证件号", "id_number")) if c.name == "id_number" else c for c in contract.columns
    )
    named = replace(contract, columns=columns)
    content = content_of("population_records", [*CHANGES, ("birth_date", "1940/1/2")])
    file = clear_file(home.tmp / "population_records_2026-11-22.csv", content)
    keys = {}
    for which in (contract, named):
        run = replace(runs["population_records"], contract=which)
        batch = scan_batch(run.con, which, file, FACTS)
        batch.pseudonymise(b"k" * 32)
        batch.arrange()
        keys[which] = run.con.execute(f"SELECT _line, person_key FROM {batch.final()} ORDER BY _line").fetchall()
        clear(run.con)
    assert keys[named] == keys[contract]
    assert len(keys[named]) == 31 and all(len(key) == 64 for _, key in keys[named])


def landed(home: Home, feed: str, files: dict[str, bytes]) -> list[dict[str, Any]]:
    for name, content in files.items():
        path = home.root / name
        path.write_bytes(content)
        (report,) = land_files(home, feed, [path], run_id="test", now=NOW).files
        assert report.status == "landed"
    assert_balanced(home)
    stored = ", ".join(c.name for c in load_contract(feed).stored_columns if not c.name.endswith("_key"))
    return rows(home, f"SELECT business_date, {stored}, _line FROM bronze.{feed} ORDER BY ALL")


@pytest.mark.parametrize("order", ["as time goes by", "backwards"])
@pytest.mark.parametrize("feed", ["truck_gps", "population_records", "camera_status"])
def test_the_lake_is_the_same_whether_a_file_was_scanned_or_not(
    tmp_path: Path, feed: str, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = next(iter(GOOD[feed]))
    odd: list[Change] = [(first, "a" * 70), "cut off"]
    if feed == "truck_gps":
        odd += [("datum", "GCJ02"), ("datum", "BD09"), ("datum", " GCJ02 "), ("reported_at", "2026-11-21 23:59:59")]
        odd += [("speed_kmh", "1e1"), ("longitude", "200"), ("reported_at", "2026-11-22 08:05"), ("load_state", "")]
        odd += [("terminal_id", ""), ("plate_no", "")]
    if feed == "population_records":
        odd += [("birth_date", "1940/1/2"), ("sex", "x"), ("id_number", "31011719400101000x"), ("valid_until", "")]
    content = content_of(feed, [*CHANGES, *odd, *CHANGES])
    if order == "backwards":
        first_line, *further = content.splitlines()
        content = b"\n".join([first_line, *reversed(further), b""])
    head, _, body = content.partition(b"\n")
    repeated = head + b"\n" + body + body[: len(body) // 3].rpartition(b"\n")[0] + b"\n"
    files = {f"{feed}_2026-11-22_1.csv": repeated, f"{feed}_2026-11-22_2.csv": content}
    parsed = landed(Home(tmp_path / "parsed").ensure(), feed, files)
    used: list[str] = []
    judge = ScannedBatch.judge
    monkeypatch.setattr(ScannedBatch, "judge", lambda batch: (used.append(batch.contract.feed), judge(batch))[1])
    monkeypatch.setattr(scan, "SCAN_FROM_BYTES", 0)
    monkeypatch.setattr(scanned_batch, "_MOST", 20)  # rows of a file, of more two are made
    if order == "backwards":  # and every list of words is too long to be one
        monkeypatch.setattr(scanned_rows, "_MOST_LISTED", 0)
        monkeypatch.setattr(scanned_rows, "_SHORT", 1000)
    scanned = Home(tmp_path / "scanned").ensure()
    assert landed(scanned, feed, files) == parsed
    assert used == [feed, feed]
    assert refusals(scanned) == refusals(Home(tmp_path / "parsed"))
    assert len(parsed) > 50
    order_by = load_contract(feed).sort_order
    for file in (data_path(scanned, BRONZE) / "main" / feed).rglob("*.parquet") if order_by else ():
        stored = pq.read_table(file, columns=[*order_by], partitioning=None).to_pylist()
        assert stored == sorted(stored, key=lambda row: [(row[name] is None, row[name]) for name in order_by])
