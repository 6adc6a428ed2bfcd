"""Numbers read as numbers must give what their text would have given, for any value that a file may hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.adapters.ndjson import NdjsonReader, number_fields
from ingestion.adapters.reading import ClearFile, NeedsTextReading
from ingestion.batch import stage
from ingestion.contracts import load_contract
from ingestion.landing_file import read_batch
from ingestion.rules import FileFacts
from ingestion.second_look import look_again
from lake.engine import open_engine
from lake.home import Home
from tests.examples import examples
from tests.ingestion.landed import NOW, event, land, ndjson, refusals, rows

FEED = "detection_events"
PLAIN = {"confidence": 0.5, "longitude": 121.2, "latitude": 31.0}
FACTS = FileFacts(NOW.replace(tzinfo=None))
_WRITTEN = st.one_of(
    st.none(), st.booleans(), st.floats(), st.integers(-3, 200), st.integers(10**18, 10**25),
    st.sampled_from(["", " ", "0.5", " 7 ", "1,5", "abc", "true", "NaN", "1_000", "٣", "0x1F", "1e400"]),
    st.lists(st.integers(0, 1), max_size=2), st.just({"a": 1}),
)  # fmt: skip


def clear(path: Path, records: list[Any]) -> ClearFile:
    content = ndjson(records)
    path.write_bytes(content)
    return ClearFile(path, path.name, len(content), content[: 1 << 16])


def plain(number: int, **fields: Any) -> dict[str, Any]:
    return event(number, **{**PLAIN, **fields})


def test_fields_that_hold_nothing_but_numbers_at_first_are_read_as_numbers() -> None:
    contract = load_contract(FEED)
    assert number_fields(contract, ndjson([plain(1), plain(2)])) == ["confidence", "longitude", "latitude"]
    assert number_fields(contract, ndjson([plain(1), plain(2, confidence="0.5")])) == ["longitude", "latitude"]
    assert number_fields(contract, ndjson([plain(1), event(2)])) == ["confidence"]
    assert number_fields(contract, b"") == []


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("high", "not_a_number"),
        (True, "not_a_number"),
        ([1], "not_a_number"),
        ("NaN", "not_finite"),
        (2, "out_of_range"),
    ],
)
def test_a_number_that_is_none_is_refused_with_its_reason_wherever_it_stands(
    home: Home, written: Any, reason: str
) -> None:
    records = [plain(n) for n in range(150)]
    records[140]["confidence"] = written
    report = land(home, FEED, "detection_events_2026-11-22_p01.ndjson", ndjson(records))
    assert (report.accepted, report.quarantined) == (149, 1)
    assert refusals(home) == [(141, "confidence", reason)]


def test_zero_one_and_nothing_stay_what_they_are(home: Home) -> None:
    records = [plain(n) for n in range(150)]
    records[120]["confidence"], records[130]["confidence"] = 0, 1.0
    del records[140]["confidence"]
    report = land(home, FEED, "detection_events_2026-11-22_p01.ndjson", ndjson(records))
    assert report.accepted == 150
    found = rows(home, f"SELECT _line, confidence FROM bronze.{FEED} WHERE _line IN (121, 131, 141) ORDER BY 1")
    assert [row["confidence"] for row in found] == [0.0, 1.0, None]


def test_a_file_with_many_gaps_is_read_as_text_at_once(tmp_path: Path) -> None:
    file = clear(tmp_path / "gaps.ndjson", [plain(n, confidence=0.5 if n < 100 else 0) for n in range(20_200)])
    with open_engine(Home(tmp_path), temp=False) as con, pytest.raises(NeedsTextReading):
        look_again(stage(con, load_contract(FEED), NdjsonReader(load_contract(FEED), file, typed=True), FACTS), FACTS)


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(PLAIN, _WRITTEN)), min_size=1, max_size=8))
@examples(25)
def test_typed_reading_agrees_with_text_reading(
    tmp_path_factory: pytest.TempPathFactory, tail: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("agree")
    file = clear(
        folder / "f.ndjson", [plain(n) for n in range(100)] + [plain(100 + n, **t) for n, t in enumerate(tail)]
    )
    contract = load_contract(FEED)

    class Run:
        """What `read_batch` asks of a landing run."""

    found = []
    with open_engine(Home(folder), temp=False) as con:
        for typed in (True, False):
            if typed:
                run: Any = Run()
                run.con, run.contract = con, contract
                batch = read_batch(run, file, FACTS, folder)
            else:
                batch = stage(con, contract, NdjsonReader(contract, file), FACTS)
            names = "event_id, confidence, longitude, latitude"
            columns = f"CASE WHEN _fault = 0 THEN ({names})::VARCHAR END, _fault"
            found.append(con.execute(f"SELECT {columns} FROM {batch.numbered} ORDER BY _row").fetchall())
    assert found[0] == found[1], json.dumps(tail, default=str)
